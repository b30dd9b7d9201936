import TenonTensor

/// The nodes around an edit, old and new, that are evaluated to compare them, in an order in which
/// they can run, and the values that come from outside.
struct EditContext {
  private(set) var nodes: [NodeID] = []
  private(set) var boundary: [ValueID] = []
  /// The results before and after.
  let before: [ValueID]
  let after: [ValueID]
  /// Why the edit cannot be evaluated.
  private(set) var obstacle: String?
  /// Whether every node that the edit depends on is here.
  private(set) var isComplete = true

  /// The edit's nodes, and nodes at most `depth` away from them; constants wherever they are read.
  init(_ graph: Graph, _ edit: EditVerifier.Edit, depth: Int) {
    let pairs = zip(graph.results(edit.node), edit.values).compactMap { old, new in
      new.map { (old, $0) }
    }
    before = pairs.map(\.0)
    after = pairs.map(\.1)
    let recorded = Set(edit.recorded)
    var depths: [NodeID: Int] = [:]
    var queue: [NodeID] = []
    func include(_ node: NodeID, _ distance: Int) {
      guard depths[node] == nil else { return }
      depths[node] = distance
      queue.append(node)
    }
    include(edit.node, 0)
    for value in after { if let node = graph.producer(value) { include(node, 0) } }
    var next = 0
    while next < queue.count {
      let node = queue[next]
      next += 1
      let distance = depths[node]!
      for operand in graph.operands(node) {
        guard let producer = graph.producer(operand), depths[producer] == nil else { continue }
        if recorded.contains(producer) {
          include(producer, distance)
        } else if EditContext.obstacle(graph, producer) != nil {
          continue
        } else if graph.operandCount(producer) == 0 || distance < depth {
          include(producer, distance + 1)
        } else {
          isComplete = false
        }
      }
    }
    for node in queue where node == edit.node || depths[node] == 0 {
      if let reason = EditContext.obstacle(graph, node) { obstacle = obstacle ?? reason }
    }
    order(graph, from: queue, included: depths)
  }

  /// Why a node cannot be evaluated, or its values not drawn.
  private static func obstacle(_ graph: Graph, _ node: NodeID) -> String? {
    let op = graph.op(node)
    if !(op is any PrimitiveOp), !(op is any CompositeOp) {
      return "\(type(of: op).name) neither evaluates nor has a body"
    }
    for value in graph.results(node) + graph.operands(node) {
      guard let type = graph.type(value).tensor, type.element != .string, !type.element.isComplex
      else { return "\(graph.type(value)) is no type that values are drawn of" }
    }
    return nil
  }

  /// Depth first, operands before the nodes that read them.
  private mutating func order(
    _ graph: Graph, from roots: [NodeID], included: [NodeID: Int]
  ) {
    var isPlaced: Set<NodeID> = []
    var isOutside: Set<ValueID> = []
    for root in roots {
      var stack = [(root, 0)]
      while let (node, position) = stack.popLast() {
        if isPlaced.contains(node) { continue }
        guard position < graph.operandCount(node) else {
          isPlaced.insert(node)
          nodes.append(node)
          continue
        }
        stack.append((node, position + 1))
        let operand = graph.operand(node, position)
        if let producer = graph.producer(operand), included[producer] != nil {
          stack.append((producer, 0))
        } else if isOutside.insert(operand).inserted {
          boundary.append(operand)
        }
      }
    }
    for value in after {
      guard graph.producer(value) == nil, isOutside.insert(value).inserted else { continue }
      boundary.append(value)
    }
  }
}
