import TenonGraph
import TenonTensor

// With y a prefix combination of x, each element's gradient is a recurrence from the end:
// s_i = b_i + a_i s_{i+1}, which is itself a prefix scan of affine maps.
extension Cumulative {
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let combiner = try? RegionExpressions.combiner(site.regions[0], of: site.graph).get()
    guard site.operands.count == 2, let combiner else { throw TenonError.noGradient(Self.name) }
    let (x, gradient) = (try ordered(site.operands[0]), try ordered(site.gradient))
    let initial = try broadcast(site.operands[1], to: x)
    let result = try ordered(site.results[0])
    switch combiner {
    case .sum:
      let back = Cumulative(axis: axis, isExclusive: isExclusive, isReversed: true)
      let total = try back.combined(gradient, by: Add(), from: 0)
      return [try ordered(total), try sum(gradient)]
    case .product:
      let before = try Cumulative(axis: axis, isExclusive: true)
        .combined(x, by: Multiply(), from: 1)
      let own = try recurrence(shifted(x), isExclusive ? shifted(gradient) : gradient)
      let unscaled = try Cumulative(axis: axis, isExclusive: isExclusive)
        .combined(x, by: Multiply(), from: 1)
      return [try ordered(before * initial * own), try sum(gradient * unscaled)]
    case .maximum, .minimum:
      let isMaximum = combiner == .maximum
      let before = try site.graph.apply1(
        Cumulative(axis: axis, isExclusive: true), [x, site.operands[1]],
        regions: [site.graph.combiner(isMaximum ? Maximum() : Minimum(), x.elementType)],
        site: CallSite())
      // A record is an element beyond all before it; the elements up to the next one repeat it.
      let isRecord = try convert(
        isMaximum ? greater(x, before) : less(x, before), to: x.elementType)
      let own = try recurrence(
        shifted(1 - isRecord), isExclusive ? shifted(gradient) : gradient)
      let isInitial = try convert(equal(result, initial), to: x.elementType)
      return [try ordered(isRecord * own), try sum(gradient * isInitial)]
    default: throw TenonError.noGradient("cumulative with this combiner")
    }
  }

  /// In the direction of combination.
  private func ordered(_ x: Value) throws -> Value {
    isReversed ? try reverse(x, axes: [axis]) : x
  }

  /// Each element's successor; zero for the last.
  private func shifted(_ x: Value) throws -> Value {
    var (low, high) = (x.shape.map { _ in Dimension(0) }, x.shape.map { _ in Dimension(0) })
    low[axis] = -1
    high[axis] = 1
    return try pad(x, low: low, high: high)
  }

  private func combined(_ x: Value, by op: any Op, from start: Int) throws -> Value {
    let initial = try x.graph.scalar(start, x.elementType, site: CallSite())
    return try x.graph.apply1(
      self, [x, initial], regions: [x.graph.combiner(op, x.elementType)], site: CallSite())
  }

  /// s_i = b_i + a_i s_{i+1}, from the end.
  private func recurrence(_ a: Value, _ b: Value) throws -> Value {
    let graph = a.graph
    let scalar = ValueType.tensor(a.elementType, .scalar)
    let region = try graph.recordClosedRegion([scalar, scalar, scalar, scalar]) { values in
      let (factor, sum, nextFactor, nextSum) = (values[0], values[1], values[2], values[3])
      return [try factor * nextFactor, try nextSum + nextFactor * sum]
    }
    let (one, zero) = (
      try graph.scalar(1, a.elementType, site: CallSite()),
      try graph.scalar(0, a.elementType, site: CallSite())
    )
    return try graph.apply(
      Cumulative(axis: axis, isReversed: true), [a, b, one, zero], regions: [region],
      site: CallSite())[1]
  }
}
