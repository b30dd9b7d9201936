import TenonTensor

/// An op whose integer operand becomes the size of a running symbol for the nodes that follow; its
/// result is the operand as it is.
///
/// One node of a graph reads a symbol. Every node with the symbol in its types or attributes comes
/// after that node and keeps it alive, whether it reads its result or not.
public protocol SizeReadingOp: ForwardingOp {
  var symbol: Symbol { get }
}

/// The nodes that read sizes, by symbol, and who depends on them beside what operands say.
package struct SizeReaders {
  private let graph: Graph
  private var readers: [Symbol: NodeID] = [:]
  private var symbolsOfOp: [OpID: [Symbol]] = [:]

  /// The readers in regions and those nested in them. Graphs without any, which most are, are not
  /// looked through.
  package init(_ graph: Graph, under roots: [RegionID]) {
    self.graph = graph
    guard graph.ops.contains(where: { $0 is any SizeReadingOp }) else { return }
    for root in roots {
      for region in graph.regions(under: root) {
        for node in graph.nodes(region) {
          if let reading = graph.op(node) as? any SizeReadingOp { readers[reading.symbol] = node }
        }
      }
    }
  }

  /// The readers of the symbols in a node's types and attributes, the node itself left out.
  package mutating func readers(before node: NodeID) -> [NodeID] {
    if readers.isEmpty { return [] }
    var found: [NodeID] = []
    func note(_ symbols: [Symbol]) {
      for symbol in symbols {
        guard let reader = readers[symbol], reader != node, !found.contains(reader) else {
          continue
        }
        found.append(reader)
      }
    }
    let op = graph.opID(node)
    if symbolsOfOp[op] == nil {
      symbolsOfOp[op] = graph.ops[op.index].attributes.values.flatMap(\.symbols)
    }
    note(symbolsOfOp[op]!)
    for result in graph.results(node) { note(graph.type(result).symbols) }
    for region in graph.regions(node) {
      for argument in graph.arguments(region) { note(graph.type(argument).symbols) }
      let inner = graph.nodes(region)
      for reader in inner.flatMap({ readers(before: $0) })
      where !found.contains(reader) && !inner.contains(reader) {
        found.append(reader)
      }
    }
    return found
  }
}
