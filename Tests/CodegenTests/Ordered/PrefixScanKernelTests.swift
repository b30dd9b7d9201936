import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor
@testable import TenonTestKit

/// Prefix scans along every axis, by names and programs.
@Suite struct PrefixScanKernelTests {
  @Test(arguments: NativeRun.targets, [0, 1])
  func meanWhatTheyCompute(target: Target, part: Int) throws {
    let cases = try (0..<60).map { try PrefixScanKernelTests.random(UInt64(part * 60 + $0)) }
    try KernelCase.check(cases, target, tileWork: 400)
  }

  static func random(_ seed: UInt64) throws -> KernelCase {
    var source = RandomSource(seed &+ 1000)
    var sizes: [Symbol: Int] = [:]
    let rank = source.pick([1, 2, 2, 3])
    let shape = (0..<rank).map { _ -> Dimension in
      let size = source.pick(rank > 2 ? [1, 2, 5, 18] : [0, 1, 3, 9, 40, 70])
      if size == 0 || !source.chance(20) { return Dimension(size) }
      let symbol = Symbol.running("size\(sizes.count)", maximum: size + 30)
      sizes[symbol] = size
      return Dimension(symbol)
    }
    let element = source.pick(
      [ElementType.f32, .f32, .f64, .f16, .bf16, .i32, .i8, .u64, .bool])
    let numbers = shape.map { $0.evaluated { sizes[$0] }! }
    let count = source.pick([1, 1, 2])
    let combiner = combiner(element, count, &source)
    let scan = PrefixScan(
      axis: source.pick(Array(0..<rank)), combiner: combiner, isExclusive: source.chance(50),
      isReversed: source.chance(50))
    let isSpecial = source.chance(30)
    var inputs: [Tensor] = []
    for place in 0..<2 * count {
      inputs.append(
        try source.tensor(element, place < count ? numbers : [], isSpecial: isSpecial))
    }
    let type = TensorType(element, Shape(shape))
    let outputs = [TensorType](repeating: type, count: count)
    let meant = try ComputeInterpreter(operands: inputs, sizes: { sizes[$0] })
      .run(scan, results: outputs.map(\.element))
    return KernelCase(
      name: "seed \(seed)",
      group: KernelGroup(
        inputs: outputs
          + [TensorType](repeating: TensorType(element, .scalar), count: count),
        outputs: outputs, body: .single(.prefixScan(scan))),
      inputs: inputs, sizes: sizes, meant: meant)
  }

  private static func combiner(
    _ element: ElementType, _ count: Int, _ source: inout RandomSource
  ) -> Combiner {
    if count == 1, source.chance(75) {
      if element == .bool { return source.pick([.and, .or]) }
      // Products of small integers wrap; of floats they stay exact with few factors only.
      return source.pick([.sum, .sum, .maximum, .minimum] + (element.isFloat ? [] : [.product]))
    }
    // Each result is the other's last element: not commutative, still associative.
    var program = ScalarProgram()
    let parameters = (0..<2 * count).map { program.add(.parameter($0), element) }
    return .program(program, results: Array(parameters.suffix(count)))
  }
}
