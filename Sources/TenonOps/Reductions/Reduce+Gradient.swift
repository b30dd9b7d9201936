import TenonGraph
import TenonTensor

extension Reduce {
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let combiner = try? RegionExpressions.combiner(site.regions[0], of: site.graph).get()
    guard site.operands.count == 2, let combiner else { throw TenonError.noGradient(Self.name) }
    switch combiner {
    case .sum:
      return [
        try expanded(site.gradient, site), site.wanted[1] ? try sum(site.gradient) : nil,
      ]
    case .maximum, .minimum: return try extremeGradient(site)
    case .product: return try productGradient(site)
    default: throw TenonError.noGradient("reduce with this combiner")
    }
  }

  /// A value of the result's shape repeated to the operand's.
  private func expanded(_ value: Value, _ site: GradientSite) throws -> Value {
    let shape = site.operands[0].shape
    let kept = shape.indices.filter { !dimensions.contains($0) }
    return try value.graph.apply1(
      BroadcastInDim(shape: shape, dimensions: kept), [value], site: CallSite())
  }

  /// Elements equal to the result, the initial value among them, share its gradient evenly.
  private func extremeGradient(_ site: GradientSite) throws -> [Value?] {
    let (x, initial, result) = (site.operands[0], site.operands[1], site.results[0])
    let isChosen = try convert(equal(x, expanded(result, site)), to: x.elementType)
    let isInitial = try convert(equal(broadcast(initial, to: result), result), to: x.elementType)
    let share = try site.gradient / (sum(isChosen, axes: dimensions) + isInitial)
    return [
      try expanded(share, site) * isChosen, site.wanted[1] ? try sum(share * isInitial) : nil,
    ]
  }

  /// Each element's factor is the product of all before it and all after it, so that zeros count
  /// as any other element.
  private func productGradient(_ site: GradientSite) throws -> [Value?] {
    let (x, initial) = (site.operands[0], site.operands[1])
    let kept = x.shape.indices.filter { !dimensions.contains($0) }
    let order = kept + dimensions
    let ordered = try transpose(x, order)
    let count = dimensions.map { x.shape[$0] }.reduce(1, *)
    let rows = try reshape(ordered, Shape(kept.map { x.shape[$0] } + [count]))
    let before = try cumulativeProduct(rows, axis: -1, isExclusive: true)
    let after = try cumulativeProduct(rows, axis: -1, isExclusive: true, isReversed: true)
    let scaled = try site.gradient * broadcast(initial, to: site.gradient)
    let slopes =
      try before * after
      * site.graph.apply1(
        BroadcastInDim(shape: rows.shape, dimensions: Array(kept.indices)), [scaled],
        site: CallSite())
    let back = try reshape(slopes, ordered.shape)
    return [
      try transpose(back, Transpose(order).inverse),
      site.wanted[1] ? try sum(site.gradient * product(x, axes: dimensions)) : nil,
    ]
  }
}
