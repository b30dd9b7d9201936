import Glibc
import TenonGraph
import TenonTensor

/// One lane's number while a kernel is interpreted: a float of any type as `Double`, an integer or
/// truth value as `Int64` (u64 by its bits).
package enum LaneNumber: Hashable, Sendable {
  case float(Double)
  case integer(Int64)

  package var integer: Int64 {
    guard case .integer(let value) = self else {
      preconditionFailure("internal: a float as an integer")
    }
    return value
  }

  package var double: Double {
    guard case .float(let value) = self else {
      preconditionFailure("internal: an integer as a float")
    }
    return value
  }

  package var isTrue: Bool { integer != 0 }

  /// Cut or rounded to an element type.
  package init(_ value: Double, _ type: ElementType) {
    switch type {
    case .f32: self = .float(Double(Float(value)))
    case .f16: self = .float(Double(Float16(value)))
    case .bf16: self = .float(Double(BFloat16(value).float))
    default: self = .float(value)
    }
  }

  package init(_ value: Int64, _ type: ElementType) {
    if type == .bool {
      self = .integer(value == 0 ? 0 : 1)
    } else {
      let unused = Int64(64 - type.bitWidth)
      let high = value << unused
      self = .integer(
        type.isSignedInteger
          ? high >> unused : Int64(bitPattern: UInt64(bitPattern: high) >> UInt64(unused)))
    }
  }

  package static func converted(
    _ value: LaneNumber, _ from: ElementType, to type: ElementType
  ) -> LaneNumber {
    if from == type { return value }
    return changed(value, from) { try $0.converted(to: type) }
  }

  package static func bitcast(
    _ value: LaneNumber, _ from: ElementType, to type: ElementType
  ) -> LaneNumber {
    changed(value, from) { try Tensor(type, shape: [], storage: $0.storage) }
  }

  private static func changed(
    _ value: LaneNumber, _ type: ElementType, _ change: (Tensor) throws -> Tensor
  ) -> LaneNumber {
    Tensor.certain {
      let elements: Elements
      switch value {
      case .float(let number): elements = .floats([number])
      case .integer(let number): elements = .integers([number])
      }
      switch try change(Tensor(type, shape: [], elements: elements)).elements() {
      case .floats(let numbers): return .float(numbers[0])
      case .integers(let numbers): return .integer(numbers[0])
      }
    }
  }
}

// Functions.
extension LaneNumber {
  package static func apply(
    _ function: UnaryFunction, _ a: LaneNumber, _ type: ElementType
  ) -> LaneNumber {
    switch a {
    case .float(let x):
      if function == .isFinite { return .integer(x.isFinite ? 1 : 0) }
      return LaneNumber(float(function, x), type)
    case .integer(let x): return LaneNumber(integer(function, x, type), type)
    }
  }

