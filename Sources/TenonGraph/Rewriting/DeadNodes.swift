import TenonTensor

extension PassContext {
  /// Drops the nodes of all regions that no result depends on, each region walked backwards once.
  /// What reads a size is kept as long as the size is in use.
  public func removeDeadNodes() {
    var isUsed = [Bool](repeating: false, count: graph.valueCapacity)
    var pending = graph.entries.reversed().map(\.region)
    var sizes = SizeReaders(graph, under: pending)
    while let region = pending.popLast() {
      for result in graph.regionRecords[region.index].results { isUsed[result.index] = true }
      let nodes = graph.nodes(region)
      var dead: [NodeID] = []
      for node in nodes.reversed() {
        let record = graph.nodeRecords[node.index]
        let results = Int(record.resultStart)..<Int(record.resultStart + record.resultCount)
        guard results.contains(where: { isUsed[$0] }) else {
          dead.append(node)
          continue
        }
        let operands = Int(record.operandStart)..<Int(record.operandStart + record.operandCount)
        for place in operands { isUsed[graph.operandPool[place].index] = true }
        for reader in sizes.readers(before: node) { isUsed[graph.result(reader).index] = true }
        if record.regionCount > 0 { pending.append(contentsOf: graph.regions(node).reversed()) }
      }
      if dead.isEmpty { continue }
      remove(dead, from: region, nodes)
    }
  }

  private func remove(_ dead: [NodeID], from region: RegionID, _ nodes: [NodeID]) {
    // `dead` is in descending order of place.
    var next = dead.count - 1
    var kept: [NodeID] = []
    kept.reserveCapacity(nodes.count - dead.count)
    for node in nodes {
      if next >= 0, dead[next] == node {
        next -= 1
      } else {
        kept.append(node)
      }
    }
    graph.setNodes(region, kept)
    var removed = Array(dead.reversed())
    for node in dead.reversed() {
      for root in graph.regions(node) {
        for inner in graph.regions(under: root) { removed += graph.nodes(inner) }
      }
    }
    log.add(
      rule: "remove-dead-nodes", reason: "nothing uses its results", node: nil, origin: .none,
      removed: removed, created: [], replacements: [])
  }
}
