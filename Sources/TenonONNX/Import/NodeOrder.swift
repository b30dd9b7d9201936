import TenonTensor

/// The order in which nodes are recorded.
enum NodeOrder {
  /// The nodes as they are where each comes after those that it reads, else sorted so.
  ///
  /// - Throws: `model-node` where nodes read each other in a circle.
  static func sorted(_ nodes: [ONNXNodeProto]) throws -> [ONNXNodeProto] {
    var producers: [String: Int] = [:]
    for (position, node) in nodes.enumerated() {
      for name in node.output where !name.isEmpty && producers[name] == nil {
        producers[name] = position
      }
    }
    let reads = nodes.map { names(in: $0).compactMap { producers[$0] } }
    if reads.enumerated().allSatisfy({ place, read in read.allSatisfy { $0 < place } }) {
      return nodes
    }
    var waits = reads.map { Set($0).count }
    var readers = [[Int]](repeating: [], count: nodes.count)
    for (position, read) in reads.enumerated() {
      for producer in Set(read).sorted() { readers[producer].append(position) }
    }
    var ready = nodes.indices.filter { waits[$0] == 0 }
    var next = 0
    while next < ready.count {
      for reader in readers[ready[next]] {
        waits[reader] -= 1
        if waits[reader] == 0 { ready.append(reader) }
      }
      next += 1
    }
    guard ready.count == nodes.count else {
      throw TenonError.circle(nodes.indices.filter { waits[$0] > 0 }.map { name(nodes[$0]) })
    }
    return ready.map { nodes[$0] }
  }

  /// What a node is called: its name, else its first result's.
  static func name(_ node: ONNXNodeProto) -> String {
    node.name.isEmpty ? (node.output.first { !$0.isEmpty } ?? node.opType) : node.name
  }

  /// All names that a node reads, those that its subgraphs read from outside included.
  private static func names(in node: ONNXNodeProto) -> [String] {
    var found = node.input.filter { !$0.isEmpty }
    var graphs = node.attribute.flatMap { ($0.hasG ? [$0.g] : []) + $0.graphs }
    while let graph = graphs.popLast() {
      // A name of the subgraph's own may be read here too: at worst the nodes are sorted more
      // strictly than they must be.
      let own = Set(graph.input.map(\.name) + graph.node.flatMap(\.output))
      for inner in graph.node {
        found += inner.input.filter { !$0.isEmpty && !own.contains($0) }
        graphs += inner.attribute.flatMap { ($0.hasG ? [$0.g] : []) + $0.graphs }
      }
      found += graph.output.map(\.name).filter { !own.contains($0) }
    }
    return found
  }
}
