import TenonCodegen
import TenonGraph
import TenonPasses
import TenonTensor

/// What became of every node of the recorded graph: each ends in exactly one place.
public struct NodeAccount: Sendable {
  /// A kernel of a plan.
  public struct Kernel: Hashable, Sendable {
    public let entry: String
    /// What it computes: `dot_general+add`.
    public let label: String
    /// The function's name in the object; nil where nothing was compiled.
    public let symbol: String?
    /// Among the kernel steps of the entry, prepare steps first.
    public let place: Int
  }

  /// Where a node ended.
  public enum End: Hashable, Sendable {
    /// What it computes, or what took its place computes, is part of a kernel.
    case kernel(Kernel)
    /// As `kernel`, run once when the plan is loaded.
    case preparation(Kernel)
    /// A step without a kernel of its own: a loop, a branch, or a host function.
    case step(entry: String, label: String)
    /// Its results are another value, and why.
    case alias(of: String, because: String)
    /// It left the graph, and why.
    case removed(because: String)
    /// The reference interpreter evaluates it: its entry has no plan.
    case interpreted(entry: String)
  }

  public struct Node: Hashable, Sendable {
    public let id: NodeID
    public let op: String
    /// The user's line, or the model's node.
    public let line: String?
    public let end: End
  }

  /// The recorded nodes of the compiled entries, in the order of recording.
  public let nodes: [Node]
  /// Recorded nodes that the log loses sight of; there are none.
  package let lost: [NodeID]

  /// How many nodes ended in each kind of place.
  public var counts:
    (
      kernels: Int, preparation: Int, steps: Int, aliases: Int, removed: Int, interpreted: Int
    )
  {
    nodes.reduce(into: (0, 0, 0, 0, 0, 0)) { counts, node in
      switch node.end {
      case .kernel: counts.0 += 1
      case .preparation: counts.1 += 1
      case .step: counts.2 += 1
      case .alias: counts.3 += 1
      case .removed: counts.4 += 1
      case .interpreted: counts.5 += 1
      }
    }
  }
}

extension CompileReport {
  /// What became of every node of the recorded graph.
  public var nodes: NodeAccount { NodeTracer(self).account() }
}

/// Follows recorded nodes through the log to what runs.
struct NodeTracer {
  let graph: Graph
  let log: PassLog
  /// By node of the graph as compiled, where it is.
  private var ends: [NodeID: NodeAccount.End] = [:]

  init(_ report: CompileReport) {
    graph = report.graph
    log = report.passes
    let drafts = report.drafts
    for entry in graph.entries {
      if let (draft, symbols) = drafts.first(where: { $0.draft.name == entry.name }) {
        note(draft, symbols)
      }
      var pending: [(RegionID, NodeAccount.End)] = [(entry.region, .interpreted(entry: entry.name))]
      while let (region, outer) = pending.popLast() {
        for node in graph.nodes(region) {
          let end = ends[node] ?? outer
          ends[node] = end
          for inner in graph.regions(node) { pending.append((inner, end)) }
        }
      }
    }
  }

  private mutating func note(_ draft: PlanDraft, _ symbols: [String]?) {
    var place = 0
    func note(
      _ step: PlanDraft.Step, _ isPreparation: Bool, _ ends: inout [NodeID: NodeAccount.End]
    ) {
      if case .kernel(let group, _, _) = step.kind {
        if let node = step.node {
          let kernel = NodeAccount.Kernel(
            entry: draft.name, label: step.label, symbol: symbols?[group], place: place)
          ends[node] = isPreparation ? .preparation(kernel) : .kernel(kernel)
        }
        place += 1
      } else if let node = step.node {
        ends[node] = .step(entry: draft.name, label: step.label)
      }
      for inner in step.blocks.joined() { note(inner, isPreparation, &ends) }
    }
    for step in draft.prepare { note(step, true, &ends) }
    for step in draft.steps { note(step, false, &ends) }
    for (node, buffer) in draft.nodesWithoutSteps {
      let root = draft.buffers[draft.root(buffer).buffer]
      let value = if case .constant = root.place { "the plan's data" } else { root.name }
      ends[node] = .alias(of: value, because: "its elements lie there already")
    }
  }

