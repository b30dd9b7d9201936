import Glibc
import TenonGraph
import TenonTensor

/// One number while a program is executed: floats as `Double`, integers as `Int64` (u64 by its bit
/// pattern).
enum ScalarNumber: Hashable, Sendable {
  case float(Double)
  case integer(Int64)
}

/// The scalar functions of Docs/Semantics.md, written for the tests apart from the ops.
enum ScalarFunctions {
  static func rounded(_ value: Double, _ type: ElementType) -> ScalarNumber {
    switch type {
    case .f32: .float(Double(Float(value)))
    case .f16: .float(Double(Float16(value)))
    case .bf16: .float(Double(BFloat16(value).float))
    default: .float(value)
    }
  }

  static func wrapped(_ value: Int64, _ type: ElementType) -> Int64 {
    if type == .bool { return value == 0 ? 0 : 1 }
    let unused = Int64(64 - type.bitWidth)
    if type.isSignedInteger { return (value << unused) >> unused }
    return Int64(bitPattern: (UInt64(bitPattern: value) << UInt64(unused)) >> UInt64(unused))
  }

  static func unary(_ function: UnaryFunction, _ a: ScalarNumber, _ type: ElementType) throws
    -> ScalarNumber
  {
    switch a {
    case .float(let x):
      if function == .isFinite { return .integer(x.isFinite ? 1 : 0) }
      return rounded(try float(function, x), type)
    case .integer(let x): return .integer(wrapped(try integer(function, x, type), type))
    }
  }

  private static func float(_ function: UnaryFunction, _ x: Double) throws -> Double {
    switch function {
    case .negate: -x
    case .abs: fabs(x)
    case .sign: x.isNaN ? .nan : x == 0 ? x : copysign(1, x)
    case .exponential: exp(x)
    case .exponentialMinusOne: expm1(x)
    case .log: log(x)
    case .logPlusOne: log1p(x)
    case .squareRoot: sqrt(x)
    case .reciprocalSquareRoot: 1 / sqrt(x)
    case .cubeRoot: cbrt(x)
    case .sine: sin(x)
    case .cosine: cos(x)
    case .tangent: tan(x)
    case .arcsine: asin(x)
    case .arccosine: acos(x)
    case .arctangent: atan(x)
    case .hyperbolicSine: sinh(x)
    case .hyperbolicCosine: cosh(x)
    case .hyperbolicTangent: tanh(x)
    case .inverseHyperbolicSine: asinh(x)
    case .inverseHyperbolicCosine: acosh(x)
    case .inverseHyperbolicTangent: atanh(x)
    case .logistic: 1 / (1 + exp(-x))
    case .errorFunction: erf(x)
    case .floor: Glibc.floor(x)
    case .ceil: Glibc.ceil(x)
    case .roundHalfToEven: nearbyint(x)
    case .roundHalfAwayFromZero: Glibc.round(x)
    case .not, .isFinite, .countLeadingZeros, .populationCount:
      throw TenonError.lowering("\(function) of a float")
    }
  }

  private static func integer(_ function: UnaryFunction, _ x: Int64, _ type: ElementType) throws
    -> Int64
  {
    let unused = 64 - type.bitWidth
    let bits = UInt64(bitPattern: x) << UInt64(unused)
    switch function {
    case .negate: return 0 &- x
    case .abs: return type.isSignedInteger && x < 0 ? 0 &- x : x
    case .sign: return x == 0 ? 0 : type.isSignedInteger && x < 0 ? -1 : 1
    case .not: return type == .bool ? x ^ 1 : ~x
    case .countLeadingZeros: return Int64(min(bits.leadingZeroBitCount, type.bitWidth))
    case .populationCount: return Int64(bits.nonzeroBitCount)
    default: throw TenonError.lowering("\(function) of an integer")
    }
  }

  static func binary(
    _ function: BinaryFunction, _ a: ScalarNumber, _ b: ScalarNumber, _ type: ElementType
  ) throws -> ScalarNumber {
    switch (a, b) {
    case (.float(let x), .float(let y)): return rounded(try float(function, x, y), type)
    case (.integer(let x), .integer(let y)):
      return .integer(wrapped(try integer(function, x, y, type), type))
    default: throw TenonError.lowering("\(function) of a float and an integer")
    }
  }

  private static func float(_ function: BinaryFunction, _ x: Double, _ y: Double) throws
    -> Double
  {
    switch function {
    case .add: x + y
    case .subtract: x - y
    case .multiply: x * y
    case .divide: x / y
    case .remainder: fmod(x, y)
    case .maximum: x.isNaN || y.isNaN ? .nan : isBelow(x, y) ? y : x
    case .minimum: x.isNaN || y.isNaN ? .nan : isBelow(x, y) ? x : y
    case .power: pow(x, y)
    case .arctangent2: atan2(x, y)
    default: throw TenonError.lowering("\(function) of floats")
    }
  }

  /// With -0 below 0.
  private static func isBelow(_ x: Double, _ y: Double) -> Bool {
    x < y || x == 0 && y == 0 && x.sign == .minus
  }

