import Glibc
import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// Functions of floats against the system's in extended precision.
@Suite struct MathTests {
  static let functions: [UnaryFunction] = UnaryFunction.allCases.filter {
    ![.not, .isFinite, .countLeadingZeros, .populationCount].contains($0)
  }

  static func reference(_ function: UnaryFunction, _ x: Float80) -> Float80 {
    switch function {
    case .negate: -x
    case .abs: x.magnitude
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x
    case .exponential: expl(x)
    case .exponentialMinusOne: expm1l(x)
    case .log: x < 0 ? .nan : logl(x)
    case .logPlusOne: x < -1 ? .nan : log1pl(x)
    case .squareRoot: x < 0 ? .nan : x.squareRoot()
    case .reciprocalSquareRoot: x < 0 ? .nan : 1 / x.squareRoot()
    case .cubeRoot: cbrtl(x)
    case .sine: sinl(x)
    case .cosine: cosl(x)
    case .tangent: tanl(x)
    case .arcsine: asinl(x)
    case .arccosine: acosl(x)
    case .arctangent: atanl(x)
    case .hyperbolicSine: sinhl(x)
    case .hyperbolicCosine: coshl(x)
    case .hyperbolicTangent: tanhl(x)
    case .inverseHyperbolicSine: asinhl(x)
    case .inverseHyperbolicCosine: acoshl(x)
    case .inverseHyperbolicTangent: atanhl(x)
    case .logistic: x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x))
    case .errorFunction: erfl(x)
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    case .roundHalfToEven: x.rounded(.toNearestOrEven)
    case .roundHalfAwayFromZero: x.rounded(.toNearestOrAwayFromZero)
    case .not, .isFinite, .countLeadingZeros, .populationCount: .nan
    }
  }

  /// The most units in the last place by which a result may differ.
  static func limit(_ function: UnaryFunction, _ element: ElementType) -> Double {
    switch function {
    case .negate, .abs, .sign, .squareRoot, .floor, .ceil, .roundHalfToEven,
      .roundHalfAwayFromZero:
      0.501
    case _ where element == .f32: 2
    case .tangent, .hyperbolicTangent, .hyperbolicSine, .inverseHyperbolicSine,
      .inverseHyperbolicTangent, .inverseHyperbolicCosine, .logistic, .hyperbolicCosine:
      4
    default: 2
    }
  }

  /// Special values, then numbers of every exponent, then numbers of middling size.
  static func samples<T: BinaryFloatingPoint>(_ type: T.Type, count: Int, bits: (UInt64) -> T)
    -> [T]
  {
    var values: [T] = [
      0, -0.0, .infinity, -.infinity, .nan, 1, -1, .leastNonzeroMagnitude,
      -.leastNonzeroMagnitude, .leastNormalMagnitude, -.leastNormalMagnitude,
      .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0.5, -0.5, 1.5, 2.5, -2.5, -1.5,
      T(1).nextUp, T(1).nextDown, T(-1).nextDown, T(-1).nextUp, 709.5, 710.5, -745, -746, 88.7,
      88.8, -103.9, -104.1, 1_000_000, 1_000_001, 4_503_599_627_370_497, 8_388_607.5,
    ]
    var generator = SeededGenerator(7)
    while values.count < count / 2 { values.append(bits(generator.next())) }
    while values.count < count {
      let unit = T(Double(generator.next() >> 11) * 0x1p-53)
      let size = T([1, 2, 10, 100][values.count % 4])
      values.append((unit * 2 - 1) * size)
    }
    return values
  }

  static let count = 40_003

  static func check<T: BinaryFloatingPoint & TensorElement>(
    _ target: Target, _ type: T.Type, bits: (UInt64) -> T
  ) throws {
    let compiler = KernelCompiler(target: target, cache: NativeRun.cache)
    let groups = functions.map { KernelGroup.unary($0, T.elementType, count: count) }
    let kernels = try compiler.compile(groups)
    let values = samples(type, count: count, bits: bits)
    let input = Tensor(values)
    for (function, (group, kernel)) in zip(functions, zip(groups, kernels)) {
      let result = try NativeRun.run(kernel, inputs: [input], outputs: group.outputs)[0]
      let found = try result.scalars(as: T.self)
      var worst = (error: 0.0, x: T(0), got: T(0))
      for (x, got) in zip(values, found) {
        let exact = reference(function, Float80(x))
        let rounded = T(exact)
        if got == rounded && got.sign == rounded.sign || got.isNaN && rounded.isNaN { continue }
        guard got.isFinite, !rounded.isNaN, got != 0 || rounded != 0 else {
          let atEdge =
            rounded.isInfinite != got.isInfinite
            && [rounded, got].contains { $0.magnitude == .greatestFiniteMagnitude }
          if !atEdge {
            Issue.record("\(target.name) \(function) \(T.self) of \(x): \(got), not \(rounded)")
          }
          continue
        }
        let unit = max(
          rounded.isInfinite ? T.greatestFiniteMagnitude.ulp : rounded.ulp, T.leastNonzeroMagnitude)
        let error = Double(abs(Float80(got) - exact) / Float80(unit))
        if error > worst.error { worst = (error, x, got) }
      }
      #expect(
        worst.error <= limit(function, T.elementType),
        "\(target.name) \(function) \(T.self) of \(worst.x): \(worst.got)")
    }
  }

  @Test(arguments: NativeRun.targets)
  func singlePrecision(target: Target) throws {
    try MathTests.check(target, Float.self) { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
  }

  /// 1 + erf(x) is one function, no farther off than the two rounded one after the other.
  @Test(arguments: NativeRun.targets)
  func onePlusErrorFunction(target: Target) throws {
    var program = ScalarProgram()
    let x = program.add(.load(operand: 0, [.axis(0)], guards: [], fill: nil), .f32)
    let error = program.add(.unary(.errorFunction, x), .f32)
    let one = program.add(.float(1), .f32)
    let sum = program.add(.binary(.add, error, one), .f32)
    let type = TensorType(.f32, [Dimension(MathTests.count)])
    let group = KernelGroup(
      inputs: [type], outputs: [type],
      body: .single(
        .compute(Compute(axes: Array(type.shape), program: program, results: [sum]))))
    let values = MathTests.samples(Float.self, count: MathTests.count) {
      Float(bitPattern: UInt32(truncatingIfNeeded: $0))
    }
    let kernel = try KernelCompiler(target: target, cache: NativeRun.cache).compile([group])[0]
    #expect(kernel.source().contains("one_plus_error_function"))
    let result = try NativeRun.run(kernel, inputs: [Tensor(values)], outputs: group.outputs)[0]
    for (x, got) in zip(values, try result.scalars(as: Float.self)) {
      let exact = 1 + erfl(Float80(x))
      #expect(
        got.isNaN && exact.isNaN || abs(Float80(got) - exact) <= 1.3e-7, "\(target.name) \(x)")
    }
  }

  @Test(arguments: NativeRun.targets)
  func doublePrecision(target: Target) throws {
    try MathTests.check(target, Double.self) { Double(bitPattern: $0) }
  }
}
