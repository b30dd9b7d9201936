import TenonTensor

/// Divides a region's nodes into groups that become one kernel each.
///
/// Nodes are taken from the last to the first, so that everything that reads a node is placed
/// before it. A node whose readers are all in one group joins it; one that costs nothing to compute
/// again joins each group that reads it; any other joins the group of its first reader and hands
/// its result out, where that makes no group wait for itself (`GroupOrder`). Decisions are made on
/// facts that are worked out once for equal ops on equal types, in time linear in the region.
struct FusionGrouping {
  /// One group; single nodes are groups too.
  struct Group {
    /// Ascending positions in the region's node list.
    var positions: [Int]
    var cluster: FusionCluster?
    /// By member of the cluster, its position.
    var memberPositions: [Int]
  }

  private struct Instance {
    var group: Int
    /// The member of the group's cluster; -1 where it has none.
    var member: Int
  }

  private let graph: Graph
  private let table: LoweringTable
  private let limits: FusionLimits
  private let nodes: [NodeID]
  private let flow: RegionFlow
  private var isRegionResult: [Bool]
  private var facts: [ComputeFacts?]
  private var instances: [[Instance]]
  private var order: GroupOrder
  /// By group, its place among the candidates of the position last asked for.
  private var candidatePlaces: [(position: Int, place: Int)] = []
  private(set) var groups: [Group] = []
  /// What was not fused with its readers, and why.
  private(set) var refusals: [(position: Int, reason: String)] = []

  init(_ region: RegionID, _ graph: Graph, _ table: LoweringTable, _ limits: FusionLimits) {
    self.graph = graph
    self.table = table
    self.limits = limits
    nodes = graph.nodes(region)
    flow = RegionFlow(region, graph)
    isRegionResult = [Bool](repeating: false, count: nodes.count)
    instances = [[Instance]](repeating: [], count: nodes.count)
    order = GroupOrder(positions: nodes.count)
    facts = nodes.map { node in
      type(of: graph.op(node)).effects == .pure ? table.lowered(node).facts : nil
    }
    for result in graph.results(region) {
      if let place = flow.position(of: result) { isRegionResult[place] = true }
    }
    for position in nodes.indices.reversed() { place(position) }
    dropOuterViews()
  }

  /// Groups of one kernel each, in no order.
  var fused: [Group] { groups.filter { $0.positions.count > 1 } }

  private mutating func place(_ position: Int) {
    guard let facts = facts[position], !facts.isRelayout else {
      addGroup(position, cluster: nil)
      return
    }
    let (candidates, isReadOutside) = candidates(position)
    if facts.isFree, graph.regions(nodes[position]).isEmpty {
      var isNeededAlone = isReadOutside || candidates.isEmpty
      for candidate in candidates {
        isNeededAlone = !join(position, facts, candidate, isOutput: false) || isNeededAlone
      }
      if isNeededAlone { addRoot(position, facts) }
    } else if candidates.count == 1 && !isReadOutside {
      if !join(position, facts, candidates[0], isOutput: false) { addRoot(position, facts) }
    } else {
      let isPlaced = candidates.contains { candidate in
        guard order.mayHandOut(position, from: candidate.group, flow) else {
          refuse(position, "another reader of it must run before the group")
          return false
        }
        return join(position, facts, candidate, isOutput: true)
      }
      if !isPlaced { addRoot(position, facts) }
    }
  }

  private struct Candidate {
    var group: Int
    var uses: [FusionCluster.Use]
  }

  /// The clusters that read a node, in the order of their first reader, and whether anything else
  /// does.
  private mutating func candidates(_ position: Int) -> ([Candidate], isReadOutside: Bool) {
    var found: [Candidate] = []
    var isReadOutside = isRegionResult[position]
    for reader in flow.readers(position) {
      for instance in instances[reader.position] {
        guard instance.member >= 0 else {
          isReadOutside = true
          continue
        }
        let use = FusionCluster.Use(member: instance.member, operand: reader.operand)
        let known = candidatePlaces[instance.group]
        if known.position == position {
          found[known.place].uses.append(use)
        } else {
          candidatePlaces[instance.group] = (position, found.count)
          found.append(Candidate(group: instance.group, uses: [use]))
        }
      }
    }
    return (found, isReadOutside)
  }

  private mutating func join(
    _ position: Int, _ facts: ComputeFacts, _ candidate: Candidate, isOutput: Bool
  ) -> Bool {
    let group = candidate.group
    do throws(FusionRefusal) {
      try groups[group].cluster!.join(facts, uses: candidate.uses, isOutput: isOutput)
    } catch {
      refuse(position, error.description)
      return false
    }
    instances[position].append(Instance(group: group, member: groups[group].memberPositions.count))
    groups[group].memberPositions.append(position)
    groups[group].positions.append(position)
    order.add(position, to: group, isHandedOut: isOutput)
    return true
  }

  private mutating func refuse(_ position: Int, _ reason: String) {
    refusals.append((position, reason))
  }

  private mutating func addRoot(_ position: Int, _ facts: ComputeFacts) {
    // A view that is an alias needs no kernel, so it is no reason to compute anything into one.
    addGroup(
      position,
      cluster: facts.aliasOffset == nil ? FusionCluster(root: facts, limits: limits) : nil)
  }

  private mutating func addGroup(_ position: Int, cluster: FusionCluster?) {
    instances[position].append(Instance(group: groups.count, member: cluster == nil ? -1 : 0))
    order.addGroup(position)
    candidatePlaces.append((-1, 0))
    groups.append(Group(positions: [position], cluster: cluster, memberPositions: [position]))
  }

  /// Views that are aliases and read from outside their group leave it: reading the alias is
  /// simpler than reading through the view.
  private mutating func dropOuterViews() {
    var needsAlone: [Int] = []
    var groupOf = [Int](repeating: -1, count: nodes.count)
    for group in groups.indices where groups[group].positions.count > 1 {
      groups[group].positions.sort()
      for position in groups[group].positions { groupOf[position] = group }
      for position in groups[group].positions {
        guard position != groups[group].memberPositions[0], facts[position]?.aliasOffset != nil,
          !flow.producers(position).contains(where: { groupOf[$0] == group })
        else { continue }
        groupOf[position] = -1
        if let place = instances[position].firstIndex(where: { $0.group == group }) {
          instances[position][place].group = -1
        }
        needsAlone.append(position)
      }
      groups[group].positions.removeAll { groupOf[$0] != group }
    }
    var isAlone = [Bool](repeating: false, count: nodes.count)
    for position in needsAlone where !isAlone[position] {
      isAlone[position] = true
      if !instances[position].contains(where: { $0.member < 0 }) {
        addGroup(position, cluster: nil)
      }
    }
  }
}
