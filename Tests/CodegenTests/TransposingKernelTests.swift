import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor
@testable import TenonTestKit

/// Kernels whose operands lie the other way round than their results.
@Suite struct TransposingKernelTests {
  @Test(arguments: NativeRun.targets) func elements(target: Target) throws {
    var source = RandomSource(3)
    var cases: [KernelCase] = []
    let shapes: [([Int], [Int], String)] = [
      ([37, 70], [1, 0], ""), ([16, 32], [1, 0], ""), ([3, 40], [1, 0], ""),
      ([0, 20], [1, 0], ""), ([2, 33, 19], [0, 2, 1], ""), ([2, 33, 19], [2, 1, 0], ""),
      ([20, 3, 18, 2], [3, 1, 2, 0], ""), ([17, 40], [1, 0], "m"), ([64, 35], [1, 0], "mn"),
    ]
    for (shape, permutation, running) in shapes {
      for element in [ElementType.f32, .f16, .f64, .i8, .bool] {
        cases.append(
          try TransposingKernelTests.transpose(
            shape, permutation, element, running: running, addsOther: element == .f32, &source))
      }
    }
    try KernelCase.check(cases, target, tileWork: 500)
  }

  @Test(arguments: NativeRun.targets) func tuplesAlongRows(target: Target) throws {
    var source = RandomSource(4)
    let cases = try [[40, 70], [16, 16], [3, 50], [33, 5], [9, 0], [130, 19]].flatMap { shape in
      try [ElementType.f32, .bf16, .i32, .u8].map {
        try TransposingKernelTests.argumentMaximum(shape, $0, &source)
      }
    }
    try KernelCase.check(cases, target, tileWork: 300)
  }

  private static func finished(
    _ name: String, _ compute: Compute, _ inputs: [Tensor], _ types: [TensorType],
    _ results: [ElementType], sizes: [Symbol: Int]
  ) throws -> KernelCase {
    KernelCase(
      name: name,
      group: KernelGroup(
        inputs: types, outputs: results.map { TensorType($0, Shape(compute.axes)) },
        body: .single(.compute(compute))),
      inputs: inputs, sizes: sizes,
      meant: try ComputeInterpreter(operands: inputs, sizes: { sizes[$0] })
        .run(compute, results: results))
  }

  /// Input 0 with its axes permuted; plus input 1, which lies as the result does.
  static func transpose(
    _ shape: [Int], _ permutation: [Int], _ element: ElementType, running: String,
    addsOther: Bool, _ source: inout RandomSource
  ) throws -> KernelCase {
    var sizes: [Symbol: Int] = [:]
    let dimensions = shape.enumerated().map { place, size -> Dimension in
      guard place < running.count else { return Dimension(size) }
      let symbol = Symbol.running("size\(place)", maximum: size + 20)
      sizes[symbol] = size
      return Dimension(symbol)
    }
    var program = ScalarProgram()
    var index = shape.indices.map { _ in IndexExpression(0) }
    for (to, from) in permutation.enumerated() { index[from] = .axis(to) }
    var result = program.load(0, element, index)
    let kept = permutation.map { dimensions[$0] }
    var types = [TensorType(element, Shape(dimensions))]
    var inputs = [try source.tensor(element, shape, isSpecial: true)]
    if addsOther {
      let other = program.load(1, element, kept.indices.map { .axis($0) })
      result = program.binary(.add, result, other)
      types.append(TensorType(element, Shape(kept)))
      inputs.append(
        try source.tensor(element, permutation.map { shape[$0] }, isSpecial: false))
    }
    let compute = Compute(axes: kept, program: program, results: [result])
    return try finished(
      "transpose \(shape) \(permutation) \(element) \(running)", compute, inputs, types, [element],
      sizes: sizes)
  }

  /// The greatest element of each row and the first place where it is.
  static func argumentMaximum(
    _ shape: [Int], _ element: ElementType, _ source: inout RandomSource
  ) throws -> KernelCase {
    var program = ScalarProgram()
    let loaded = program.load(0, element, [.axis(0), .axis(1)])
    let value = program.widened(loaded)
    let place = program.add(.index(.axis(1)), .i64)
    let least = program.constant(-9, element)
    let none = program.add(.integer(-1), .i64)
    let type = element.computeType
    var combiner = ScalarProgram()
    let parameters = [type, .i64, type, .i64].enumerated().map {
      combiner.add(.parameter($0), $1)
    }
    let isNext = combiner.compare(.greater, parameters[2], parameters[0])
    let results = [
      combiner.select(isNext, parameters[2], parameters[0]),
      combiner.select(isNext, parameters[3], parameters[1]),
    ]
    var final = ScalarProgram()
    let greatest = final.convert(final.add(.reduced(0), type), to: element)
    let found = final.add(.reduced(1), .i64)
    let compute = Compute(
      axes: [Dimension(shape[0])],
      reduction: Compute.Reduction(
        axes: [Dimension(shape[1])], program: program, values: [value, place],
        initial: [least, none], combiner: .program(combiner, results: results)),
      program: final, results: [greatest, found])
    return try finished(
      "argument maximum \(shape) \(element)", compute,
      [try source.tensor(element, shape, isSpecial: false)],
      [TensorType(element, Shape(shape.map { Dimension($0) }))], [element, .i64], sizes: [:])
  }
}
