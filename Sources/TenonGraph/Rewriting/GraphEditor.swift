import TenonTensor

/// What a rule wants to do with a node.
struct Proposal {
  var rule: String
  var isExact: Bool
  var rewrite: Rewrite
}

/// Applies rewrites in scans: each region once, in order, its operands resolved as the scan goes.
///
/// Replacements are kept in a dense array of values that is filled only when something changes, so
/// a scan that changes nothing allocates nothing for a node. Nodes that die because a rewrite
/// took their last use leave with it, and their origins go to what took the place.
final class GraphEditor {
  let context: PassContext
  let graph: Graph

  /// By value, what replaced it, or -1.
  private var forward: [Int32] = []
  /// By value of the regions counted, how often it is read.
  private var uses: [Int32] = []
  /// By region, whether `uses` holds its values.
  private var isCounted: [Bool] = []
  /// By node, whether it has left the graph.
  private var isDead: [Bool] = []

  /// The region under scan.
  private var region = RegionID(0)
  private var original: [NodeID] = []
  /// What the region will hold, up to the current node; meaningful once something changed.
  private var kept: [NodeID] = []
  private var position = 0
  private var isChanged = false
  private var hasDeaths = false
  /// The depth in `graph.recording` at which new nodes of this region are recorded.
  private var depth = 0

  /// Edits of the scan.
  private(set) var editCount = 0
  var refusals: [PassLog.Refusal] = []

  init(_ context: PassContext) {
    self.context = context
    graph = context.graph
  }

  /// Visits every node whose op `wants` accepts, in all entries' regions and those nested in them.
  func scan(
    wants: (OpID) -> Bool, enter: (RegionID) -> Void = { _ in },
    visit: (RewriteSite) throws -> Proposal?
  ) throws {
    editCount = 0
    refusals = []
    var pending = graph.entries.reversed().map(\.region)
    while let next = pending.popLast() {
      enter(next)
      try scan(next, &pending, wants, visit)
    }
  }

  private func scan(
    _ region: RegionID, _ pending: inout [RegionID], _ wants: (OpID) -> Bool,
    _ visit: (RewriteSite) throws -> Proposal?
  ) throws {
    self.region = region
    original = graph.nodes(region)
    isChanged = false
    hasDeaths = false
    depth = graph.recording.count
    let (outerOrigin, outerScope) = (graph.originOverride, graph.currentScope)
    graph.recording.append(OpenRegion(region: region, capturesOuterValues: false))
    defer {
      graph.recording.removeSubrange(depth...)
      graph.originOverride = outerOrigin
      graph.currentScope = outerScope
    }
    for position in original.indices {
      self.position = position
      let node = original[position]
      let record = graph.nodeRecords[node.index]
      if isChanged {
        if isDead[node.index] { continue }
        resolveOperands(record)
      }
      if wants(record.op) {
        graph.originOverride = record.origin
        graph.currentScope = record.scope
        let site = RewriteSite(graph: graph, node: node, region: region, editor: self)
        if let proposal = try visit(site) {
          switch proposal.rewrite {
          case .refuse(let reason):
            refusals.append(
              .init(rule: proposal.rule, reason: reason, node: node, origin: record.origin))
          case .replace(let values, let reason):
            try replace(node, by: values.map(\.id), proposal, reason)
            continue
          case .replaceUsed(let values, let reason):
            try replace(node, by: values.map { $0?.id }, proposal, reason)
            continue
          }
        }
        forgetRecorded()
      }
      if record.regionCount > 0 { pending.append(contentsOf: graph.regions(node).reversed()) }
      if isChanged { kept.append(node) }
    }
    if isChanged {
      if hasDeaths { kept.removeAll { isDead[$0.index] } }
      graph.setNodes(region, kept)
      graph.setResults(region, graph.results(region).map { resolve($0) })
    }
    kept = []
    original = []
  }

  @inline(__always)
  private func resolve(_ value: ValueID) -> ValueID {
    value.index < forward.count && forward[value.index] >= 0
      ? ValueID(Int(forward[value.index])) : value
  }

  @inline(__always)
  private func resolveOperands(_ record: NodeRecord) {
    let start = Int(record.operandStart)
    for place in start..<start + Int(record.operandCount) {
      let value = graph.operandPool[place]
      let resolved = resolve(value)
      if resolved != value { graph.operandPool[place] = resolved }
    }
  }

  /// Drops what a rule recorded before it found that it does not match.
  func forgetRecorded() {
    if !graph.recording[depth].nodes.isEmpty { graph.recording[depth].nodes = [] }
  }

  var precedingNodes: ArraySlice<NodeID> { isChanged ? kept[...] : original[..<position] }

  // MARK: Replacing

  private func replace(
    _ node: NodeID, by replacements: [ValueID?], _ proposal: Proposal, _ reason: String
  ) throws {
    let rule = proposal.rule
    try check(node, replacements, rule: rule)
    let values = replacements.compactMap { $0 }
    let recorded = graph.recording[depth].nodes
    graph.recording[depth].nodes = []
    if context.options.verify {
      let outcome = try EditVerifier(
        graph: graph, precision: context.options.precision
      ).verify(
        .init(
          rule: rule, reason: reason, node: node, values: replacements, recorded: recorded,
          isExact: proposal.isExact))
      context.log.count(outcome, rule: rule)
    }
    beginChanges(before: position)
    for new in recorded { count(new, by: 1) }
    for (place, value) in replacements.enumerated() {
      guard let value else { continue }
      let old = graph.result(node, place)
      forward[old.index] = value.rawValue
      uses[value.index] += uses[old.index]
      uses[old.index] = 0
      graph.inherit(from: old, to: value)
    }
    let created = placed(recorded, keeping: values)
    kept.append(contentsOf: created)
    var removed = [node]
    isDead[node.index] = true
    release(node, &removed)
    let origin = removed.dropFirst().reduce(graph.origin(node)) {
      graph.origins.union($0, graph.origin($1))
    }
    // Nodes recorded as another's (`RewriteSite.recording(as:)`) have origins of their own.
    let own = graph.origin(node)
    let heirs = created.filter { graph.origin($0) == own }
    hand(origin, to: created.isEmpty ? values.compactMap(graph.producer) : heirs)
    let inner = nestedNodes(of: removed, keptBy: created)
    context.log.add(
      rule: rule, reason: reason, node: node, origin: origin, removed: removed + inner,
      created: created + nestedNodes(of: created, keptBy: []), replacements: values)
    editCount += 1
    if removed.count > 1 { hasDeaths = true }
  }

