import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor
@testable import TenonTestKit

/// Scatters of many shapes: free axes and chosen ones, windows, batches, several destinations.
@Suite struct ScatterKernelTests {
  @Test(arguments: NativeRun.targets, [0, 1])
  func meanWhatTheyCompute(target: Target, part: Int) throws {
    let cases = try (0..<60).map { try ScatterKernelTests.random(UInt64(part * 60 + $0)) }
    try KernelCase.check(cases, target)
  }

  /// Many updates of few places: their order is seen where the combiner is not commutative.
  @Test(arguments: NativeRun.targets) func updatesAscend(target: Target) throws {
    try KernelCase.check(
      [
        try ScatterKernelTests.chain([5], updates: [200], chosen: 0),
        try ScatterKernelTests.chain([400, 3], updates: [50, 3], chosen: 0),
        try ScatterKernelTests.chain([3, 40], updates: [50, 40], chosen: 0),
        try ScatterKernelTests.chain([1000], updates: [9], chosen: 0),
      ], target)
  }

  /// A sum of many narrow floats is rounded once: steps of 1 would not get past 256 in bf16.
  @Test(arguments: NativeRun.targets) func narrowSumsAreRoundedOnce(target: Target) throws {
    try KernelCase.check(
      [
        try ScatterKernelTests.counting([3], updates: [1200]),
        try ScatterKernelTests.counting([3, 40], updates: [1200, 40]),
        try ScatterKernelTests.counting([2, 5, 33], updates: [1200, 5, 33]),
        try ScatterKernelTests.counting([500], updates: [9]),
      ], target)
  }

  /// Ones, summed into the places of the first axis in turn.
  static func counting(_ bounds: [Int], updates: [Int]) throws -> KernelCase {
    var program = ScalarProgram()
    let place = program.load(1, .i32, [.axis(0)])
    var target = bounds.indices.map { IndexExpression.axis($0) }
    target[0] = .scalar(program.convert(place, to: .i64))
    let scatter = Scatter(
      count: 1, axes: updates.map { Dimension($0) }, program: program, target: target,
      bounds: bounds.map { Dimension($0) }, combiner: .sum, hasUniqueTargets: false)
    func filled(_ shape: [Int], _ value: Double) throws -> Tensor {
      try Tensor(
        .bf16, shape: shape, doubles: [Double](repeating: value, count: shape.reduce(1, *)))
    }
    let places = (0..<updates[0]).map { Int64($0 % bounds[0]) }
    var one = try finished(
      "counting \(bounds)", scatter,
      [
        try filled(bounds, 0), try Tensor(.i32, shape: [updates[0]], integers: places),
        try filled(updates, 1),
      ])
    let rows = (0..<bounds[0]).map { row in Double(places.count { $0 == Int64(row) }) }
    let width = bounds.dropFirst().reduce(1, *)
    one.meant = [
      try Tensor(
        .bf16, shape: bounds,
        doubles: rows.flatMap { [Double](repeating: $0, count: width) })
    ]
    return one
  }

  /// `x = 2 x + update`, modulo 2^32, at random places of one axis.
  static func chain(_ bounds: [Int], updates: [Int], chosen axis: Int) throws -> KernelCase {
    var source = RandomSource(7)
    var combiner = ScalarProgram()
    let (old, new) = (
      combiner.add(.parameter(0), .u32), combiner.add(.parameter(1), .u32)
    )
    let twice = combiner.binary(.add, old, old)
    let result = combiner.binary(.add, twice, new)
    var program = ScalarProgram()
    let place = program.load(1, .i64, [.axis(0)])
    var target = bounds.indices.map { IndexExpression.axis($0) }
    target[axis] = .scalar(place)
    let scatter = Scatter(
      count: 1, axes: updates.map { Dimension($0) }, program: program, target: target,
      bounds: bounds.map { Dimension($0) }, combiner: .program(combiner, results: [result]),
      hasUniqueTargets: false)
    let places = (0..<updates[0]).map { _ in
      Int64.random(in: 0..<Int64(bounds[axis]), using: &source.generator)
    }
    return try finished(
      "chain \(bounds)", scatter,
      [
        try source.tensor(.u32, bounds, isSpecial: true),
        try Tensor(.i64, shape: [updates[0]], integers: places),
        try source.tensor(.u32, updates, isSpecial: true),
      ])
  }

