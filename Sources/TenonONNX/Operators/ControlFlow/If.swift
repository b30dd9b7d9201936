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
      guard types.count == 2, let shapes = BranchShapes(types[0], types[1]) else {
        // Results of one kind are no single type: the condition must be known.
        _ = try node.constant(0)
        preconditionFailure("internal: a known condition became unknown")
      }
      return try shapes.conditional(node, condition, onTrue, onFalse).map(ONNXValue.tensor)
    }
  }
}

/// The branches of an `If` give sequences, or tensors of different types.
private struct BranchesDiffer: Error {}

/// Results of two branches whose sizes differ: each branch fills them up to the larger bound and
/// says how large they are, which a run then reads.
private struct BranchShapes {
  /// The common shapes, differing sizes at their bounds.
  private var shapes: [Shape] = []
  /// Which sizes differ, by result.
  private var axes: [[Int]] = []

  /// Nil where the results differ in more than bounded sizes.
  init?(_ a: [ValueType], _ b: [ValueType]) {
    guard a.count == b.count else { return nil }
    for (first, second) in zip(a, b) {
      guard let first = first.tensor, let second = second.tensor, first.element == second.element,
        first.rank == second.rank
      else { return nil }
      var shape = first.shape
      let differing = shape.indices.filter { first.shape[$0] != second.shape[$0] }
      for axis in differing {
        guard let one = first.shape[axis].upperBound, let other = second.shape[axis].upperBound
        else { return nil }
        shape[axis] = Dimension(max(one, other))
      }
      shapes.append(shape)
      axes.append(differing)
    }
  }

  func conditional(
    _ node: ONNXNode, _ condition: Value, _ onTrue: ONNXGraphProto, _ onFalse: ONNXGraphProto
  ) throws -> [Value] {
    func branch(_ graph: ONNXGraphProto) throws -> [Value] {
      var filled: [Value] = []
      var sizes: [Value] = []
      for (position, value) in try node.record(graph, []).enumerated() {
        guard case .tensor(let tensor) = value else { throw BranchesDiffer() }
        let missing = zip(shapes[position], tensor.shape).map { $0 - $1 }
        filled.append(try pad(tensor, low: missing.map { _ in 0 }, high: missing))
        sizes += try axes[position].map { try node.graph.size(tensor.shape[$0]) }
      }
      return filled + sizes
    }
    let results = try TenonOps.conditional(
      condition, onTrue: { try branch(onTrue) }, onFalse: { try branch(onFalse) })
    var sizes = results[shapes.count...]
    return try shapes.indices.map { position in
      var limits = shapes[position].dimensions
      for axis in axes[position] {
        limits[axis] = try runningSize(
          sizes.removeFirst(), node.newSize("chosen"), maximum: limits[axis].constant!)
      }
      return try slice(results[position], starts: limits.map { _ in 0 }, limits: limits)
    }
  }
}
