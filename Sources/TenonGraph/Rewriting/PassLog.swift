/// What passes did to a graph, as data: per pass its node counts, time, edits and refusals, and for
/// every node of the recorded graph what became of it.
///
/// Node and value numbers and origins mean something only together with the graph.
public struct PassLog: Sendable {
  /// One run of one pass.
  public struct Pass: Sendable {
    public internal(set) var name: String
    /// How often the pass has run before in this log.
    public internal(set) var occurrence: Int
    public internal(set) var nodesBefore: Int
    public internal(set) var nodesAfter: Int
    public internal(set) var nanoseconds: Int
    /// Scans until nothing changed, for passes made of rules.
    public internal(set) var rounds: Int
    /// False where the last allowed round still changed something.
    public internal(set) var reachedFixedPoint: Bool
    /// The places of its edits in `PassLog.edits`.
    public internal(set) var edits: Range<Int>
    /// What rules matched but left, and why, as of the last round.
    public internal(set) var refusals: [Refusal]
    /// Edits whose meaning was checked, where `PassOptions.verify` asked for it.
    public internal(set) var checkedEdits: Int = 0
    /// Rules whose edits could not be checked, and why; each pair once.
    public internal(set) var uncheckedEdits: [String] = []
    /// The graph's text after the pass, where it was asked for.
    public internal(set) var dump: String?

    public var isUnchanged: Bool { edits.isEmpty }
  }

  /// One change: some nodes left the graph, others took their place.
  public struct Edit: Sendable {
    /// The rule, or the pass where it has no rules.
    public internal(set) var rule: String
    public internal(set) var reason: String
    /// The matched node; nil for the removal of nodes that nothing used.
    public internal(set) var node: NodeID?
    /// Where the replaced nodes came from.
    public internal(set) var origin: OriginID
    var removed: Range<Int32>
    var created: Range<Int32>
    var replacements: Range<Int32>
  }

  /// A rule matched but left the node as it was.
  public struct Refusal: Sendable, Hashable {
    public internal(set) var rule: String
    public internal(set) var reason: String
    public internal(set) var node: NodeID
    public internal(set) var origin: OriginID
  }

  /// What became of a node.
  public enum Fate: Sendable, Hashable {
    /// Still in the graph.
    case live
    /// Its results are now these values.
    case replaced(by: [ValueID], rule: String, reason: String)
    /// Gone without a replacement: nothing used it, or what used it was replaced.
    case removed(rule: String, reason: String)
  }

  public internal(set) var passes: [Pass] = []
  public internal(set) var edits: [Edit] = []
  /// How many nodes the recorded graph had: their numbers are 0 up to this.
  public let recordedNodes: Int
  /// The recorded nodes that belonged to an entry, nested ones included, ascending.
  public let liveNodes: [NodeID]

  private var nodePool: [NodeID] = []
  private var valuePool: [ValueID] = []
  /// By node, the edit that removed it, or -1.
  private var removingEdits: [Int32]
  /// By node, the edit that created it, or -1.
  private var creatingEdits: [Int32] = []

  package init(recordedNodes: Int, liveNodes: [NodeID] = []) {
    self.recordedNodes = recordedNodes
    self.liveNodes = liveNodes
    removingEdits = Array(repeating: -1, count: recordedNodes)
  }
}

// Reading.
extension PassLog {
  /// The nodes that an edit took out of the graph, the matched one first.
  public func removed(_ edit: Edit) -> ArraySlice<NodeID> {
    nodePool[Int(edit.removed.lowerBound)..<Int(edit.removed.upperBound)]
  }

  /// The nodes that an edit put into the graph, in order.
  public func created(_ edit: Edit) -> ArraySlice<NodeID> {
    nodePool[Int(edit.created.lowerBound)..<Int(edit.created.upperBound)]
  }

  /// What the matched node's results became.
  public func replacements(_ edit: Edit) -> ArraySlice<ValueID> {
    valuePool[Int(edit.replacements.lowerBound)..<Int(edit.replacements.upperBound)]
  }

