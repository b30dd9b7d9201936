import TenonTensor

extension PassContext {
  /// How many scans a pass of rules may take.
  public static let roundLimit = 8

  /// Applies rules to a fixed point of at most 8 rounds. Each node is offered to the rules that
  /// want its op, in the order listed, until one replaces it; new nodes are offered in the next
  /// round.
  ///
  /// - Throws: what rules throw, `rewrite` for a replacement that does not fit, and
  ///   `rules-undo-each-other`.
  public func rewrite(with rules: [any RewriteRule]) throws {
    let editor = GraphEditor(self)
    var index = RuleIndex(rules)
    let firstEdit = log.edits.count
    var round = 0
    repeat {
      round += 1
      try editor.scan(
        wants: { index.wants($0, graph) },
        visit: { site in
          for place in index.rules(graph.opID(site.node)) {
            let rule = rules[place]
            let name = type(of: rule).name
            let rewrite = try TenonError.inContext("in rule \(name)") { try rule.apply(site) }
            guard let rewrite else {
              editor.forgetRecorded()
              continue
            }
            if case .replace(let values, _) = rewrite {
              try refuseUndoing(site.node, values.map(\.id), by: name, since: firstEdit)
            }
            return Proposal(rule: name, isExact: type(of: rule).isExact, rewrite: rewrite)
          }
          return nil
        })
    } while editor.editCount > 0 && round < PassContext.roundLimit
    log.setRounds(round, reachedFixedPoint: editor.editCount == 0)
    log.setRefusals(editor.refusals)
  }

  /// Offers every node whose op is selected to `visit`, once, in the order of each region.
  ///
  /// - Parameters:
  ///   - rule: the name under which edits are logged.
  ///   - isExact: whether replacements give the same bits (NaN aside); else they may differ by
  ///     rounding.
  ///   - enter: called before the first node of each region.
  /// - Throws: what `visit` throws, and `rewrite` for a replacement that does not fit.
  /// - Returns: how many nodes were replaced.
  @discardableResult
  public func rewriteOnce(
    _ rule: String, _ ops: OpSelection, isExact: Bool = true, enter: (RegionID) -> Void = { _ in },
    visit: (RewriteSite) throws -> Rewrite?
  ) throws -> Int {
    let editor = GraphEditor(self)
    var wanted: [Bool?] = []
    try editor.scan(
      wants: { op in
        while wanted.count <= op.index { wanted.append(nil) }
        if let known = wanted[op.index] { return known }
        let wants = ops.contains(graph.op(op))
        wanted[op.index] = wants
        return wants
      },
      enter: enter,
      visit: { site in
        try visit(site).map { Proposal(rule: rule, isExact: isExact, rewrite: $0) }
      })
    log.setRefusals(editor.refusals)
    return editor.editCount
  }

  /// Looks for an earlier edit of this pass that `values` would take back: the node was created,
  /// maybe over several edits, in the place of one equal to what now replaces it.
  private func refuseUndoing(
    _ node: NodeID, _ values: [ValueID], by rule: String, since firstEdit: Int
  ) throws {
    guard values.count == 1, let new = graph.producer(values[0]) else { return }
    var current = node
    while let place = log.creation(of: current), place >= firstEdit {
      let edit = log.edits[place]
      guard let replaced = edit.node else { return }
      if graph.isEqual(replaced, new, depth: 3) {
        throw TenonError.rulesUndoEachOther(
          edit.rule, rule, op: type(of: graph.op(new)).name,
          at: graph.origins.primaryLine(graph.origin(node)))
      }
      current = replaced
    }
  }
}

/// The rules that want each op, found once for each op of the graph.
private struct RuleIndex {
  let selections: [OpSelection]
  private var lists: [[Int]] = []

  init(_ rules: [any RewriteRule]) { selections = rules.map { type(of: $0).ops } }

  mutating func wants(_ op: OpID, _ graph: Graph) -> Bool {
    while lists.count <= op.index {
      let candidate = graph.ops[lists.count]
      lists.append(selections.indices.filter { selections[$0].contains(candidate) })
    }
    return !lists[op.index].isEmpty
  }

  func rules(_ op: OpID) -> [Int] { lists[op.index] }
}

extension Graph {
  /// Whether two nodes compute the same: one op, and operands that are the same values or come
  /// from nodes that are equal, `depth` nodes deep.
  func isEqual(_ a: NodeID, _ b: NodeID, depth: Int) -> Bool {
    if a == b { return true }
    guard depth > 0, opID(a) == opID(b), operandCount(a) == operandCount(b),
      regions(a).elementsEqual(regions(b))
    else { return false }
    for position in 0..<operandCount(a) {
      let (x, y) = (operand(a, position), operand(b, position))
      if x == y { continue }
      guard let x = producer(x), let y = producer(y), isEqual(x, y, depth: depth - 1) else {
        return false
      }
    }
    return true
  }
}
