import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor
@testable import TenonTestKit

/// Sorts along every axis: merged and selected, one tensor and several together.
@Suite struct SortKernelTests {
  @Test(arguments: NativeRun.targets, [0, 1])
  func meanWhatTheyCompute(target: Target, part: Int) throws {
    let cases = try (0..<60).map { try SortKernelTests.random(UInt64(part * 60 + $0)) }
    try KernelCase.check(cases, target, tileWork: 2000)
  }

  static func random(_ seed: UInt64) throws -> KernelCase {
    var source = RandomSource(seed &+ 2000)
    var sizes: [Symbol: Int] = [:]
    let rank = source.pick([1, 2, 2, 3])
    let axis = source.pick(Array(0..<rank))
    let shape = (0..<rank).map { place -> Dimension in
      let size = source.pick(
        place == axis ? [0, 1, 2, 3, 15, 16, 17, 64, 100] : [0, 1, 1, 2, 3, 5])
      if size == 0 || !source.chance(20) { return Dimension(size) }
      let symbol = Symbol.running("size\(sizes.count)", maximum: size + 30)
      sizes[symbol] = size
      return Dimension(symbol)
    }
    let numbers = shape.map { $0.evaluated { sizes[$0] }! }
    let elements = (0..<source.pick([1, 2, 2, 3])).map { _ in
      source.pick([ElementType.f32, .f32, .f64, .f16, .bf16, .i32, .i8, .u64, .bool])
    }
    let limit =
      source.chance(50)
      ? Dimension(source.pick([0, 1, 2, 3, 15].filter { $0 <= numbers[axis] })) : nil
    let (comparator, result) = comparator(elements, isDescending: source.chance(50))
    let sort = Sort(
      axis: axis, comparator: comparator, result: result, isStable: true, limit: limit)
    let isSpecial = source.chance(40)
    let inputs = try elements.map { try source.tensor($0, numbers, isSpecial: isSpecial) }
    var kept = shape
    if let limit { kept[axis] = limit }
    let meant = try ComputeInterpreter(operands: inputs, sizes: { sizes[$0] })
      .run(sort, results: elements)
    return KernelCase(
      name: "seed \(seed)",
      group: KernelGroup(
        inputs: elements.map { TensorType($0, Shape(shape)) },
        outputs: elements.map { TensorType($0, Shape(kept)) }, body: .single(.sort(sort))),
      inputs: inputs, sizes: sizes, meant: meant)
  }

  /// Orders by the first tensor alone, NaN last.
  private static func comparator(
    _ elements: [ElementType], isDescending: Bool
  ) -> (ScalarProgram, ScalarID) {
    var program = ScalarProgram()
    let (a, b) = (program.add(.parameter(0), elements[0]), program.add(.parameter(1), elements[0]))
    let (x, y) = (program.widened(a), program.widened(b))
    let isBefore = program.compare(isDescending ? .greater : .less, x, y)
    guard elements[0].isFloat else { return (program, isBefore) }
    let (isNumber, isNaN) = (program.compare(.equal, x, x), program.compare(.notEqual, y, y))
    let isLast = program.binary(.and, isNumber, isNaN)
    let result = program.binary(.or, isBefore, isLast)
    return (program, result)
  }
}
