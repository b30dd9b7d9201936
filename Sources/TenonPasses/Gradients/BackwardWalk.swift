import TenonGraph
import TenonOps
import TenonTensor

/// Reverse differentiation over a straight list of nodes: marks what lies between values and
/// targets, then goes through it backwards, each op giving its operands' gradients.
///
/// Marks and gradients are dense arrays that are reused from one walk to the next.
final class BackwardWalk {
  let graph: Graph
  /// By value: the last walk in which it was needed, and in which it was reached from `wrt`.
  private var needed: [Int32] = []
  private var reached: [Int32] = []
  /// By value, its gradient so far, or -1.
  private var adjoints: [Int32] = []
  private var walk: Int32 = 0

  init(_ graph: Graph) { self.graph = graph }

  /// The nodes of `nodes` that the target depends on and that depend on a value of `wrt`, in order.
  func path(_ gradient: GradientNode, before nodes: ArraySlice<NodeID>) -> [NodeID] {
    path(from: gradient.wrt, to: [gradient.target], in: nodes)
  }

  func path(from wrt: [ValueID], to targets: [ValueID], in nodes: ArraySlice<NodeID>) -> [NodeID] {
    walk += 1
    grow(&needed, 0)
    grow(&reached, 0)
    for target in targets { needed[target.index] = walk }
    // Nothing before the first of `wrt` matters.
    var ahead = 0
    var isOpen = false
    for x in wrt where graph.isDifferentiable(x) && reached[x.index] != walk {
      reached[x.index] = walk
      if graph.producer(x) != nil { ahead += 1 } else { isOpen = true }
    }
    var between: [NodeID] = []
    for node in nodes.reversed() {
      if !isOpen && ahead == 0 { break }
      for position in 0..<graph.resultCount(node)
      where reached[graph.result(node, position).index] == walk { ahead -= 1 }
      guard results(of: node, in: needed) else { continue }
      for operand in graph.operands(node) { needed[operand.index] = walk }
      between.append(node)
    }
    var path: [NodeID] = []
    for node in between.reversed() {
      guard graph.operands(node).contains(where: { reached[$0.index] == walk }) else { continue }
      var isOnPath = false
      for position in 0..<graph.resultCount(node) {
        let result = graph.result(node, position)
        if graph.isDifferentiable(result) {
          reached[result.index] = walk
          isOnPath = true
        }
      }
      if isOnPath { path.append(node) }
    }
    return path
  }

  /// The gradients of `wrt` from those of the targets, over a path that `path` has just found;
  /// nil where no target depends on a value.
  ///
  /// - Parameter origin: where the gradient was asked for; what is recorded has it beside the origin
  ///   of the node differentiated.
  func gradients(
    _ targets: [(value: ValueID, seed: Value)], wrt: [ValueID], over path: [NodeID],
    origin: OriginID
  ) throws -> [Value?] {
    grow(&adjoints, -1)
    let wanted = walk
    var touched: [ValueID] = []
    defer { for value in touched { adjoints[value.index] = -1 } }
    for (value, seed) in targets { try accumulate(seed, into: value, &touched) }
    for node in path.reversed() {
      let results = (0..<graph.resultCount(node)).map { graph.result(node, $0) }
      let gradients = results.map { adjoint($0) }
      if gradients.allSatisfy({ $0 == nil }) { continue }
      let operands = Array(graph.operands(node))
      do {
        try graph.recording(as: node, besides: origin) {
          let site = GradientSite(
            graph: graph, node: node, operands: operands.map { Value(graph, $0) },
            results: results.map { Value(graph, $0) }, gradients: gradients,
            wanted: operands.map { $0.index < reached.count && reached[$0.index] == wanted },
            differentiate: { [unowned self] in
              try regionGradient($0, seeded: $1, wanted: $2, origin: origin)
            })
          let operandGradients = try graph.op(node).gradient(site)
          try check(operandGradients, of: node, site)
          for (position, gradient) in operandGradients.enumerated() where site.wanted[position] {
            guard let gradient else { continue }
            try accumulate(gradient, into: operands[position], &touched)
          }
        }
      } catch let error as TenonError {
        throw located(error, node, origin)
      }
    }
    return wrt.map { adjoint($0) }
  }

  private func adjoint(_ value: ValueID) -> Value? {
    guard value.index < adjoints.count, adjoints[value.index] >= 0 else { return nil }
    return Value(graph, ValueID(Int(adjoints[value.index])))
  }

  private func accumulate(_ gradient: Value, into value: ValueID, _ touched: inout [ValueID])
    throws
  {
    if let sum = adjoint(value) {
      let total = try graph.apply1(Add(), [sum, gradient], site: CallSite())
      adjoints[value.index] = total.id.rawValue
    } else {
      adjoints[value.index] = gradient.id.rawValue
      touched.append(value)
    }
  }

  private func check(_ gradients: [Value?], of node: NodeID, _ site: GradientSite) throws {
    let op = type(of: graph.op(node))
    guard gradients.count == site.operands.count else {
      throw TenonError.gradientCount(
        op.name, operands: site.operands.count, given: gradients.count)
    }
    for (position, gradient) in gradients.enumerated() where site.wanted[position] {
      guard let gradient, gradient.type != site.operands[position].type else { continue }
      throw TenonError.gradientType(
        op.name, op.signature.operandName(position), site.operands[position].type, gradient.type)
    }
  }

  private func located(_ error: TenonError, _ node: NodeID, _ origin: OriginID) -> TenonError {
    var error = error
    if error.location == nil { error.location = graph.origins.primaryLine(graph.origin(node)) }
    let asked = graph.origins.primaryLine(origin).map { "in the gradient asked for at \($0)" }
    guard let asked, error.context.last != asked else { return error }
    return error.inContext(asked)
  }

  private func results(of node: NodeID, in marks: [Int32]) -> Bool {
    for position in 0..<graph.resultCount(node)
    where marks[graph.result(node, position).index] == walk { return true }
    return false
  }

  private func grow(_ marks: inout [Int32], _ filler: Int32) {
    if marks.count < graph.valueCapacity {
      marks.append(contentsOf: repeatElement(filler, count: graph.valueCapacity - marks.count))
    }
  }
}
