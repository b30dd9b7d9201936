import TenonTensor

extension GraphParser {
  /// `entry "predict" ("images" %0: f32[batch, 64]) { … } -> ("probabilities" %4)`
  mutating func parseEntry() throws {
    scanner.skipBlanks()
    let start = scanner.position
    let name = try scanner.string("an entry's name")
    guard entryNames.insert(name).inserted else {
      throw scanner.error("entry \(TextScanner.shown(name)) is declared twice", at: start)
    }
    values = [:]
    let region = graph.makeRegion(arguments: [])
    var arguments: [Binding] = []
    var taken: Set<Binding> = []
    try list("an entry's arguments") { parser in
      parser.scanner.skipBlanks()
      let start = parser.scanner.position
      let binding = try parser.binding()
      guard taken.insert(binding).inserted else {
        throw parser.scanner.error("\(parser.describe(binding)) is bound twice", at: start)
      }
      let value = try parser.argument(of: region)
      try parser.check(value, boundTo: binding, isInput: true, at: start)
      if parser.graph.name(value) == nil {
        parser.graph.setName(value, parser.graph.describe(binding))
      }
      arguments.append(binding)
    }
    try parseNodes(region, depth: 0)
    var bindings: [Binding] = []
    var results: [ValueID] = []
    taken = []
    try scanner.expectArrow()
    try list("an entry's results") { parser in
      parser.scanner.skipBlanks()
      let start = parser.scanner.position
      let binding = try parser.binding()
      guard taken.insert(binding).inserted else {
        throw parser.scanner.error("\(parser.describe(binding)) is bound twice", at: start)
      }
      let value = try parser.use(in: region)
      try parser.check(value, boundTo: binding, isInput: false, at: start)
      bindings.append(binding)
      results.append(value)
    }
    graph.setResults(region, results)
    graph.entries.append(
      Entry(name: name, region: region, arguments: arguments, results: bindings))
  }

  /// A port in quotes or a variable's `@name`.
  private mutating func binding() throws -> Binding {
    guard scanner.take("@") else {
      return .port(try scanner.string("`@` and a variable, or a name"))
    }
    let start = scanner.position
    let name = try scanner.name("a variable's name", extra: "./")
    guard let variable = variables[name] else {
      throw scanner.error("there is no variable \(TextScanner.shown(name))", at: start)
    }
    return .variable(variable)
  }

  private func describe(_ binding: Binding) -> String {
    switch binding {
    case .port(let name): "port \(TextScanner.shown(name))"
    case .variable(let id): "variable \(TextScanner.shown(graph.variables[id.index].name))"
    }
  }

  private func check(
    _ value: ValueID, boundTo binding: Binding, isInput: Bool, at start: Int
  ) throws {
    let type = graph.type(value)
    switch binding {
    case .variable(let id):
      let variable = graph.variables[id.index]
      guard type == .tensor(variable.type) else {
        throw scanner.error(
          "\(describe(binding)) holds \(variable.type), not \(type)", at: start)
      }
    case .port:
      guard isInput, let tensor = type.tensor, !tensor.hasSoundSizes else { return }
      throw scanner.error("the sizes of \(tensor) must lie between 0 and 2^46", at: start)
    }
  }

  /// `%3 "name": i64[2] = [1, batch] at "…"`, one more argument of `region`.
  mutating func argument(of region: RegionID) throws -> ValueID {
    scanner.skipBlanks()
    let start = scanner.position
    let label = try label()
    let name = scanner.peek() == UInt8(ascii: "\"") ? try scanner.string("a name") : nil
    try scanner.expect(":", "before the argument's type")
    let type = try valueType(depth: 0)
    let value = graph.addArgument(region, type)
    try define(label, value, at: start)
    if let name { graph.setName(value, name) }
    if scanner.take("=") {
      graph.setKnownElements(value, try knownElements(of: type))
    }
    if let origin = try origin() { graph.setArgumentOrigin(value, origin) }
    return value
  }

  private mutating func knownElements(of type: ValueType) throws -> [Dimension] {
    scanner.skipBlanks()
    let start = scanner.position
    try scanner.expect("[", "before known elements")
    var known: [Dimension] = []
    if !scanner.take("]") {
      repeat { known.append(try dimension()) } while scanner.take(",")
      try scanner.expect("]", "or `,` after known elements")
    }
    guard let tensor = type.tensor, tensor.mayHave(knownElements: known) else {
      throw scanner.error(
        "\(type) cannot have the known elements \(Shape(known))", at: start)
    }
    return known
  }
}