  private static func integer(
    _ function: BinaryFunction, _ x: Int64, _ y: Int64, _ type: ElementType
  ) throws -> Int64 {
    let isUnsigned = !type.isSignedInteger
    let (u, v) = (UInt64(bitPattern: x), UInt64(bitPattern: y))
    switch function {
    case .add: return x &+ y
    case .subtract: return x &- y
    case .multiply: return x &* y
    case .divide:
      if y == 0 { return -1 }
      return isUnsigned ? Int64(bitPattern: u / v) : x.dividedReportingOverflow(by: y).partialValue
    case .remainder:
      if y == 0 { return x }
      return isUnsigned
        ? Int64(bitPattern: u % v) : x.remainderReportingOverflow(dividingBy: y).partialValue
    case .maximum: return (isUnsigned ? u < v : x < y) ? y : x
    case .minimum: return (isUnsigned ? u < v : x < y) ? x : y
    case .power: return power(x, y, isUnsigned: isUnsigned)
    case .and: return x & y
    case .or: return x | y
    case .xor: return x ^ y
    case .shiftLeft, .shiftRightArithmetic, .shiftRightLogical:
      return shifted(function, x, v & mask(type), type)
    case .multiplyHigh:
      guard type == .u32 else { throw TenonError.lowering("multiplyHigh of \(type)") }
      return Int64(bitPattern: (u &* v) >> 32)
    default: throw TenonError.lowering("\(function) of integers")
    }
  }

  private static func power(_ x: Int64, _ y: Int64, isUnsigned: Bool) -> Int64 {
    if y < 0, !isUnsigned {
      switch x {
      case 1: return 1
      case -1: return y % 2 == 0 ? 1 : -1
      default: return 0
      }
    }
    // Bases past the first 64 bits of the exponent do not occur: squaring stops with it.
    var (product, square, rest) = (Int64(1), x, UInt64(bitPattern: y))
    while rest != 0 {
      if rest % 2 == 1 { product = product &* square }
      square = square &* square
      rest /= 2
    }
    return product
  }

  private static func mask(_ type: ElementType) -> UInt64 {
    UInt64.max >> UInt64(64 - type.bitWidth)
  }

  private static func shifted(
    _ function: BinaryFunction, _ x: Int64, _ amount: UInt64, _ type: ElementType
  ) -> Int64 {
    let width = UInt64(type.bitWidth)
    switch function {
    case .shiftLeft: return amount >= width ? 0 : x << Int64(amount)
    case .shiftRightLogical:
      return amount >= width ? 0 : Int64(bitPattern: (UInt64(bitPattern: x) & mask(type)) >> amount)
    default:
      let unused = Int64(64 - type.bitWidth)
      return ((x << unused) >> unused) >> Int64(min(amount, 63))
    }
  }

  static func compare(
    _ comparison: Comparison, _ a: ScalarNumber, _ b: ScalarNumber, _ type: ElementType
  ) -> Bool {
    let (isLess, isEqual, isGreater): (Bool, Bool, Bool)
    switch (a, b) {
    case (.float(let x), .float(let y)): (isLess, isEqual, isGreater) = (x < y, x == y, x > y)
    case (.integer(let x), .integer(let y)):
      let (u, v) = (UInt64(bitPattern: x), UInt64(bitPattern: y))
      isEqual = x == y
      isLess = type == .u64 ? u < v : x < y
      isGreater = !isEqual && !isLess
    default: (isLess, isEqual, isGreater) = (false, false, false)
    }
    switch comparison {
    case .equal: return isEqual
    case .notEqual: return !isEqual
    case .less: return isLess
    case .lessOrEqual: return isLess || isEqual
    case .greater: return isGreater
    case .greaterOrEqual: return isGreater || isEqual
    }
  }

  static func convert(_ a: ScalarNumber, _ from: ElementType, _ to: ElementType) throws
    -> ScalarNumber
  {
    // A reduction's value may be held wider than its type; it is rounded once, to the target.
    if case .float(let value) = a, to.isFloat, !to.isStorageOnly { return rounded(value, to) }
    return try number(tensor(a, from).converted(to: to))
  }

  static func bitcast(_ a: ScalarNumber, _ from: ElementType, _ to: ElementType) throws
    -> ScalarNumber
  {
    guard from.bitWidth == to.bitWidth else {
      throw TenonError.lowering("bitcast of \(from) to \(to)")
    }
    return try number(Tensor(to, shape: [], storage: tensor(a, from).storage))
  }

  private static func tensor(_ a: ScalarNumber, _ type: ElementType) throws -> Tensor {
    switch a {
    case .float(let value): try Tensor(type, shape: [], doubles: [value])
    case .integer(let value): try Tensor(type, shape: [], integers: [value])
    }
  }

  private static func number(_ tensor: Tensor) throws -> ScalarNumber {
    switch try tensor.elements() {
    case .floats(let values): .float(values[0])
    case .integers(let values): .integer(values[0])
    }
  }
}

extension Tensor {
  /// A tensor of numbers, each rounded to the type.
  init(_ numbers: [ScalarNumber], _ type: ElementType, shape: [Int]) throws {
    if type.isFloat {
      try self.init(
        type, shape: shape,
        doubles: numbers.map { if case .float(let value) = $0 { value } else { .nan } })
    } else {
      try self.init(
        type, shape: shape,
        integers: numbers.map { if case .integer(let value) = $0 { value } else { 0 } })
    }
  }
}