  func account() -> NodeAccount {
    var nodes: [NodeAccount.Node] = []
    var lost: [NodeID] = []
    for id in log.liveNodes {
      guard let end = end(of: id) else {
        lost.append(id)
        continue
      }
      nodes.append(
        NodeAccount.Node(
          id: id, op: graph.opName(id), line: graph.origins.primaryLine(graph.origin(id)),
          end: end))
    }
    return NodeAccount(nodes: nodes, lost: lost)
  }

  /// Where a recorded node, or one that a pass made, ended.
  func end(of recorded: NodeID) -> NodeAccount.End? {
    var node = recorded
    // Each hop is a later edit, so there are fewer than edits.
    while true {
      if let end = ends[node] { return end }
      guard let edit = log.removal(of: node) else { return nil }
      let reason = "\(edit.rule): \(edit.reason)"
      guard edit.node == node else {
        return .removed(because: edit.node == nil ? reason : "its last use left, \(reason)")
      }
      guard let value = log.replacements(edit).first else { return .removed(because: reason) }
      guard let producer = graph.producer(value), log.created(edit).contains(producer) else {
        return .alias(of: name(value), because: reason)
      }
      node = producer
    }
  }

  /// The value's name, or its op and line.
  private func name(_ value: ValueID) -> String {
    if let name = graph.name(value) { return name }
    guard let producer = graph.producer(value) else { return "an argument" }
    let line = graph.origins.primaryLine(graph.origin(producer))
    return graph.opName(producer) + (line.map { " at \($0)" } ?? "")
  }
}

extension NodeAccount: CustomStringConvertible {
  /// The counts in a line, then a line for each place with the nodes that ended there.
  public var description: String {
    let counts = counts
    let parts = [
      ("in kernels", counts.kernels), ("in the prepare entry", counts.preparation),
      ("loops, branches and host steps", counts.steps), ("aliases", counts.aliases),
      ("removed", counts.removed), ("interpreted", counts.interpreted),
    ].filter { $0.1 > 0 }
    var lines = [
      "recorded nodes: \(nodes.count)"
        + (parts.isEmpty ? "" : " = " + parts.map { "\($1) \($0)" }.joined(separator: " + "))
    ]
    var ends: [End] = []
    var members: [End: [Node]] = [:]
    for node in nodes {
      if members[node.end] == nil { ends.append(node.end) }
      members[node.end, default: []].append(node)
    }
    lines += ends.map { "  \($0): \(NodeAccount.list(members[$0]!))" }
    return lines.joined(separator: "\n")
  }

  /// `2 x add at M/a.swift:3, exponential`.
  private static func list(_ nodes: [Node]) -> String {
    var texts: [String] = []
    var counts: [String: Int] = [:]
    for node in nodes {
      let text = node.op + (node.line.map { " at \($0)" } ?? "")
      if counts[text] == nil { texts.append(text) }
      counts[text, default: 0] += 1
    }
    return texts.map { counts[$0]! == 1 ? $0 : "\(counts[$0]!) x \($0)" }.joined(separator: ", ")
  }
}

extension NodeAccount.End: CustomStringConvertible {
  public var description: String {
    switch self {
    case .kernel(let kernel): "in kernel \(kernel)"
    case .preparation(let kernel): "in the prepare entry, kernel \(kernel)"
    case .step(let entry, let label): "step \(label) of \(entry)"
    case .alias(let value, let reason): "alias of \(value) (\(reason))"
    case .removed(let reason): "removed (\(reason))"
    case .interpreted(let entry): "interpreted in \(entry)"
    }
  }
}

extension NodeAccount.Kernel: CustomStringConvertible {
  public var description: String {
    "\(entry)/\(place) \(label)" + (symbol.map { " [\($0)]" } ?? "")
  }
}
