extension PassLog {
  /// The log as a table for people: one line a pass, below it the rules that fired and what was
  /// refused.
  ///
  /// - Parameters:
  ///   - graph: gives the lines of refusals.
  ///   - times: whether each pass says how long it took.
  public func text(_ graph: Graph? = nil, times: Bool = true) -> String {
    let width = passes.reduce(0) { max($0, title($1).count) }
    var out = ""
    for pass in passes {
      let title = title(pass)
      out += title + String(repeating: " ", count: width - title.count)
      out +=
        pass.isUnchanged
        ? "  \(pass.nodesBefore) nodes (unchanged)"
        : "  \(pass.nodesBefore) -> \(pass.nodesAfter) nodes"
      if pass.rounds > 1 { out += ", \(pass.rounds) rounds" }
      if !pass.reachedFixedPoint { out += " and not done" }
      if times { out += ", \(PassLog.duration(pass.nanoseconds))" }
      out += "\n"
      for (rule, reason, count) in rewriteCounts(pass) {
        out += "  \(count) x \(rule): \(reason)\n"
      }
      for (rule, reason, count, line) in refusalCounts(pass, graph) {
        out += "  left \(count) x \(rule): \(reason)" + (line.map { ", first at \($0)" } ?? "")
        out += "\n"
      }
    }
    return out
  }

  /// How often each rule of a pass refused for each reason, in the order of first use.
  private func refusalCounts(_ pass: Pass, _ graph: Graph?) -> [(
    rule: String, reason: String, count: Int, line: String?
  )] {
    var counts: [(rule: String, reason: String, count: Int, line: String?)] = []
    var places: [[String]: Int] = [:]
    for refusal in pass.refusals {
      if let place = places[[refusal.rule, refusal.reason]] {
        counts[place].count += 1
      } else {
        places[[refusal.rule, refusal.reason]] = counts.count
        counts.append(
          (
            refusal.rule, refusal.reason, 1,
            graph.flatMap { $0.origins.primaryLine(refusal.origin) }
          ))
      }
    }
    return counts
  }

  /// `simplify-views`, and `simplify-views#2` for its second run.
  private func title(_ pass: Pass) -> String {
    pass.occurrence == 0 ? pass.name : "\(pass.name)#\(pass.occurrence + 1)"
  }

  /// `950 ns`, `12 us`, `3.4 ms`.
  private static func duration(_ nanoseconds: Int) -> String {
    if nanoseconds < 1_000 { return "\(nanoseconds) ns" }
    if nanoseconds < 1_000_000 { return "\(nanoseconds / 1_000) us" }
    let tenths = nanoseconds / 100_000
    return "\(tenths / 10).\(tenths % 10) ms"
  }
}

extension PassLog.Pass {
  /// What the pass refused for one reason.
  public struct RefusalGroup: Sendable, Hashable {
    public var rule: String
    public var reason: String
    public var count: Int
    /// `2 x dot_general at Model/main.swift:12`, in the order of first refusal.
    public var nodes: [String]

    public init(rule: String, reason: String, count: Int, nodes: [String]) {
      self.rule = rule
      self.reason = reason
      self.count = count
      self.nodes = nodes
    }
  }

  /// What the pass refused by rule and reason, in the order of first use.
  public func refusalGroups(_ graph: Graph) -> [RefusalGroup] {
    var keys: [[String]] = []
    var members: [[String]: [NodeID]] = [:]
    for refusal in refusals {
      let key = [refusal.rule, refusal.reason]
      if members[key] == nil { keys.append(key) }
      members[key, default: []].append(refusal.node)
    }
    return keys.map { key in
      RefusalGroup(
        rule: key[0], reason: key[1], count: members[key]!.count,
        nodes: graph.listing(of: members[key]!))
    }
  }
}

extension Graph {
  /// Nodes as people read them, `2 x add at M/a.swift:3` and `exponential`, equal ones once, in the
  /// order of first occurrence.
  package func listing(of nodes: [NodeID]) -> [String] {
    var texts: [String] = []
    var counts: [String: Int] = [:]
    for node in nodes {
      let text =
        Swift.type(of: op(node)).name
        + (origins.primaryLine(origin(node)).map { " at \($0)" } ?? "")
      if counts[text] == nil { texts.append(text) }
      counts[text, default: 0] += 1
    }
    return texts.map { counts[$0]! == 1 ? $0 : "\(counts[$0]!) x \($0)" }
  }
}
