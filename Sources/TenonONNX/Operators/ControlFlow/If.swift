import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `If`: the graph that a known condition chooses stands in the node's place; else both do.
  static let branching = ONNXOperator(
    values: "If", since: [1, 11, 13, 16, 19, 21, 23, 24, 25]
  ) { node in
    let (onTrue, onFalse) = (try node.subgraph("then_branch"), try node.subgraph("else_branch"))
    if let known = try node.knownTensor(0) {
      try node.require(known.elementCount == 1, "the condition must be one truth value")
      return try node.record(try known.integers()[0] != 0 ? onTrue : onFalse, [])
    }
    let condition = try TenonOps.reshape(node.input(0), [])
    var types: [[ValueType]] = []
    func branch(_ graph: ONNXGraphProto) throws -> [Value] {
      let values = try node.record(graph, [])
      let tensors = values.compactMap { value -> Value? in
        if case .tensor(let tensor) = value { tensor } else { nil }
      }
      types.append(tensors.map(\.type))
      guard tensors.count == values.count, types[0] == tensors.map(\.type) else {
        throw BranchesDiffer()
      }
      return tensors
    }
    do {
      let results = try TenonOps.conditional(
        condition, onTrue: { try branch(onTrue) }, onFalse: { try branch(onFalse) })
      return results.map(ONNXValue.tensor)
    } catch is BranchesDiffer {
      // Results of one kind are no single type: the condition must be known.
      _ = try node.constant(0)
      preconditionFailure("internal: a known condition became unknown")
    }
  }
}

/// The branches of an `If` give sequences, or tensors of different types.
private struct BranchesDiffer: Error {}