  private func check(_ node: NodeID, _ values: [ValueID?], rule: String) throws {
    guard values.count == graph.resultCount(node) else {
      throw TenonError.rewriteCount(
        rule, type(of: graph.op(node)).name, results: graph.resultCount(node),
        given: values.count)
    }
    for (place, value) in values.enumerated() {
      let old = graph.result(node, place)
      guard let value else {
        if useCount(old) == 0 { continue }
        throw TenonError.rewriteUsed(rule, type(of: graph.op(node)).name, result: place)
      }
      guard graph.haveSameType(value, old) else {
        throw TenonError.rewriteType(
          rule, type(of: graph.op(node)).name, graph.type(old), graph.type(value))
      }
      guard graph.region(of: value) == region, value != old else {
        throw TenonError.rewriteRegion(rule, type(of: graph.op(node)).name)
      }
    }
  }

  private func beginChanges(before position: Int) {
    let values = graph.valueCapacity
    if forward.count < values {
      forward.append(contentsOf: repeatElement(-1, count: values - forward.count))
    }
    if isDead.count < graph.nodeCapacity {
      isDead.append(contentsOf: repeatElement(false, count: graph.nodeCapacity - isDead.count))
    }
    countUses()
    if !isChanged {
      isChanged = true
      kept = Array(original[..<position])
    }
  }

  /// New nodes that something uses, in order; the others are forgotten.
  private func placed(_ recorded: [NodeID], keeping values: [ValueID]) -> [NodeID] {
    guard !recorded.isEmpty else { return [] }
    // The matched node's result may have had no use; its replacement still stands for it.
    for value in values { uses[value.index] += 1 }
    defer { for value in values { uses[value.index] -= 1 } }
    var created: [NodeID] = []
    for new in recorded.reversed() {
      if isUsed(new) {
        created.append(new)
      } else {
        isDead[new.index] = true
        count(new, by: -1)
      }
    }
    return created.reversed()
  }

  /// Takes the uses of a node away, and the nodes whose last use that was.
  private func release(_ node: NodeID, _ removed: inout [NodeID]) {
    var next = removed.count - 1
    while next < removed.count {
      for operand in graph.operands(removed[next]) {
        uses[operand.index] -= 1
        guard uses[operand.index] == 0, let producer = graph.producer(operand),
          !isDead[producer.index], !isUsed(producer)
        else { continue }
        isDead[producer.index] = true
        removed.append(producer)
      }
      next += 1
    }
  }

  private func hand(_ origin: OriginID, to nodes: [NodeID]) {
    for node in nodes {
      graph.setOrigin(node, graph.origins.union(graph.origin(node), origin))
    }
  }

  /// The nodes inside the regions of removed nodes, but for regions that new nodes took over.
  private func nestedNodes(of removed: [NodeID], keptBy created: [NodeID]) -> [NodeID] {
    var inner: [NodeID] = []
    for node in removed {
      for root in graph.regions(node)
      where !created.contains(where: { graph.regions($0).contains(root) }) {
        for region in graph.regions(under: root) { inner += graph.nodes(region) }
      }
    }
    return inner
  }

  // MARK: Uses

  func useCount(_ value: ValueID) -> Int {
    countUses()
    return Int(uses[value.index])
  }

  /// Counts the region's uses, once; later edits keep the counts.
  private func countUses() {
    if uses.count < graph.valueCapacity {
      uses.append(contentsOf: repeatElement(0, count: graph.valueCapacity - uses.count))
    }
    if isCounted.count < graph.regionCapacity {
      isCounted.append(
        contentsOf: repeatElement(false, count: graph.regionCapacity - isCounted.count))
    }
    guard !isCounted[region.index] else { return }
    isCounted[region.index] = true
    for node in original { count(node, by: 1) }
    for result in graph.results(region) { uses[result.index] += 1 }
  }

  private func count(_ node: NodeID, by step: Int32) {
    for operand in graph.operands(node) { uses[operand.index] += step }
  }

  private func isUsed(_ node: NodeID) -> Bool {
    let record = graph.nodeRecords[node.index]
    let start = Int(record.resultStart)
    return (start..<start + Int(record.resultCount)).contains { uses[$0] > 0 }
  }
}

extension Graph {
  /// Equal types have one number, but for those that binding symbols made equal.
  func haveSameType(_ a: ValueID, _ b: ValueID) -> Bool {
    typeID(a) == typeID(b) || type(a) == type(b)
  }

  /// Gives a replacement the name and known elements of what it replaces, where it has none.
  func inherit(from old: ValueID, to new: ValueID) {
    if let name = namesByValue[old], namesByValue[new] == nil { namesByValue[new] = name }
    if let known = knownElementsByValue[old], knownElementsByValue[new] == nil {
      knownElementsByValue[new] = known
    }
  }
}
