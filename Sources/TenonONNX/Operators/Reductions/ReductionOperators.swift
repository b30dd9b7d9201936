import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators that combine elements along axes.
  static let reductions: [ONNXOperator] = [
    extreme("ArgMax", isMaximum: true),
    extreme("ArgMin", isMaximum: false),
    cumulative("CumProd", since: [26]) {
      try cumulativeProduct($0, axis: $1, isExclusive: $2, isReversed: $3)
    },
    cumulative("CumSum", since: [11, 14]) {
      try cumulativeSum($0, axis: $1, isExclusive: $2, isReversed: $3)
    },
    meanVarianceNormalization,
    reduction("ReduceL1", since: [1, 11, 13, 18]) {
      try sum($0.isUnsigned ? $0 : abs($0), axes: $1, keepingAxes: true)
    },
    reduction("ReduceL2", since: [1, 11, 13, 18]) { x, axes in
      try x.throughFloat { try sqrt(sum($0 * $0, axes: axes, keepingAxes: true)) }
    },
    reduction("ReduceLogSum", since: [1, 11, 13, 18, 28]) { x, axes in
      try x.throughFloat { try log(sum($0, axes: axes, keepingAxes: true)) }
    },
    reduction("ReduceLogSumExp", since: [1, 11, 13, 18, 28]) { x, axes in
      try x.throughFloat { try logSumExp($0, axes) }
    },
    reduction(
      "ReduceMax", since: [1, 11, 12, 13, 18, 20],
      sizes: { $0.dropFirst().reduce($0[0]) { .maximum($0, $1) } }
    ) {
      try maximum($0, axes: $1, keepingAxes: true)
    },
    reduction("ReduceMean", since: [1, 11, 13, 18]) {
      try mean($0, axes: $1, keepingAxes: true)
    },
    reduction(
      "ReduceMin", since: [1, 11, 12, 13, 18, 20],
      sizes: { $0.dropFirst().reduce($0[0]) { .minimum($0, $1) } }
    ) {
      try minimum($0, axes: $1, keepingAxes: true)
    },
    reduction("ReduceProd", since: [1, 11, 13, 18], sizes: { $0.reduce(1, *) }) {
      try product($0, axes: $1, keepingAxes: true)
    },
    reduction(
      "ReduceSum", since: [1, 11, 13], axesAreInput: 13, sizes: { $0.reduce(0, +) }
    ) {
      try sum($0, axes: $1, keepingAxes: true)
    },
    reduction("ReduceSumSquare", since: [1, 11, 13, 18]) {
      try sum($0 * $0, axes: $1, keepingAxes: true)
    },
  ]

  /// A reduction: axes are an attribute, from `axesAreInput` on an input; without any, all axes are
  /// reduced, or with `noop_with_empty_axes` none. `record` keeps the axes with size 1; `sizes` says
  /// what a shape comes to, so that it stays known.
  private static func reduction(
    _ name: String, since: [Int], axesAreInput: Int = 18,
    sizes: (@Sendable ([Dimension]) -> Dimension)? = nil,
    _ record: @escaping @Sendable (Value, [Int]) throws -> Value
  ) -> ONNXOperator {
    ONNXOperator(name, since: since) { node in
      let x = try node.input(0)
      let given = try node.integers("axes", orInput: 1, since: axesAreInput) ?? []
      var axes = try node.axes(given, rank: x.rank)
      if axes.isEmpty, try !node.flag("noop_with_empty_axes") { axes = Array(0..<x.rank) }
      let result: Value
      if let sizes, axes == [0], let known = x.knownElements, !known.isEmpty {
        result = try TenonOps.reshape(node.graph.size(sizes(known), x.elementType), [1])
      } else {
        result = try record(x, axes)
      }
      if try node.flag("keepdims", default: true) { return result }
      let kept = x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] }
      return try TenonOps.reshape(result, Shape(kept))
    }
  }

  /// The logarithm of the sum of exponentials, from x less its maximum so that none overflows.
  private static func logSumExp(_ x: Value, _ axes: [Int]) throws -> Value {
    let largest = try maximum(x, axes: axes, keepingAxes: true)
    // Where all are minus infinity, or one is infinity, nothing may be subtracted.
    let shift = try select(isFinite(largest), largest, largest.filled(0, site: CallSite()))
    let total = try sum(
      exp(x - TenonOps.broadcast(shift, to: x)), axes: axes, keepingAxes: true)
    return try log(total) + shift
  }

  private static func extreme(_ name: String, isMaximum: Bool) -> ONNXOperator {
    ONNXOperator(name, since: [1, 11, 12, 13]) { node in
      let x = try node.input(0)
      let axis = try node.axis(node.integer("axis", default: 0), rank: x.rank)
      let isLast = try node.flag("select_last_index")
      let place =
        isMaximum
        ? try x.graph.apply1(ArgMax(axis: axis, isLast: isLast), [x], site: CallSite())
        : try x.graph.apply1(ArgMin(axis: axis, isLast: isLast), [x], site: CallSite())
      guard try node.flag("keepdims", default: true) else { return place }
      var kept = x.shape
      kept[axis] = 1
      return try TenonOps.reshape(place, kept)
    }
  }

  private static func cumulative(
    _ name: String, since: [Int],
    _ record: @escaping @Sendable (Value, Int, Bool, Bool) throws -> Value
  ) -> ONNXOperator {
    ONNXOperator(name, since: since) { node in
      let x = try node.input(0)
      let axes = try node.integers(1)
      try node.require(axes.count == 1, "the axis must be one integer, given \(axes.count)")
      return try record(
        x, node.axis(axes[0], rank: x.rank), node.flag("exclusive"), node.flag("reverse"))
    }
  }

  /// `MeanVarianceNormalization`: x less its mean, over its standard deviation and 1e-9.
  private static let meanVarianceNormalization = ONNXOperator(
    "MeanVarianceNormalization", since: [9, 13]
  ) { node in
    let x = try node.input(0)
    let axes = try node.axes(node.integers("axes") ?? [0, 2, 3], rank: x.rank)
    let average = try mean(x, axes: axes, keepingAxes: true)
    let centred = try x - TenonOps.broadcast(average, to: x)
    let variance = try mean(centred * centred, axes: axes, keepingAxes: true)
    return try centred / TenonOps.broadcast(sqrt(variance) + 1e-9, to: x)
  }
}

extension Value {
  /// A function of floats; integers go through f64 and are truncated.
  fileprivate func throughFloat(_ function: (Value) throws -> Value) throws -> Value {
    if elementType.isFloat { return try function(self) }
    return try convert(function(convert(self, to: .f64)), to: elementType)
  }
}
