import TenonGraph
import TenonTensor

/// k operands with updates combined into the places that the indices choose, in ascending order of
/// the updates; an update element outside is left out. Attributes as StableHLO's `scatter`.
///
/// Operands: k tensors, the indices, k updates. The region takes what is there (k scalars) and the
/// updates (k) and gives what is stored.
public struct Scatter: PrimitiveOp {
  public static let name = "scatter"
  public static let signature = Signature(["operands…"], ["results…"], regions: ["combiner"])
  public let updateWindowDims: [Int]
  public let insertedWindowDims: [Int]
  public let inputBatchingDims: [Int]
  public let scatterIndicesBatchingDims: [Int]
  public let scatterDimsToOperandDims: [Int]
  public let indexVectorDim: Int
  /// A promise that no two updates meet.
  public let uniqueIndices: Bool

  public init(
    updateWindowDims: [Int], insertedWindowDims: [Int] = [], inputBatchingDims: [Int] = [],
    scatterIndicesBatchingDims: [Int] = [], scatterDimsToOperandDims: [Int], indexVectorDim: Int,
    uniqueIndices: Bool = false
  ) {
    self.updateWindowDims = updateWindowDims
    self.insertedWindowDims = insertedWindowDims
    self.inputBatchingDims = inputBatchingDims
    self.scatterIndicesBatchingDims = scatterIndicesBatchingDims
    self.scatterDimsToOperandDims = scatterDimsToOperandDims
    self.indexVectorDim = indexVectorDim
    self.uniqueIndices = uniqueIndices
  }

  var axes: GatherAxes {
    GatherAxes(
      window: updateWindowDims, collapsed: insertedWindowDims, operandBatching: inputBatchingDims,
      indexBatching: scatterIndicesBatchingDims, map: scatterDimsToOperandDims,
      vector: indexVectorDim)
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let count = site.operandCount / 2
    try site.require(
      count > 0 && site.operandCount == 2 * count + 1 && site.regionCount == 1, "operand-count",
      "takes k tensors, the indices, k updates and one combiner")
    let (first, indices, updates) = (
      try site.tensor(0), try site.tensor(count), try site.tensor(count + 1)
    )
    let batchRank = indices.rank - (axes.hasVector(indices.rank) ? 1 : 0)
    try site.require(
      updates.rank == batchRank + updateWindowDims.count, "shape-mismatch",
      "updates must have rank \(batchRank + updateWindowDims.count), not \(updates.rank)")
    try axes.check(site, operand: first, indices: indices, windowedRank: updates.rank)
    var batch = indices.shape.dimensions
    if axes.hasVector(indices.rank) { batch.remove(at: indexVectorDim) }
    for (axis, size) in zip(axes.batch(updates.rank), batch) {
      try site.requireEqual(
        updates.shape[axis], size, "shape-mismatch",
        "size \(updates.shape[axis]) of the updates' axis \(axis) must be the indices' \(size)")
    }
    for (axis, place) in zip(axes.inside(first.rank), updateWindowDims.sorted()) {
      try site.requireAtLeast(
        first.shape[axis], updates.shape[place], "slice-range",
        "windows of \(updates.shape[place]) do not fit into axis \(axis) of size "
          + "\(first.shape[axis])")
    }
    var results: [ValueType] = []
    for position in 0..<count {
      let (operand, update) = (try site.tensor(position), try site.tensor(count + 1 + position))
      try site.requireEqual(
        operand.shape, first.shape, "shape-mismatch", "operands must have one shape")
      try site.requireEqual(
        update.shape, updates.shape, "shape-mismatch", "updates must have one shape")
      try site.require(
        operand.element == update.element, "element-type",
        "operand and updates must have one element type; insert `convert` first")
      results.append(.tensor(operand))
    }
    try site.requireCombiner(of: results.map { $0.tensor!.element }, region: 0)
    return results
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let count = operands.count / 2
    let targets = try targets(operands[0], operands[count], operands[count + 1])
    if count == 1, let combine = ReferenceCombiner(site.combiner(0), operands[0].elementType) {
      return [try combine.scatter(operands[2], into: operands[0], targets, site)]
    }
    var scalars = try operands[..<count].map { operand in
      try (0..<operand.elementCount).map { try operand.element(at: $0) }
    }
    for (update, target) in targets.enumerated() {
      guard let target else { continue }
      let next = try operands[(count + 1)...].map { try $0.element(at: update) }
      let stored = try site.callRegion(0, scalars.map { $0[target] } + next)
      for position in 0..<count { scalars[position][target] = stored[position] }
    }
    return try scalars.enumerated().map { position, elements in
      try Tensor(
        joining: elements, site.resultElements[position], shape: site.resultShapes[position])
    }
  }

  /// For each update element the offset of the operand element it goes to; nil where it is outside.
  private func targets(_ operand: Tensor, _ indices: Tensor, _ updates: Tensor) throws -> [Int?] {
    let numbers = try indices.integers()
    let strides = RowMajor.strides(indices.shape)
    let operandStrides = RowMajor.strides(operand.shape)
    var targets: [Int?] = []
    RowMajor.forEachIndex(updates.shape) { index in
      var place = axes.offsets(index, operandRank: operand.rank, zero: 0)
      for (part, axis) in scatterDimsToOperandDims.enumerated() {
        let at = axes.place(index, part: axes.hasVector(indices.rank) ? part : nil)
        let start = numbers[zip(at, strides).reduce(0) { $0 + $1.0 * $1.1 }]
        place[axis] = Int(start).addingReportingOverflow(place[axis]).partialValue
      }
      let isInside = zip(place, operand.shape).allSatisfy { $0 >= 0 && $0 < $1 }
      targets.append(isInside ? zip(place, operandStrides).reduce(0) { $0 + $1.0 * $1.1 } : nil)
    }
    return targets
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    guard case .success(let combiner) = RegionExpressions.combiner(site.regions[0], of: site.graph)
    else { return .host }
    let count = site.operands.count / 2
    let (operand, indices, updates) = (
      site.operands[0], site.operands[count], site.operands[count + 1]
    )
    var program = ScalarProgram()
    let windowed = (0..<updates.rank).map { IndexExpression.axis($0) }
    var target = axes.offsets(windowed, operandRank: operand.rank, zero: IndexExpression(0))
    for (part, axis) in scatterDimsToOperandDims.enumerated() {
      let start = axes.load(part, of: count, indices, windowedRank: updates.rank, &program)
      target[axis] = target[axis] + .scalar(program.convert(start, to: .i64))
    }
    return .scatter(
      TenonGraph.Scatter(
        count: count, axes: updates.shape.dimensions, program: program, target: target,
        bounds: operand.shape.dimensions, combiner: combiner, hasUniqueTargets: uniqueIndices))
  }
}

extension ReferenceCombiner {
  /// Updates combined in the wide form, each element rounded once at the end.
  fileprivate func scatter(
    _ updates: Tensor, into operand: Tensor, _ targets: [Int?], _ site: EvaluationSite
  ) throws -> Tensor {
    func run<Number>(_ values: [Number], _ updates: [Number], _ step: (Number, Number) -> Number)
      -> [Number]
    {
      var results = values
      for (update, target) in zip(updates, targets) {
        if let target { results[target] = step(results[target], update) }
      }
      return results
    }
    switch (try operand.elements(), try updates.elements()) {
    case (.floats(let x), .floats(let y)): return try site.result(0, .floats(run(x, y, float)))
    case (.integers(let x), .integers(let y)):
      return try site.result(0, .integers(run(x, y, wrappedInteger)))
    default: preconditionFailure("internal: operands of two kinds")
    }
  }
}
