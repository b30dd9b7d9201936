import TenonGraph
import TenonTensor

extension Scatter {
  /// For sums and for replacement (the combiner gives the update).
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    guard site.operands.count == 3 else { throw TenonError.noGradient(Self.name) }
    let (operand, indices, updates) = (site.operands[0], site.operands[1], site.operands[2])
    let combiner = try? RegionExpressions.combiner(site.regions[0], of: site.graph).get()
    if combiner == .sum {
      return [
        site.gradient, nil,
        site.wanted[2] ? try gathered(site.gradient, indices, updates.shape) : nil,
      ]
    }
    guard let region = site.regions.first,
      site.graph.results(region) == [site.graph.arguments(region)[1]]
    else { throw TenonError.noGradient("scatter with this combiner") }
    // The last update of each place wins: number the updates, and see whose number is left.
    let flat = Shape([updates.shape.elementCount])
    let numbers = try reshape(site.graph.iota(.i64, flat), updates.shape) + 1
    let nobody = try convert(operand.filled(0, site: CallSite()), to: .i64)
    let scalar = ValueType.tensor(.i64, .scalar)
    let replace = try site.graph.recordClosedRegion([scalar, scalar]) { [$0[1]] }
    let winners = try site.graph.apply1(
      self, [nobody, indices, numbers], regions: [replace], site: CallSite())
    let zero = try operand.filled(0, site: CallSite())
    var gradients: [Value?] = [nil, nil, nil]
    if site.wanted[0] { gradients[0] = try select(equal(winners, 0), site.gradient, zero) }
    if site.wanted[2] {
      let isLast = try equal(gathered(winners, indices, updates.shape), numbers)
      let part = try gathered(site.gradient, indices, updates.shape)
      gradients[2] = try select(isLast, part, updates.filled(0, site: CallSite()))
    }
    return gradients
  }

  /// For each update element the element of `x` in its place, zero where that is outside.
  private func gathered(_ x: Value, _ indices: Value, _ updates: Shape) throws -> Value {
    // A gather moves windows inside; around zeros as wide as a window, none is moved.
    var sizes = x.shape.map { _ in Dimension(1) }
    for (axis, place) in zip(axes.inside(x.rank), updateWindowDims.sorted()) {
      sizes[axis] = updates[place]
    }
    var margins = x.shape.map { _ in Dimension(0) }
    for axis in scatterDimsToOperandDims { margins[axis] = sizes[axis] }
    let padded = try pad(x, low: margins, high: margins)
    let mapped = scatterDimsToOperandDims
    let starts = try indices.clampedParts(
      axes, least: mapped.map { -sizes[$0] }, greatest: mapped.map { x.shape[$0] })
    let shifted = try starts.movedParts(axes, by: mapped.map { margins[$0] })
    return try x.graph.apply1(
      Gather(
        offsetDims: updateWindowDims, collapsedSliceDims: insertedWindowDims,
        operandBatchingDims: inputBatchingDims,
        startIndicesBatchingDims: scatterIndicesBatchingDims, startIndexMap: mapped,
        indexVectorDim: indexVectorDim, sliceSizes: sizes), [padded, shifted], site: CallSite())
  }
}
