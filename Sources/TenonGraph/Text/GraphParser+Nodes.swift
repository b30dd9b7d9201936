import TenonTensor

extension GraphParser {
  /// `{ … }`: the nodes of `region`.
  mutating func parseNodes(_ region: RegionID, depth: Int) throws {
    guard depth <= TextGrammar.depthLimit else {
      throw scanner.error(
        "regions nest deeper than the \(TextGrammar.depthLimit) allowed", at: scanner.position)
    }
    try scanner.expect("{", "before nodes")
    var nodes: [NodeID] = []
    while !scanner.take("}") {
      if let node = try parseNode(in: region, depth: depth) { nodes.append(node) }
    }
    graph.setNodes(region, nodes)
  }

  private struct Result {
    var label: String
    var name: String?
    var type = ValueType.tensor(.bool, .scalar)
    var start: Int
  }

  /// `%4 "name" = softmax(%3) {axis = 1}: f32[batch, 10] in "head" at "A.swift:3" region …`
  ///
  /// Nil after an op that cannot be read: what follows is only searched for more of them.
  private mutating func parseNode(in region: RegionID, depth: Int) throws -> NodeID? {
    var results: [Result] = []
    while scanner.peek() == UInt8(ascii: "%") {
      let start = scanner.position
      let label = try label()
      let name = scanner.peek() == UInt8(ascii: "\"") ? try scanner.string("a name") : nil
      results.append(Result(label: label, name: name, start: start))
      if !scanner.take(",") { break }
    }
    if !results.isEmpty { try scanner.expect("=", "before the op") }
    scanner.skipBlanks()
    let start = scanner.position
    let op = try opName()
    var operands: [ValueID] = []
    try list("operands") { operands.append(try $0.use(in: region)) }
    let attributes = try parseAttributes()
    for position in results.indices {
      try scanner.expect(
        position == 0 ? ":" : ",", "before the type of result \(position + 1)")
      results[position].type = try valueType(depth: 0)
    }
    let scope = scanner.take(word: "in") ? try scanner.string("a scope") : ""
    let origin =
      try origin()
      ?? graph.origins.leaf(text: "graph text:\(lines.line(of: start, in: scanner.bytes))")
    var regions: [RegionID] = []
    while scanner.take(word: "region") {
      regions.append(try parseRegion(depth: depth + 1))
    }
    let made = try make(op, attributes, at: start)
    guard let made, unreadable.isEmpty else {
      for result in results {
        try define(result.label, graph.addArgument(region, result.type), at: result.start)
      }
      return nil
    }
    let id = graph.internAny(made)
    let types = try located(start) {
      try graph.infer(id, operands, regions: regions, origin: origin)
    }
    try check(results, made, types, at: start)
    let node = graph.makeNode(
      id, operands, results: results.map { graph.intern($0.type) }, regions: regions,
      origin: origin, scope: graph.intern(path: scope), in: region)
    graph.noteKnownElements(node)
    for (position, result) in results.enumerated() {
      let value = graph.result(node, position)
      try define(result.label, value, at: result.start)
      if let name = result.name { graph.setName(value, name) }
    }
    return node
  }

  /// `(%5: f32[], %6: f32[]) { … } -> (%7)` after the word `region`.
  private mutating func parseRegion(depth: Int) throws -> RegionID {
    let region = graph.makeRegion(arguments: [])
    try list("a region's arguments") { _ = try $0.argument(of: region) }
    try parseNodes(region, depth: depth)
    try scanner.expectArrow()
    var results: [ValueID] = []
    try list("a region's results") { results.append(try $0.use(in: region)) }
    graph.setResults(region, results)
    return region
  }

  /// The name with its version, which is 1 where the text gives none.
  private mutating func opName() throws -> String {
    let name = try scanner.name("an op or `}`", extra: ".")
    guard scanner.here == UInt8(ascii: "@") else { return "\(name)@1" }
    scanner.position += 1
    return "\(name)@\(try scanner.count("a version", limit: 1 << 30))"
  }

  /// The op; nil where the catalogue lacks it.
  private mutating func make(
    _ name: String, _ attributes: Attributes, at start: Int
  ) throws -> (any Op)? {
    do { return try catalog.make(name, attributes) } catch let error as TenonError {
      guard error.code == "unknown-op" || error.code == "unknown-version" else {
        throw error.inContext("in graph text \(scanner.place(start))")
      }
      unreadable.add(error, place: scanner.place(start))
      return nil
    }
  }

  /// Compares what is written with what inference gives; layouts are not inferred.
  private func check(
    _ results: [Result], _ op: any Op, _ types: [ValueType], at start: Int
  ) throws {
    let name = type(of: op).name
    guard types.count == results.count else {
      throw scanner.error(
        "\(name) gives \(types.count) results, but \(results.count) are written", at: start)
    }
    for (position, type) in types.enumerated()
    where type.withoutLayout != results[position].type.withoutLayout {
      throw scanner.error(
        "\(name) gives \(type), but \(results[position].type) is written "
          + "for \(TextScanner.shown("%" + results[position].label))", at: results[position].start)
    }
  }
}
