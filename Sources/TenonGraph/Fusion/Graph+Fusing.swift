import TenonTensor

extension PassContext {
  /// Puts the nodes of every entry that become one kernel into the region of a `fusion` node,
  /// logging each group and each refusal with its reason.
  package func fuse() {
    let table = LoweringTable(graph)
    let limits = FusionLimits(target)
    let fusion = graph.intern(Fusion())
    var refusals: [PassLog.Refusal] = []
    for entry in graph.entries {
      for region in graph.executedRegions(under: entry.region, table) {
        let grouping = FusionGrouping(region, graph, table, limits)
        let nodes = graph.nodes(region)
        for (position, reason) in grouping.refusals {
          let node = nodes[position]
          refusals.append(
            .init(rule: "fuse", reason: reason, node: node, origin: graph.origin(node)))
        }
        FusionRewriter(graph, region, grouping, fusion).run { fused in
          log.add(
            rule: "fuse", reason: fused.reason, node: nil, origin: graph.origin(fused.node),
            removed: [], created: [fused.node] + fused.copies, replacements: [])
        }
      }
    }
    log.setRefusals(refusals)
  }
}

extension Graph {
  /// An entry's region and those of its loops and branches: the regions whose nodes become steps.
  package func executedRegions(under root: RegionID, _ table: LoweringTable) -> [RegionID] {
    var found: [RegionID] = []
    var pending = [root]
    while let region = pending.popLast() {
      found.append(region)
      for node in nodes(region) where !regions(node).isEmpty {
        switch table.lowered(node).lowering {
        case .loop, .branch: pending.append(contentsOf: regions(node).reversed())
        default: break
        }
      }
    }
    return found
  }
}

/// Moves grouped nodes of one region into the regions of fusion nodes.
struct FusionRewriter {
  struct Fused {
    var node: NodeID
    /// Nodes recorded again because several groups read them.
    var copies: [NodeID]
    var reason: String
  }

  private let graph: Graph
  private let region: RegionID
  private let fusion: OpID
  private let nodes: [NodeID]
  private let operands: [[ValueID]]
  private let groups: [FusionGrouping.Group]

  init(_ graph: Graph, _ region: RegionID, _ grouping: FusionGrouping, _ fusion: OpID) {
    self.graph = graph
    self.region = region
    self.fusion = fusion
    nodes = graph.nodes(region)
    operands = nodes.map { Array(graph.operands($0)) }
    groups = grouping.groups
  }

  func run(_ report: (Fused) -> Void) {
    guard groups.contains(where: { $0.positions.count > 1 }) else { return }
    var isReadOutside = outsideReaders()
    for result in graph.results(region) { isReadOutside[result] = true }
    var ownerOf = [Int](repeating: -1, count: nodes.count)
    // The group that hands a node's results out keeps it; the others get copies.
    for (place, group) in groups.enumerated()
    where group.positions.contains(group.memberPositions[0]) {
      ownerOf[group.memberPositions[0]] = place
    }
    for (place, group) in groups.enumerated() where group.positions.count > 1 {
      for position in group.positions where ownerOf[position] < 0 { ownerOf[position] = place }
    }
    var replaced: [ValueID: ValueID] = [:]
    var units: [(node: NodeID, priority: Int)] = []
    for (place, group) in groups.enumerated().reversed() {
      guard group.positions.count > 1 else {
        units.append((nodes[group.positions[0]], group.positions[0]))
        continue
      }
      let fused = fuse(group, place, ownerOf, isReadOutside, &replaced)
      report(fused)
      units.append((fused.node, group.positions.last!))
    }
    for (node, _) in units {
      // A slice of operands that is kept would have the first change copy all operands.
      for position in 0..<graph.operandCount(node) {
        if let new = replaced[graph.operand(node, position)] {
          graph.setOperand(node, position, new)
        }
      }
    }
    graph.setResults(region, graph.results(region).map { replaced[$0] ?? $0 })
    graph.setNodes(region, graph.sorted(units, of: region))
  }

  /// By value of nodes' results, whether some group reads it that does not compute it.
  private func outsideReaders() -> [ValueID: Bool] {
    var found: [ValueID: Bool] = [:]
    var groupOf: [NodeID: Int] = [:]
    groupOf.reserveCapacity(nodes.count)
    for (place, group) in groups.enumerated() {
      for position in group.positions { groupOf[nodes[position]] = place }
      for position in group.positions {
        for operand in operands[position] {
          guard let producer = graph.producer(operand), groupOf[producer] != place else {
            continue
          }
          found[operand] = true
        }
      }
    }
    return found
  }

