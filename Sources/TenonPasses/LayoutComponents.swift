import TenonGraph
import TenonTensor

/// The nodes of a region that are best in one layout together, and what that gains.
struct LayoutComponents {
  struct Component {
    var nodes: [NodeID]
    var reason: String
  }

  /// The components that get blocks, in the order of their first nodes.
  private(set) var chosen: [Component] = []
  /// Nanoseconds that they save beyond their conversions.
  private(set) var gain = 0.0
  private(set) var refusals: [(node: NodeID, reason: String)] = []
  private var roles: [NodeID: LayoutRole] = [:]

  private let graph: Graph
  private let cost: LayoutCost

  init(_ region: RegionID, _ graph: Graph, _ table: LoweringTable, _ cost: LayoutCost) {
    self.graph = graph
    self.cost = cost
    let nodes = graph.nodes(region)
    var readers: [ValueID: [(node: NodeID, operand: Int)]] = [:]
    var facts: [NodeID: ComputeFacts] = [:]
    for node in nodes {
      for (position, operand) in graph.operands(node).enumerated() {
        readers[operand, default: []].append((node, position))
      }
      guard let found = role(node, table) else { continue }
      roles[node] = found.role
      if let refusal = found.role.refusal { refusals.append((node, refusal)) }
      facts[node] = found.facts
    }
    let results = Set(graph.results(region))
    // What alone follows a sum that stays plain is computed with it.
    var followers: Set<NodeID> = []
    for node in nodes where roles[node]?.kind == .elementwise {
      let follows = graph.operands(node).contains { operand in
        guard let producer = graph.producer(operand),
          readers[operand]!.allSatisfy({ $0.node == node }),
          !results.contains(operand)
        else { return false }
        return roles[producer]?.refusal != nil || followers.contains(producer)
      }
      if follows { followers.insert(node) }
    }
    for node in followers { roles[node] = nil }
    var groups = DisjointSets(nodes)
    for node in nodes {
      guard let role = roles[node], role.isCandidate else { continue }
      for position in role.data {
        guard let producer = graph.producer(graph.operand(node, position)),
          roles[producer]?.isCandidate == true
        else { continue }
        groups.join(node, producer)
      }
    }
    for members in groups.sets where roles[members[0]]?.isCandidate == true {
      weigh(members, facts, readers, results)
    }
  }

  func role(of node: NodeID) -> LayoutRole? { roles[node] }

  private func role(_ node: NodeID, _ table: LoweringTable) -> (
    role: LayoutRole, facts: ComputeFacts
  )? {
    guard type(of: graph.op(node)).effects == .pure, graph.resultCount(node) == 1,
      let result = graph.type(graph.result(node)).tensor, result.layout == nil,
      let facts = table.lowered(node).facts
    else { return nil }
    let operands = graph.operands(node).compactMap { graph.type($0).tensor }
    guard operands.allSatisfy({ $0.layout == nil }),
      let role = LayoutRole(facts, operands: operands, result: result, block: cost.block)
    else { return nil }
    return (role, facts)
  }

  /// Compares what a component saves in blocks with what its edges cost.
  private mutating func weigh(
    _ members: [NodeID], _ facts: [NodeID: ComputeFacts],
    _ readers: [ValueID: [(node: NodeID, operand: Int)]], _ results: Set<ValueID>
  ) {
    let own = Set(members)
    var saved = 0.0
    var seeds: [NodeID] = []
    var converted: [ValueID] = []
    for node in members {
      let role = roles[node]!
      if role.kind != .elementwise {
        seeds.append(node)
        saved += cost.saved(
          by: role, facts[node]!, operands: graph.operands(node).map { graph.tensorType($0) },
          graph.tensorType(graph.result(node)))
      }
      for position in role.data {
        let value = graph.operand(node, position)
        let isOwn = graph.producer(value).map { own.contains($0) } ?? false
        if !isOwn, !converted.contains(value) { converted.append(value) }
      }
      let value = graph.result(node)
      let isReadPlain = (readers[value] ?? []).contains { reader in
        guard let role = roles[reader.node] else { return true }
        return
          !(role.data.contains(reader.operand)
          && (own.contains(reader.node) || role.takesAny))
      }
      if isReadPlain || results.contains(value) { converted.append(value) }
    }
    guard let first = seeds.first else { return }
    let spent = converted.reduce(0) { $0 + cost.conversion(graph.tensorType($1)) }
    let (more, less) = (LayoutCost.text(saved), LayoutCost.text(spent))
    let counts = "\(members.count) values in blocks of \(cost.block) channels"
    if saved > spent {
      gain += saved - spent
      chosen.append(
        Component(
          nodes: members,
          reason: "\(counts) save about \(more), \(converted.count) conversions take \(less)"))
    } else {
      refusals.append(
        (
          first,
          "\(counts) would save about \(more), and \(converted.count) conversions take \(less)"
        ))
    }
  }
}

/// Nodes in sets that are joined two by two.
private struct DisjointSets {
  private let nodes: [NodeID]
  private var places: [NodeID: Int] = [:]
  private var parents: [Int]

  init(_ nodes: [NodeID]) {
    self.nodes = nodes
    parents = Array(nodes.indices)
    for (place, node) in nodes.enumerated() { places[node] = place }
  }

  private mutating func root(_ place: Int) -> Int {
    var place = place
    while parents[place] != place {
      parents[place] = parents[parents[place]]
      place = parents[place]
    }
    return place
  }

  mutating func join(_ a: NodeID, _ b: NodeID) {
    let (x, y) = (root(places[a]!), root(places[b]!))
    parents[max(x, y)] = min(x, y)
  }

  /// The sets in the order of their first nodes, each in the order of the nodes.
  var sets: [[NodeID]] {
    var copy = self
    var sets: [Int: Int] = [:]
    var found: [[NodeID]] = []
    for (place, node) in nodes.enumerated() {
      let root = copy.root(place)
      if let set = sets[root] {
        found[set].append(node)
      } else {
        sets[root] = found.count
        found.append([node])
      }
    }
    return found
  }
}
