import TenonGraph
import TenonTensor

/// Slices of the operand, one for each index of the indices, moved so that they lie inside; the
/// attributes are those of StableHLO's `gather`.
public struct Gather: PrimitiveOp {
  public static let name = "gather"
  public static let signature = Signature(["operand", "indices"])
  public let offsetDims: [Int]
  public let collapsedSliceDims: [Int]
  public let operandBatchingDims: [Int]
  public let startIndicesBatchingDims: [Int]
  public let startIndexMap: [Int]
  public let indexVectorDim: Int
  public let sliceSizes: [Dimension]

  public init(
    offsetDims: [Int], collapsedSliceDims: [Int] = [], operandBatchingDims: [Int] = [],
    startIndicesBatchingDims: [Int] = [], startIndexMap: [Int], indexVectorDim: Int,
    sliceSizes: [Dimension]
  ) {
    self.offsetDims = offsetDims
    self.collapsedSliceDims = collapsedSliceDims
    self.operandBatchingDims = operandBatchingDims
    self.startIndicesBatchingDims = startIndicesBatchingDims
    self.startIndexMap = startIndexMap
    self.indexVectorDim = indexVectorDim
    self.sliceSizes = sliceSizes
  }

  var axes: GatherAxes {
    GatherAxes(
      window: offsetDims, collapsed: collapsedSliceDims, operandBatching: operandBatchingDims,
      indexBatching: startIndicesBatchingDims, map: startIndexMap, vector: indexVectorDim)
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (operand, indices) = (try site.tensor(0), try site.tensor(1))
    let batchRank = indices.rank - (axes.hasVector(indices.rank) ? 1 : 0)
    let rank = batchRank + offsetDims.count
    try axes.check(site, operand: operand, indices: indices, windowedRank: rank)
    try site.require(
      sliceSizes.count == operand.rank, "attribute",
      "needs one slice size for each of the operand's \(operand.rank) axes")
    for axis in 0..<operand.rank {
      let size = sliceSizes[axis]
      let isSingle = collapsedSliceDims.contains(axis) || operandBatchingDims.contains(axis)
      try site.require(
        !isSingle || size == 1, "attribute",
        "the slice size of axis \(axis), collapsed or batching, must be 1, not \(size)")
      let rule = "a slice of \(size) does not fit into axis \(axis) of size \(operand.shape[axis])"
      try site.requireAtLeast(size, 0, "slice-range", rule)
      if !operandBatchingDims.contains(axis) {
        try site.requireAtLeast(operand.shape[axis], size, "slice-range", rule)
      }
    }
    var sizes = indices.shape.dimensions
    if axes.hasVector(indices.rank) { sizes.remove(at: indexVectorDim) }
    let inner = axes.inside(operand.rank).map { sliceSizes[$0] }
    for (axis, size) in zip(offsetDims.sorted(), inner) { sizes.insert(size, at: axis) }
    return [.tensor(operand.element, Shape(sizes))]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    // One element of a known vector: how shape arithmetic reads a single size.
    guard let known = site.knownElements(0), let indices = site.knownElements(1), known.count > 0,
      sliceSizes == [1]
    else { return nil }
    let chosen = indices.compactMap(\.constant).map { known[max(0, min($0, known.count - 1))] }
    return chosen.count == indices.count ? chosen : nil
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let (operand, indices) = (operands[0], operands[1])
    let numbers = try indices.integers()
    let strides = RowMajor.strides(indices.shape)
    let sizes = try sliceSizes.map(site.size)
    return [
      try operand.gathered(site.resultShapes[0]) { index in
        var place = axes.offsets(index, operandRank: operand.rank, zero: 0)
        for (part, axis) in startIndexMap.enumerated() {
          let at = axes.place(index, part: axes.hasVector(indices.rank) ? part : nil)
          let number = numbers[zip(at, strides).reduce(0) { $0 + $1.0 * $1.1 }]
          place[axis] += ReferenceArithmetic.clamped(
            number, indices.elementType, to: operand.shape[axis] - sizes[axis])
        }
        return place
      }
    ]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (operand, indices) = (site.operands[0], site.operands[1])
    // A scatter skips what lies outside; a gather had moved it inside.
    let greatest = startIndexMap.map { operand.shape[$0] - sliceSizes[$0] }
    let least = greatest.map { _ in Dimension(0) }
    let starts = try indices.clampedParts(axes, least: least, greatest: greatest)
    let zeros = try operand.filled(0, site: CallSite())
    return [
      try site.graph.apply1(
        Scatter(
          updateWindowDims: offsetDims, insertedWindowDims: collapsedSliceDims,
          inputBatchingDims: operandBatchingDims,
          scatterIndicesBatchingDims: startIndicesBatchingDims,
          scatterDimsToOperandDims: startIndexMap, indexVectorDim: indexVectorDim),
        [zeros, starts, site.gradient],
        regions: [site.graph.combiner(Add(), operand.elementType)], site: CallSite()), nil,
    ]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let (operand, indices, result) = (site.operands[0], site.operands[1], site.results[0])
    var program = ScalarProgram()
    let windowed = (0..<result.rank).map { IndexExpression.axis($0) }
    var place = axes.offsets(windowed, operandRank: operand.rank, zero: IndexExpression(0))
    for (part, axis) in startIndexMap.enumerated() {
      let start = axes.load(part, of: 1, indices, windowedRank: result.rank, &program)
      let clamped = program.clamped(start, to: operand.shape[axis] - sliceSizes[axis])
      place[axis] = place[axis] + .scalar(clamped)
    }
    let value = program.load(0, operand.element, place)
    return .compute(Compute(axes: result.shape.dimensions, program: program, results: [value]))
  }
}

extension Value {
  /// The indices with each part brought between two sizes, as i64.
  func clampedParts(_ axes: GatherAxes, least: [Dimension], greatest: [Dimension]) throws -> Value {
    try clamp(convert(self, to: .i64), parts(axes, least), parts(axes, greatest))
  }

  /// The indices, of i64, with a size added to each part.
  func movedParts(_ axes: GatherAxes, by sizes: [Dimension]) throws -> Value {
    try self + parts(axes, sizes)
  }

  /// Sizes repeated to the shape of the indices, one for each part.
  private func parts(_ axes: GatherAxes, _ sizes: [Dimension]) throws -> Value {
    let scalars = try sizes.map { try graph.size($0, .i64, site: CallSite()) }
    if axes.hasVector(rank) {
      return try graph.apply1(
        BroadcastInDim(shape: shape, dimensions: [axes.vector]), [stack(scalars)],
        site: CallSite())
    }
    return try graph.apply1(
      BroadcastInDim(shape: shape, dimensions: []), [scalars[0]], site: CallSite())
  }
}
