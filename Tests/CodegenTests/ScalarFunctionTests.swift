import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// Functions of two scalars, comparisons and integer functions, for every element type and
/// instruction set, over all pairs of special values.
@Suite struct ScalarFunctionTests {
  static func samples(_ type: ElementType) -> [LaneNumber] {
    if type.isFloat {
      return [
        0, -0.0, 1, -1, 0.5, -2.5, 3, 7.25, -1e10, 1e-40, .infinity, -.infinity, .nan, 2, -3, 100,
        -0.125,
      ].map { LaneNumber($0, type) }
    }
    if type == .bool { return [.integer(0), .integer(1)] }
    let width = Int64(type.bitWidth)
    return [
      0, 1, 2, 3, 5, 7, -1, -2, -7, width - 1, width, width + 1, 100, type.minimumInteger,
      type.minimumInteger &+ 1, type.maximumInteger ?? -1, (type.maximumInteger ?? -1) &- 1,
    ].map { LaneNumber($0, type) }
  }

  static func tensor(_ numbers: [LaneNumber], _ type: ElementType) throws -> Tensor {
    if type.isFloat {
      return try Tensor(type, shape: [numbers.count], doubles: numbers.map(\.double))
    }
    return try Tensor(type, shape: [numbers.count], integers: numbers.map(\.integer))
  }

  static func functions(_ type: ElementType) -> [BinaryFunction] {
    BinaryFunction.allCases.filter { function in
      switch function {
      case .multiplyHigh: type == .u32
      case .arctangent2: type.isFloat
      case .and, .or, .xor: !type.isFloat
      case .shiftLeft, .shiftRightLogical, .shiftRightArithmetic: type.isInteger
      case .maximum, .minimum: true
      default: type != .bool
      }
    }
  }

  static let types = ElementType.arithmetic.filter { $0 != .f16 && $0 != .bf16 }

  @Test(arguments: NativeRun.targets)
  func functionsOfTwo(target: Target) throws {
    var cases: [(BinaryFunction, ElementType, KernelGroup, [Tensor], [LaneNumber])] = []
    for type in ScalarFunctionTests.types {
      let values = ScalarFunctionTests.samples(type)
      let pairs = values.flatMap { a in values.map { (a, $0) } }
      let inputs = [
        try ScalarFunctionTests.tensor(pairs.map(\.0), type),
        try ScalarFunctionTests.tensor(pairs.map(\.1), type),
      ]
      for function in ScalarFunctionTests.functions(type) {
        let expected = pairs.map { LaneNumber.apply(function, $0, $1, type) }
        cases.append(
          (
            function, type, .binary(function, type, count: pairs.count), inputs, expected
          ))
      }
    }
    let compiler = KernelCompiler(target: target, cache: NativeRun.cache)
    let kernels = try compiler.compile(cases.map(\.2))
    for (kernel, (function, type, group, inputs, expected)) in zip(kernels, cases) {
      let found = try NativeRun.run(kernel, inputs: inputs, outputs: group.outputs)[0]
      let isExact = function != .power && function != .arctangent2 || !type.isFloat
      for (place, (got, want)) in zip(try found.laneNumbers(), expected).enumerated()
      where !got.agrees(with: want, within: isExact ? 0 : 1e-6) {
        let pair = try inputs.map { try $0.laneNumbers()[place] }
        Issue.record("\(target.name) \(function) \(type) of \(pair): \(got), not \(want)")
      }
    }
  }

  @Test(arguments: NativeRun.targets)
  func comparisons(target: Target) throws {
    var cases: [(Comparison, ElementType, KernelGroup, [Tensor], [LaneNumber])] = []
    for type in ScalarFunctionTests.types {
      let values = ScalarFunctionTests.samples(type)
      let pairs = values.flatMap { a in values.map { (a, $0) } }
      let inputs = [
        try ScalarFunctionTests.tensor(pairs.map(\.0), type),
        try ScalarFunctionTests.tensor(pairs.map(\.1), type),
      ]
      for comparison in Comparison.allCases {
        let group = KernelGroup.elementwise([type, type], [Dimension(pairs.count)]) {
          $0.add(.compare(comparison, $1[0], $1[1]), .bool)
        }
        let expected = pairs.map {
          LaneNumber.integer(LaneNumber.compare(comparison, $0, $1, type) ? 1 : 0)
        }
        cases.append((comparison, type, group, inputs, expected))
      }
    }
    let compiler = KernelCompiler(target: target, cache: NativeRun.cache)
    let kernels = try compiler.compile(cases.map(\.2))
    for (kernel, (comparison, type, group, inputs, expected)) in zip(kernels, cases) {
      let found = try NativeRun.run(kernel, inputs: inputs, outputs: group.outputs)[0]
      #expect(try found.laneNumbers() == expected, "\(target.name) \(comparison) \(type)")
    }
  }

  @Test(arguments: NativeRun.targets)
  func integerFunctions(target: Target) throws {
    var cases: [(UnaryFunction, ElementType, KernelGroup, Tensor, [LaneNumber])] = []
    for type in ScalarFunctionTests.types where !type.isFloat {
      let values = ScalarFunctionTests.samples(type)
      let functions: [UnaryFunction] =
        type == .bool
        ? [.not] : [.negate, .abs, .sign, .not, .countLeadingZeros, .populationCount]
      // Enough elements for whole vectors of every width.
      let all = Array(repeatElement(values, count: 8).joined())
      for function in functions {
        cases.append(
          (
            function, type, .unary(function, type, count: all.count),
            try ScalarFunctionTests.tensor(all, type),
            all.map { LaneNumber.apply(function, $0, type) }
          ))
      }
    }
    for type in [ElementType.f32, .f64] {
      let values = ScalarFunctionTests.samples(type)
      cases.append(
        (
          .isFinite, type, .unary(.isFinite, type, count: values.count),
          try ScalarFunctionTests.tensor(values, type),
          values.map { LaneNumber.apply(.isFinite, $0, type) }
        ))
    }
    let compiler = KernelCompiler(target: target, cache: NativeRun.cache)
    let kernels = try compiler.compile(cases.map(\.2))
    for (kernel, (function, type, group, input, expected)) in zip(kernels, cases) {
      let found = try NativeRun.run(kernel, inputs: [input], outputs: group.outputs)[0]
      #expect(try found.laneNumbers() == expected, "\(target.name) \(function) \(type)")
    }
  }
}

extension Tensor {
  func laneNumbers() throws -> [LaneNumber] {
    switch try elements() {
    case .floats(let values): values.map { .float($0) }
    case .integers(let values): values.map { .integer($0) }
    }
  }
}

extension LaneNumber {
  /// Equal to the bit (any NaN for another), or within a relative or an absolute error.
  func agrees(
    with other: LaneNumber, within tolerance: Double = 0, absolute: Double = 0
  ) -> Bool {
    switch (self, other) {
    case (.integer(let a), .integer(let b)): return a == b
    case (.float(let a), .float(let b)):
      if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
      if a == b { return a.sign == b.sign || absolute > 0 }
      return abs(a - b) <= tolerance * max(abs(a), abs(b)) + absolute
    default: return false
    }
  }
}
