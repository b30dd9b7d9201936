import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `Pad`: with a constant, with elements mirrored, with those of the edge, or around and around.
  static let padding = ONNXOperator(
    "Pad", since: [1, 2, 11, 13, 18, 19, 21, 23, 24, 25]
  ) { node in
    let x = try node.input(0)
    let amounts: [Dimension]
    if node.version < 11 {
      let name = node.version < 2 ? "paddings" : "pads"
      amounts = (try node.integers(name) ?? []).map { Dimension($0) }
    } else {
      amounts = try node.sizes(1)
    }
    let axes =
      try node.has(3) ? node.axes(node.integers(3), rank: x.rank) : Array(x.shape.indices)
    try node.require(
      amounts.count == 2 * axes.count,
      "needs two amounts for each of \(axes.count) axes, not \(amounts)")
    var (low, high) = (x.shape.map { _ in Dimension(0) }, x.shape.map { _ in Dimension(0) })
    for (position, axis) in axes.enumerated() {
      low[axis] = amounts[position]
      high[axis] = amounts[axes.count + position]
    }
    let mode = try node.string("mode", default: "constant")
    switch mode {
    case "constant":
      if node.version >= 11, let fill = try node.optionalInput(2) {
        return try TenonOps.pad(
          x, low: low, high: high, fill: TenonOps.reshape(convert(fill, to: x.elementType), []))
      }
      let fill = node.version < 11 ? try node.float("value", default: 0) : 0
      return try TenonOps.pad(x, low: low, high: high, with: fill)
    case "reflect", "edge", "wrap":
      return try node.padded(x, low, high, mode)
    default:
      throw node.fail("mode must be constant, reflect, edge or wrap, not \(mode)")
    }
  }
}

extension ONNXNode {
  /// Each padded axis takes its elements from places inside.
  fileprivate func padded(
    _ x: Value, _ low: [Dimension], _ high: [Dimension], _ mode: String
  ) throws -> Value {
    var result = x
    for axis in x.shape.indices where low[axis] != 0 || high[axis] != 0 {
      let size = x.shape[axis]
      try require(size != 0, "axis \(axis) of size 0 has no elements to repeat")
      let shape: Shape = [size + low[axis] + high[axis]]
      func repeated(_ size: Dimension) throws -> Value {
        try TenonOps.broadcast(graph.size(size), to: shape)
      }
      let place = try graph.iota(.i64, shape) - repeated(low[axis])
      let source: Value
      switch mode {
      case "edge": source = try minimum(maximum(place, 0), repeated(size - 1))
      case "wrap": source = try wrapped(place, repeated(size))
      default:
        // There and back again is one period.
        let period = Dimension.maximum(size * 2 - 2, 1)
        let there = try wrapped(place, repeated(period))
        source = try select(less(there, repeated(size)), there, repeated(period) - there)
      }
      result = try take(result, source, axis: axis)
    }
    return result
  }

  /// The remainder with the sign of the divisor.
  private func wrapped(_ place: Value, _ period: Value) throws -> Value {
    try remainder(remainder(place, period) + period, period)
  }
}