  private static func float(_ function: UnaryFunction, _ x: Double) -> Double {
    switch function {
    case .negate: -x
    case .abs: x.magnitude
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x
    case .exponential: exp(x)
    case .exponentialMinusOne: expm1(x)
    case .log: Glibc.log(x)
    case .logPlusOne: log1p(x)
    case .squareRoot: x.squareRoot()
    case .reciprocalSquareRoot: 1 / x.squareRoot()
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
    case .logistic: x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x))
    case .errorFunction: erf(x)
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    case .roundHalfToEven: x.rounded(.toNearestOrEven)
    case .roundHalfAwayFromZero: x.rounded(.toNearestOrAwayFromZero)
    case .not, .isFinite, .countLeadingZeros, .populationCount:
      preconditionFailure("internal: \(function.rawValue) of a float")
    }
  }

  private static func integer(_ function: UnaryFunction, _ x: Int64, _ type: ElementType) -> Int64 {
    let isNegative = type.isSignedInteger && x < 0
    let bits = UInt64(bitPattern: x) << UInt64(64 - type.bitWidth)
    switch function {
    case .negate: return 0 &- x
    case .abs: return isNegative ? 0 &- x : x
    case .sign: return isNegative ? -1 : x == 0 ? 0 : 1
    case .not: return type == .bool ? 1 - x : ~x
    case .countLeadingZeros: return Int64(min(type.bitWidth, bits.leadingZeroBitCount))
    case .populationCount: return Int64(bits.nonzeroBitCount)
    case .floor, .ceil, .roundHalfToEven, .roundHalfAwayFromZero: return x
    default: preconditionFailure("internal: \(function.rawValue) of an integer")
    }
  }

  package static func apply(
    _ function: BinaryFunction, _ a: LaneNumber, _ b: LaneNumber, _ type: ElementType
  ) -> LaneNumber {
    if case .float(let x) = a { return LaneNumber(float(function, x, b.double), type) }
    return LaneNumber(integer(function, a.integer, b.integer, type), type)
  }

  private static func float(_ function: BinaryFunction, _ x: Double, _ y: Double) -> Double {
    switch function {
    case .add: return x + y
    case .subtract: return x - y
    case .multiply: return x * y
    case .divide: return x / y
    case .remainder: return fmod(x, y)
    case .maximum, .minimum:
      if x.isNaN || y.isNaN { return .nan }
      let firstIsLess = x < y || x == y && x.sign == .minus
      return firstIsLess == (function == .minimum) ? x : y
    case .power: return pow(x, y)
    case .arctangent2: return atan2(x, y)
    default: preconditionFailure("internal: \(function.rawValue) of floats")
    }
  }

  private static func integer(
    _ function: BinaryFunction, _ x: Int64, _ y: Int64, _ type: ElementType
  ) -> Int64 {
    let (u, v) = (UInt64(bitPattern: x), UInt64(bitPattern: y))
    let isUnsigned = type == .u64
    switch function {
    case .add: return type == .bool ? x | y : x &+ y
    case .subtract: return x &- y
    case .multiply: return x &* y
    case .divide:
      if y == 0 { return -1 }
      if isUnsigned { return Int64(bitPattern: u / v) }
      return y == -1 ? 0 &- x : x / y
    case .remainder:
      if y == 0 { return x }
      if isUnsigned { return Int64(bitPattern: u % v) }
      return y == -1 ? 0 : x % y
    case .maximum: return (isUnsigned ? u > v : x > y) ? x : y
    case .minimum: return (isUnsigned ? u < v : x < y) ? x : y
    case .and: return x & y
    case .or: return x | y
    case .xor: return x ^ y
    case .shiftLeft, .shiftRightArithmetic, .shiftRightLogical:
      return shifted(function, x, by: UInt64(bitPattern: y), type)
    case .multiplyHigh: return Int64(bitPattern: (u &* v) >> 32)
    case .power: return power(x, y, type)
    case .arctangent2: preconditionFailure("internal: \(function.rawValue) of integers")
    }
  }

  private static func shifted(
    _ function: BinaryFunction, _ x: Int64, by amount: UInt64, _ type: ElementType
  ) -> Int64 {
    let width = UInt64(type.bitWidth)
    let mask = UInt64.max >> (64 - width)
    let bits = UInt64(bitPattern: x) & mask
    let isPast = amount & mask >= width
    switch function {
    case .shiftLeft: return isPast ? 0 : Int64(bitPattern: bits << (amount & mask))
    case .shiftRightLogical: return isPast ? 0 : Int64(bitPattern: bits >> (amount & mask))
    default:
      let signed = Int64(bitPattern: bits << (64 - width)) >> Int64(64 - width)
      return signed >> Int64(min(amount & mask, width - 1))
    }
  }

  private static func power(_ base: Int64, _ exponent: Int64, _ type: ElementType) -> Int64 {
    if type.isSignedInteger, exponent < 0 {
      return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0
    }
    var (result, factor, left) = (Int64(1), base, UInt64(bitPattern: exponent))
    while left != 0 {
      if left & 1 == 1 { result = result &* factor }
      factor = factor &* factor
      left >>= 1
    }
    return result
  }

  package static func compare(
    _ comparison: Comparison, _ a: LaneNumber, _ b: LaneNumber, _ type: ElementType
  ) -> Bool {
    func holds<Number: Comparable>(_ x: Number, _ y: Number) -> Bool {
      switch comparison {
      case .equal: x == y
      case .notEqual: x != y
      case .less: x < y
      case .lessOrEqual: x <= y
      case .greater: x > y
      case .greaterOrEqual: x >= y
      }
    }
    if case .float(let x) = a { return holds(x, b.double) }
    if type == .u64 { return holds(UInt64(bitPattern: a.integer), UInt64(bitPattern: b.integer)) }
    return holds(a.integer, b.integer)
  }
}