  private static func finished(
    _ name: String, _ scatter: Scatter, _ inputs: [Tensor], sizes: [Symbol: Int] = [:],
    types: [TensorType]? = nil
  ) throws -> KernelCase {
    let types = types ?? inputs.map { TensorType($0.elementType, Shape($0.shape)) }
    let outputs = Array(types.prefix(scatter.count))
    let meant = try ComputeInterpreter(operands: inputs, sizes: { sizes[$0] })
      .run(scatter, results: outputs.map(\.element))
    var inPlace: [Int: Int] = [:]
    for number in 0..<scatter.count { inPlace[number] = number }
    return KernelCase(
      name: name,
      group: KernelGroup(inputs: types, outputs: outputs, body: .single(.scatter(scatter))),
      inputs: inputs, sizes: sizes, meant: meant, inPlace: inPlace)
  }

  /// A scatter as the op of that name makes it: each destination axis is a window's, chosen by an
  /// index, or both, or one of the batch.
  static func random(_ seed: UInt64) throws -> KernelCase {
    var source = RandomSource(seed)
    var sizes: [Symbol: Int] = [:]
    func extent(_ choices: [Int]) -> Dimension {
      let size = source.pick(choices)
      if size == 0 || !source.chance(20) { return Dimension(size) }
      let symbol = Symbol.running("size\(sizes.count)", maximum: size + 5)
      sizes[symbol] = size
      return Dimension(symbol)
    }
    func number(_ size: Dimension) -> Int { size.evaluated { sizes[$0] }! }
    let element = source.pick(
      [ElementType.f32, .f32, .f64, .f16, .bf16, .i32, .i8, .u64, .bool])
    let rank = source.pick([0, 1, 2, 2, 3])
    let bounds = (0..<rank).map { _ in extent(rank > 2 ? [1, 2, 3, 18] : [0, 1, 3, 17, 40]) }
    let hasBatch = source.chance(30) && rank > 0
    // The updates' axes: the batch, how many updates, then windows.
    var axes: [Dimension] = (hasBatch ? [bounds[0]] : []) + [extent([0, 1, 4, 9])]
    let batchRank = axes.count
    var target: [IndexExpression] = []
    var chosen: [Int] = []
    for axis in 0..<rank {
      if axis == 0, hasBatch {
        target.append(.axis(0))
        continue
      }
      let kind = source.pick([0, 0, 1, 2])
      var place = IndexExpression(0)
      if kind != 1 {
        let isWhole = kind == 0 || number(bounds[axis]) < 2
        axes.append(isWhole ? bounds[axis] : Dimension(number(bounds[axis]) / 2))
        place = .axis(axes.count - 1)
      }
      if kind != 0 { chosen.append(axis) }
      target.append(place)
    }
    let indexType = source.pick([ElementType.i64, .i32, .u8, .i8])
    var program = ScalarProgram()
    let count = source.pick([1, 1, 2])
    let batch = (0..<batchRank).map { IndexExpression.axis($0) }
    for (part, axis) in chosen.enumerated() {
      let index = program.load(count, indexType, batch + [IndexExpression(Dimension(part))])
      target[axis] = target[axis] + .scalar(program.convert(index, to: .i64))
    }
    let isSpecial = source.chance(30)
    let scatter = Scatter(
      count: count, axes: axes, program: program, target: target, bounds: bounds,
      combiner: combiner(element, count, &source), hasUniqueTargets: false)
    let indexShape = Array(axes.prefix(batchRank)) + [Dimension(chosen.count)]
    let places = (0..<indexShape.reduce(1) { $0 * number($1) }).map { _ -> Int64 in
      if source.chance(5), indexType == .i64 { return source.pick([.min, .max]) }
      let low: Int64 = indexType.isSignedInteger ? -2 : 0
      return Int64.random(in: low...18, using: &source.generator)
    }
    let shapes =
      [[Dimension]](repeating: bounds, count: count) + [indexShape]
      + [[Dimension]](repeating: axes, count: count)
    let inputs = try shapes.enumerated().map { place, shape in
      place == count
        ? try Tensor(indexType, shape: shape.map(number), integers: places)
        : try source.tensor(element, shape.map(number), isSpecial: isSpecial)
    }
    let types = shapes.enumerated().map {
      TensorType($0 == count ? indexType : element, Shape($1))
    }
    return try finished("seed \(seed)", scatter, inputs, sizes: sizes, types: types)
  }

  private static func combiner(
    _ element: ElementType, _ count: Int, _ source: inout RandomSource
  ) -> Combiner {
    if count == 1, source.chance(70) {
      return source.pick(
        element == .bool ? [.and, .or] : [.sum, .sum, .maximum, .minimum])
    }
    // What is stored in one place comes from the other's update.
    var program = ScalarProgram()
    let parameters = (0..<2 * count).map { program.add(.parameter($0), element) }
    return .program(program, results: parameters.suffix(count).reversed())
  }
}
