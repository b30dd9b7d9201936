import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `Softmax`.
  static let softmaxOperator = ONNXOperator("Softmax", since: [1, 11, 13]) { node in
    try node.alongRows { try softmax($0, axis: $1) }
  }

  /// `LogSoftmax`.
  static let logSoftmaxOperator = ONNXOperator("LogSoftmax", since: [1, 11, 13]) { node in
    try node.alongRows { try logSoftmax($0, axis: $1) }
  }

  /// `Hardmax`: 1 at the first largest element of each row, else 0.
  static let hardmax = ONNXOperator("Hardmax", since: [1, 11, 13]) { node in
    try node.alongRows { x, axis in
      let place = try x.graph.apply1(ArgMax(axis: axis), [x], site: CallSite())
      let others = x.shape.indices.filter { $0 != axis }
      let places = try x.graph.apply1(
        BroadcastInDim(shape: x.shape, dimensions: others), [place], site: CallSite())
      let isPlace = try equal(x.graph.iota(.i64, x.shape, dimension: axis), places)
      return try convert(isPlace, to: x.elementType)
    }
  }
}

extension ONNXNode {
  /// A function along the attribute `axis`. Before version 13 all axes from it on are one row.
  fileprivate func alongRows(_ function: (Value, Int) throws -> Value) throws -> Value {
    let x = try input(0)
    let axis = try self.axis(integer("axis", default: version < 13 ? 1 : -1), rank: x.rank)
    if version >= 13 || axis == x.rank - 1 { return try function(x, axis) }
    let sizes = x.shape.dimensions
    let rows = Shape(Array(sizes[..<axis]) + [Shape(Array(sizes[axis...])).elementCount])
    return try TenonOps.reshape(function(TenonOps.reshape(x, rows), axis), x.shape)
  }
}
