import TenonTensor

/// Divides a region's nodes into groups that become one kernel each.
///
/// Nodes are taken from the last to the first, so that everything that reads a node is placed
/// before it. A node whose readers are all in one group joins it; one that costs nothing to compute
/// again joins each group that reads it; any other joins the group of its first reader and hands
/// its result out, where that makes no group wait for itself. Decisions are made on facts that are
/// worked out once for equal ops on equal types, in time linear in the region.
struct FusionGrouping {
  /// One group; single nodes are groups too.
  struct Group {
    /// Ascending positions in the region's node list.
    var positions: [Int]
    var cluster: FusionCluster?
    /// By member of the cluster, its position.
    var memberPositions: [Int]
    /// Longer than that of every group that reads it.
    var height: Int
  }

  private struct Instance {
    var group: Int
    /// The member of the group's cluster; -1 where it has none.
    var member: Int
  }

  private let graph: Graph
  private let limits: FusionLimits
  private let nodes: [NodeID]
  /// By position; nil for what takes no part in fusion.
  private let facts: [ComputeFacts?]
  private var positionOfNode: [NodeID: Int] = [:]
  private var isRegionResult: [Bool]
  private var readers: [[(position: Int, operand: Int)]]
  private var instances: [[Instance]]
  private(set) var groups: [Group] = []
  /// What was not fused with its readers, and why.
  private(set) var refusals: [(position: Int, reason: String)] = []

  init(_ region: RegionID, _ graph: Graph, _ table: LoweringTable, _ limits: FusionLimits) {
    self.graph = graph
    self.limits = limits
    nodes = graph.nodes(region)
    facts = nodes.map { node in
      type(of: graph.op(node)).effects == .pure ? table.lowered(node).facts : nil
    }
    isRegionResult = [Bool](repeating: false, count: nodes.count)
    readers = [[(position: Int, operand: Int)]](repeating: [], count: nodes.count)
    instances = [[Instance]](repeating: [], count: nodes.count)
    positionOfNode.reserveCapacity(nodes.count)
    for (position, node) in nodes.enumerated() {
      positionOfNode[node] = position
      for (operand, value) in graph.operands(node).enumerated() {
        guard let producer = graph.producer(value), let place = positionOfNode[producer] else {
          continue
        }
        readers[place].append((position, operand))
      }
    }
    for result in graph.results(region) {
      if let producer = graph.producer(result), let place = positionOfNode[producer] {
        isRegionResult[place] = true
      }
    }
    for position in nodes.indices.reversed() { place(position) }
    dropOuterViews()
  }

  /// Groups of one kernel each, in no order.
  var fused: [Group] { groups.filter { $0.positions.count > 1 } }

  private mutating func place(_ position: Int) {
    guard let facts = facts[position] else {
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
        guard !isBeforeOtherReaders(position, candidate.group) else {
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
  private func candidates(_ position: Int) -> ([Candidate], isReadOutside: Bool) {
    var found: [Candidate] = []
    var isReadOutside = isRegionResult[position]
    for reader in readers[position] {
      for instance in instances[reader.position] {
        guard instance.member >= 0 else {
          isReadOutside = true
          continue
        }
        let use = FusionCluster.Use(member: instance.member, operand: reader.operand)
        if let place = found.firstIndex(where: { $0.group == instance.group }) {
          found[place].uses.append(use)
        } else {
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
    if isOutput { raise(group, over: position) }
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
    groups.append(
      Group(
        positions: [position], cluster: cluster, memberPositions: [position],
        height: 1 + heightOfReaders(position)))
  }
}

// Which groups read which.
extension FusionGrouping {
  private func heightOfReaders(_ position: Int) -> Int {
    var height = 0
    for reader in readers[position] {
      for instance in instances[reader.position] {
        height = max(height, groups[instance.group].height)
      }
    }
    return height
  }

  /// Whether a reader of the node outside the group leads to the group: the group would then wait
  /// for itself.
  private func isBeforeOtherReaders(_ position: Int, _ group: Int) -> Bool {
    let limit = groups[group].height
    var pending: [Int] = []
    var seen: Set<Int> = [group]
    func visit(_ instance: Instance) {
      if groups[instance.group].height > limit, seen.insert(instance.group).inserted {
        pending.append(instance.group)
      }
    }
    for reader in readers[position] {
      for instance in instances[reader.position] where instance.group != group { visit(instance) }
    }
    while let next = pending.popLast() {
      for position in groups[next].positions {
        for reader in readers[position] {
          for instance in instances[reader.position] {
            if instance.group == group { return true }
            visit(instance)
          }
        }
      }
    }
    return false
  }

  /// Keeps heights in order after a group took a node that others read as well.
  private mutating func raise(_ group: Int, over position: Int) {
    var wanted = groups[group].height
    for reader in readers[position] {
      for instance in instances[reader.position] where instance.group != group {
        wanted = max(wanted, groups[instance.group].height + 1)
      }
    }
    guard wanted > groups[group].height else { return }
    groups[group].height = wanted
    var pending = [group]
    while let next = pending.popLast() {
      for position in groups[next].positions {
        for operand in graph.operands(nodes[position]) {
          guard let producer = graph.producer(operand), let place = positionOfNode[producer] else {
            continue
          }
          // A group with its own copy of a node waits for no other group's.
          if instances[place].contains(where: { $0.group == next }) { continue }
          for instance in instances[place] {
            if groups[instance.group].height <= groups[next].height {
              groups[instance.group].height = groups[next].height + 1
              pending.append(instance.group)
            }
          }
        }
      }
    }
  }

  /// Views that are aliases and read from outside their group leave it: reading the alias is
  /// simpler than reading through the view.
  private mutating func dropOuterViews() {
    var needsAlone: [Int] = []
    for group in groups.indices where groups[group].positions.count > 1 {
      groups[group].positions.sort()
      var members: Set<Int> = Set(groups[group].positions)
      for position in groups[group].positions {
        guard position != groups[group].memberPositions[0], facts[position]?.aliasOffset != nil,
          !graph.operands(nodes[position]).contains(where: { operand in
            graph.producer(operand).flatMap { positionOfNode[$0] }.map(members.contains) ?? false
          })
        else { continue }
        members.remove(position)
        instances[position].removeAll { $0.group == group }
        if !instances[position].contains(where: { $0.member < 0 }) { needsAlone.append(position) }
      }
      groups[group].positions.removeAll { !members.contains($0) }
    }
    for position in needsAlone where !instances[position].contains(where: { $0.member < 0 }) {
      addGroup(position, cluster: nil)
    }
  }
}
