import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators on single elements, broadcast as NumPy does.
  static let elementwise: [ONNXOperator] = [
    unary("Abs", since: [1, 6, 13]) { try abs($0) },
    binary("Add", since: [1, 6, 7, 13, 14]) { try $0 + $1 },
    unary("Ceil", since: [1, 6, 13]) { try ceil($0) },
    binary("Div", since: [1, 6, 7, 13, 14]) { try $0 / $1 },
    unary("Exp", since: [1, 6, 13]) { try exp($0) },
    unary("Floor", since: [1, 6, 13]) { try floor($0) },
    ONNXOperator("Identity", since: [1, 13, 14, 16, 19, 21, 23, 24, 25]) { try $0.input(0) },
    unary("Log", since: [1, 6, 13]) { try log($0) },
    binary("Mul", since: [1, 6, 7, 13, 14]) { try $0 * $1 },
    unary("Neg", since: [1, 6, 13]) { try -$0 },
    unary("Relu", since: [1, 6, 13, 14]) { try relu($0) },
    unary("Sqrt", since: [1, 6, 13]) { try sqrt($0) },
    binary("Sub", since: [1, 6, 7, 13, 14]) { try $0 - $1 },
    unary("Tanh", since: [1, 6, 13]) { try tanh($0) },
  ]

  /// An operator that maps each element of its input.
  static func unary(
    _ name: String, since: [Int], _ record: @escaping @Sendable (Value) throws -> Value
  ) -> ONNXOperator {
    ONNXOperator(name, since: since) { try record($0.input(0)) }
  }

  /// An operator on two inputs, which are broadcast to one shape first.
  static func binary(
    _ name: String, since: [Int], _ record: @escaping @Sendable (Value, Value) throws -> Value
  ) -> ONNXOperator {
    ONNXOperator(name, since: since) { node in
      let (a, b) = try node.broadcastOperands()
      return try record(a, b)
    }
  }
}

extension ONNXNode {
  /// Inputs 0 and 1 in one shape. Before version 7, the second is broadcast only where the
  /// attribute `broadcast` says so, and from `axis` on.
  func broadcastOperands() throws -> (Value, Value) {
    let (a, b) = (try input(0), try input(1))
    guard version < 7 else { return try broadcast(a, b) }
    guard try flag("broadcast"), let first = try integer("axis") else {
      return try broadcast(a, b)
    }
    let start = try axis(first, rank: a.rank)
    try require(start + b.rank <= a.rank, "axis \(first) leaves no room for the second input")
    let repeated = try graph.apply1(
      BroadcastInDim(shape: a.shape, dimensions: b.shape.indices.map { start + $0 }), [b],
      site: CallSite())
    return (a, repeated)
  }
}
