import TenonTensor

/// A lowering, over memory where values have layouts, with what fusion needs to know of it.
package final class LoweredOp {
  package let lowering: Lowering?
  /// Nil where the lowering is no compute.
  package let facts: ComputeFacts?

  init(_ lowering: Lowering?, operands: [TensorType], changesLayout: Bool = false) {
    self.lowering = lowering
    if case .compute(let compute)? = lowering {
      facts = ComputeFacts(compute, operands: operands, changesLayout: changesLayout)
    } else {
      facts = nil
    }
  }
}

/// The lowerings of a graph's nodes, each worked out once for equal ops on equal types, equal
/// known elements and equal regions.
package final class LoweringTable {
  /// What a lowering depends on.
  package struct Key: Hashable {
    fileprivate var words: [Int32]
    fileprivate var known: [[Dimension]?]
  }

  private let graph: Graph
  private var known: [Key: LoweredOp] = [:]

  package init(_ graph: Graph) { self.graph = graph }

  /// The node's lowering; without one where an operand or a result is no tensor.
  package func lowered(_ node: NodeID) -> LoweredOp {
    let key = key(node)
    if let found = known[key] { return found }
    let made = lower(node)
    known[key] = made
    return made
  }

  /// Equal for nodes of equal ops, types, known elements and regions.
  package func key(_ node: NodeID) -> Key {
    var words: [Int32] = [graph.opID(node).rawValue, Int32(graph.operandCount(node))]
    var elements: [[Dimension]?] = []
    for (position, operand) in graph.operands(node).enumerated() {
      words.append(graph.typeID(operand).rawValue)
      if let some = graph.knownElements(operand) {
        if elements.isEmpty {
          elements = [[Dimension]?](repeating: nil, count: graph.operandCount(node))
        }
        elements[position] = some
      }
    }
    for result in graph.results(node) { words.append(graph.typeID(result).rawValue) }
    for region in graph.regions(node) { appendContent(of: region, to: &words) }
    return Key(words: words, known: elements)
  }

  private func lower(_ node: NodeID) -> LoweredOp {
    let operands = graph.operands(node).compactMap { graph.type($0).tensor }
    let results = graph.results(node).compactMap { graph.type($0).tensor }
    guard operands.count == graph.operandCount(node), results.count == graph.resultCount(node)
    else { return LoweredOp(nil, operands: []) }
    let site = LoweringSite(
      operands: operands, results: results, graph: graph, regions: Array(graph.regions(node)),
      knownElements: graph.operands(node).map { graph.knownElements($0) })
    let lowering = graph.op(node).lowering(site)
    guard let lowering, (operands + results).contains(where: { $0.layout != nil }) else {
      return LoweredOp(lowering, operands: operands)
    }
    guard let stored = lowering.stored(operands: operands, results: results) else {
      preconditionFailure("internal: an op that takes no layouts was given one")
    }
    return LoweredOp(
      stored, operands: operands.map(\.stored),
      changesLayout: operands.first?.layout != results.first?.layout
        && operands.first?.shape == results.first?.shape)
  }

  /// What is in a small region, numbered from its arguments on; a large region stands for itself.
  private func appendContent(of region: RegionID, to words: inout [Int32]) {
    let nodes = graph.nodes(region)
    guard nodes.count <= 128 else {
      words += [-1, region.rawValue]
      return
    }
    var numbers: [ValueID: Int32] = [:]
    words += [-2, Int32(graph.arguments(region).count)]
    for argument in graph.arguments(region) {
      numbers[argument] = Int32(numbers.count)
      words.append(graph.typeID(argument).rawValue)
    }
    for node in nodes {
      words.append(graph.opID(node).rawValue)
      for operand in graph.operands(node) { words.append(numbers[operand] ?? -3) }
      for result in graph.results(node) {
        numbers[result] = Int32(numbers.count)
        words.append(graph.typeID(result).rawValue)
      }
      for inner in graph.regions(node) { appendContent(of: inner, to: &words) }
    }
    words.append(-4)
    for result in graph.results(region) { words.append(numbers[result] ?? -3) }
  }
}