  /// What became of a node.
  public func fate(of node: NodeID) -> Fate {
    guard let edit = removal(of: node) else { return .live }
    if edit.node == node {
      return .replaced(by: Array(replacements(edit)), rule: edit.rule, reason: edit.reason)
    }
    return .removed(rule: edit.rule, reason: edit.reason)
  }

  /// The edit that took a node out of the graph.
  public func removal(of node: NodeID) -> Edit? {
    guard node.index < removingEdits.count, removingEdits[node.index] >= 0 else { return nil }
    return edits[Int(removingEdits[node.index])]
  }

  /// The place of the edit that put a node into the graph; nil for recorded nodes.
  public func creation(of node: NodeID) -> Int? {
    guard node.index < creatingEdits.count, creatingEdits[node.index] >= 0 else { return nil }
    return Int(creatingEdits[node.index])
  }

  /// How often each rule of a pass rewrote for each reason, in the order of first use.
  public func rewriteCounts(_ pass: Pass) -> [(rule: String, reason: String, count: Int)] {
    var counts: [(rule: String, reason: String, count: Int)] = []
    var places: [[String]: Int] = [:]
    for edit in edits[pass.edits] {
      if let place = places[[edit.rule, edit.reason]] {
        counts[place].count += 1
      } else {
        places[[edit.rule, edit.reason]] = counts.count
        counts.append((edit.rule, edit.reason, 1))
      }
    }
    return counts
  }
}

// Writing.
extension PassLog {
  package mutating func begin(_ name: String, nodes: Int) {
    passes.append(
      Pass(
        name: name, occurrence: passes.count { $0.name == name }, nodesBefore: nodes,
        nodesAfter: nodes, nanoseconds: 0, rounds: 1, reachedFixedPoint: true,
        edits: edits.count..<edits.count, refusals: []))
  }

  package mutating func end(nodes: Int, nanoseconds: Int) {
    let last = passes.count - 1
    passes[last].nodesAfter = nodes
    passes[last].nanoseconds = nanoseconds
  }

  package mutating func setRounds(_ rounds: Int, reachedFixedPoint: Bool) {
    if passes.isEmpty { return }
    passes[passes.count - 1].rounds = rounds
    passes[passes.count - 1].reachedFixedPoint = reachedFixedPoint
  }

  mutating func count(_ outcome: EditVerifier.Outcome, rule: String) {
    if passes.isEmpty { return }
    let last = passes.count - 1
    switch outcome {
    case .same: passes[last].checkedEdits += 1
    case .unchecked(let reason):
      let line = "\(rule): \(reason)"
      if !passes[last].uncheckedEdits.contains(line) { passes[last].uncheckedEdits.append(line) }
    }
  }

  package mutating func setDump(_ text: String) { passes[passes.count - 1].dump = text }

  package mutating func setRefusals(_ refusals: [Refusal]) {
    if passes.isEmpty { return }
    passes[passes.count - 1].refusals += refusals
  }

  package mutating func add(
    rule: String, reason: String, node: NodeID?, origin: OriginID, removed: [NodeID],
    created: [NodeID], replacements: [ValueID]
  ) {
    let edit = Int32(edits.count)
    let removedStart = Int32(nodePool.count)
    nodePool += removed
    let createdStart = Int32(nodePool.count)
    nodePool += created
    let valueStart = Int32(valuePool.count)
    valuePool += replacements
    edits.append(
      Edit(
        rule: rule, reason: reason, node: node, origin: origin,
        removed: removedStart..<createdStart, created: createdStart..<Int32(nodePool.count),
        replacements: valueStart..<Int32(valuePool.count)))
    for node in removed { PassLog.set(&removingEdits, node, edit) }
    for node in created { PassLog.set(&creatingEdits, node, edit) }
    if !passes.isEmpty {
      let start = passes[passes.count - 1].edits.lowerBound
      passes[passes.count - 1].edits = start..<edits.count
    }
  }

  private static func set(_ edits: inout [Int32], _ node: NodeID, _ edit: Int32) {
    if node.index >= edits.count {
      edits.append(contentsOf: repeatElement(-1, count: node.index + 1 - edits.count))
    }
    edits[node.index] = edit
  }
}