  private func fuse(
    _ group: FusionGrouping.Group, _ place: Int, _ ownerOf: [Int],
    _ isReadOutside: [ValueID: Bool], _ replaced: inout [ValueID: ValueID]
  ) -> Fused {
    let inner = graph.makeRegion(arguments: [])
    var local: [ValueID: ValueID] = [:]
    var operands: [ValueID] = []
    var body: [NodeID] = []
    var copies: [NodeID] = []
    var results: [(outer: ValueID, inner: ValueID)] = []
    var origin = OriginID.none
    for position in group.positions.reversed() {
      origin = graph.origins.union(origin, graph.origin(nodes[position]))
    }
    for position in group.positions {
      let node = nodes[position]
      let inputs = self.operands[position].map { value -> ValueID in
        if let known = local[value] { return known }
        let argument = graph.addArgument(inner, graph.type(value))
        graph.setKnownElements(argument, graph.knownElements(value))
        operands.append(value)
        local[value] = argument
        return argument
      }
      let isOwner = ownerOf[position] == place
      let member =
        isOwner
        ? node
        : graph.makeNode(
          graph.opID(node), inputs, results: graph.results(node).map(graph.typeID), regions: [],
          origin: graph.origin(node), scope: graph.scope(node), in: inner)
      if isOwner {
        for (operand, value) in inputs.enumerated() { graph.setOperand(node, operand, value) }
        graph.move(node, to: inner)
      } else {
        copies.append(member)
      }
      body.append(member)
      for (result, value) in graph.results(node).enumerated() {
        local[value] = graph.result(member, result)
        if isOwner, isReadOutside[value] == true { results.append((value, value)) }
      }
    }
    graph.setNodes(inner, body)
    graph.setResults(inner, results.map(\.inner))
    let root = nodes[group.positions.last!]
    let node = graph.makeNode(
      fusion, operands, results: results.map { graph.typeID($0.outer) }, regions: [inner],
      origin: origin, scope: graph.scope(root), in: region)
    for (position, (outer, _)) in results.enumerated() {
      let new = graph.result(node, position)
      replaced[outer] = new
      graph.inherit(from: outer, to: new)
    }
    let reason =
      "\(group.positions.count) ops in one kernel"
      + (group.cluster?.hasStages == true ? ", row by row" : "")
      + (results.count > 1 ? ", with \(results.count) results" : "")
    return Fused(node: node, copies: copies, reason: reason)
  }
}

extension Graph {
  fileprivate func move(_ node: NodeID, to region: RegionID) {
    nodeRecords[node.index].region = region
    for result in results(node) { valueRecords[result.index].region = region }
  }

  /// Nodes of one region after what they read, be it a size, else in the order of their priorities.
  fileprivate func sorted(
    _ units: [(node: NodeID, priority: Int)], of region: RegionID
  ) -> [NodeID] {
    var sizes = SizeReaders(self, under: [region])
    let ordered = units.sorted { $0.priority < $1.priority }.map(\.node)
    var placeOf: [NodeID: Int] = [:]
    for (place, node) in ordered.enumerated() { placeOf[node] = place }
    var waiting = [Int](repeating: 0, count: ordered.count)
    var readers = [[Int]](repeating: [], count: ordered.count)
    for (place, node) in ordered.enumerated() {
      let producers = operands(node).compactMap { producer($0) } + sizes.readers(before: node)
      for producer in producers {
        guard let source = placeOf[producer] else { continue }
        readers[source].append(place)
        waiting[place] += 1
      }
    }
    var ready = AscendingHeap(ordered.indices.filter { waiting[$0] == 0 })
    var result: [NodeID] = []
    result.reserveCapacity(ordered.count)
    while let place = ready.popLeast() {
      result.append(ordered[place])
      for reader in readers[place] {
        waiting[reader] -= 1
        if waiting[reader] == 0 { ready.insert(reader) }
      }
    }
    precondition(result.count == ordered.count, "internal: groups wait for each other")
    return result
  }
}

/// Numbers from which the least is taken.
package struct AscendingHeap {
  private var items: [Int]

  /// `items` must be ascending.
  package init(_ items: [Int] = []) { self.items = items }

  package mutating func insert(_ item: Int) {
    items.append(item)
    var place = items.count - 1
    while place > 0, items[(place - 1) / 2] > items[place] {
      items.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  package mutating func popLeast() -> Int? {
    guard let least = items.first else { return nil }
    let last = items.removeLast()
    guard !items.isEmpty else { return least }
    items[0] = last
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < items.count else { return least }
      if child + 1 < items.count, items[child + 1] < items[child] { child += 1 }
      guard items[child] < items[place] else { return least }
      items.swapAt(place, child)
      place = child
    }
  }
}
