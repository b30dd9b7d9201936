import TenonTensor

extension Graph {
  /// What a graph's text says.
  public struct TextOptions: Sendable {
    /// Whether each node, input, variable and constraint names the lines it comes from.
    public var origins: Bool
    /// Literals of more elements are named, or cut short where there is no table for them.
    public var inlineElements: Int

    public init(origins: Bool = false, inlineElements: Int = 64) {
      self.origins = origins
      self.inlineElements = inlineElements
    }
  }

  /// The graph as text: the same for equal graphs, values numbered anew in each entry.
  ///
  /// `Graph(parsing:catalog:tensors:)` reads it back. Without `literals` a large literal is cut
  /// short, and such a text is for reading only.
  ///
  /// - Parameter literals: gets the literals of more than `inlineElements` elements.
  public func text(_ options: TextOptions = TextOptions(), literals: LiteralTable? = nil) -> String
  {
    flushRecording()
    var printer = GraphPrinter(self, options, literals)
    printer.printGraph()
    return printer.out
  }
}

/// Writes a graph's text, node by node.
struct GraphPrinter {
  let graph: Graph
  let options: Graph.TextOptions
  let attributes: AttributeText
  var out = ""
  /// The number of each value in its entry; -1 before its definition.
  private var numbers: [Int32]
  private var next: Int32 = 0
  private var opTexts: [(name: String, attributes: String)?]
  private var typeTexts: [String?]

  init(_ graph: Graph, _ options: Graph.TextOptions, _ literals: LiteralTable?) {
    self.graph = graph
    self.options = options
    attributes = AttributeText(inlineElements: options.inlineElements, table: literals)
    numbers = Array(repeating: -1, count: graph.valueCapacity)
    opTexts = Array(repeating: nil, count: graph.opCapacity)
    typeTexts = Array(repeating: nil, count: graph.types.count)
  }

  mutating func printGraph() {
    out += "graph \(TextGrammar.quoted(graph.name)) {\n"
    for symbol in graph.symbols {
      out += "  symbol \(symbol.name)" + (symbol.maximum.map { " max \($0)" } ?? "") + "\n"
    }
    for constraint in graph.constraints {
      out += "  assume \(constraint)\(origin(constraint.origin))\n"
    }
    for variable in graph.variables {
      out += "  variable @\(variableName(variable.name)): \(variable.type)"
      out += "\(origin(variable.origin))\n"
    }
    for entry in graph.entries { printEntry(entry) }
    out += "}\n"
  }

  private mutating func printEntry(_ entry: Entry) {
    next = 0
    let arguments = graph.arguments(entry.region)
    let texts = arguments.enumerated().map { position, value in
      let binding = position < entry.arguments.count ? entry.arguments[position] : nil
      return (binding.map { self.text($0) + " " } ?? "") + argument(value, binding)
    }
    out += "  entry \(TextGrammar.quoted(entry.name)) "
    list(texts, indent: 2, suffix: 2)
    out += " {\n"
    printNodes(entry.region, indent: 4)
    out += "  } -> "
    let results = graph.results(entry.region).enumerated().map { position, value in
      let binding = position < entry.results.count ? entry.results[position] : nil
      return (binding.map { self.text($0) + " " } ?? "") + reference(value)
    }
    list(results, indent: 2, suffix: 0)
    out += "\n"
  }

  private mutating func printNodes(_ region: RegionID, indent: Int) {
    let margin = String(repeating: " ", count: indent)
    for node in graph.nodes(region) {
      out += margin
      printNode(node)
      for nested in graph.regions(node) {
        out += "\n\(margin)  region "
        let arguments = graph.arguments(nested).map { argument($0, nil) }
        list(arguments, indent: indent + 2, suffix: 2)
        out += " {\n"
        printNodes(nested, indent: indent + 4)
        out += "\(margin)  } -> ("
        out += graph.results(nested).map { reference($0) }.joined(separator: ", ") + ")"
      }
      out += "\n"
    }
  }

  private mutating func printNode(_ node: NodeID) {
    let results = graph.results(node)
    for (position, value) in results.enumerated() {
      out += (position == 0 ? "" : ", ") + define(value)
      if let name = graph.name(value) { out += " \(TextGrammar.quoted(name))" }
    }
    let (name, attributes) = opText(graph.opID(node))
    out += (results.isEmpty ? "" : " = ") + name + "("
    for (position, value) in graph.operands(node).enumerated() {
      out += (position == 0 ? "" : ", ") + reference(value)
    }
    out += ")" + attributes
    for (position, value) in results.enumerated() {
      out += (position == 0 ? ": " : ", ") + typeText(graph.typeID(value))
    }
    let path = graph.path(graph.scope(node))
    if !path.isEmpty { out += " in \(TextGrammar.quoted(path))" }
    out += origin(graph.origin(node))
  }

  /// `%3 "name": f32[2] = [1, 2] at "…"`; a name that the binding says already is left out.
  private mutating func argument(_ value: ValueID, _ binding: Binding?) -> String {
    var text = define(value)
    if let name = graph.name(value), binding.map({ graph.describe($0) }) != name {
      text += " \(TextGrammar.quoted(name))"
    }
    text += ": " + typeText(graph.typeID(value))
    if let known = graph.knownElements(value) {
      text += " = [" + known.map(\.description).joined(separator: ", ") + "]"
    }
    if case .variable = binding { return text }
    return text + origin(graph.argumentOrigins[value] ?? .none)
  }

  private func text(_ binding: Binding) -> String {
    switch binding {
    case .port(let name): TextGrammar.quoted(name)
    case .variable(let id):
      "@" + (id.index < graph.variables.count ? variableName(graph.variables[id.index].name) : "?")
    }
  }

  private func variableName(_ name: String) -> String { TextGrammar.name(name, extra: "./") }

  private mutating func define(_ value: ValueID) -> String {
    numbers[value.index] = next
    next += 1
    return reference(value)
  }

  /// `%3`; `%?7` for a value that the text has not defined, which no sound graph has.
  private func reference(_ value: ValueID) -> String {
    let number = numbers[value.index]
    return number >= 0 ? "%\(number)" : "%?\(value.rawValue)"
  }

  private func origin(_ id: OriginID) -> String {
    guard options.origins, id != .none else { return "" }
    let lines = graph.origins.lines(id).map { TextGrammar.quoted($0) }
    return lines.count == 1 ? " at \(lines[0])" : " at [\(lines.joined(separator: ", "))]"
  }

  private mutating func opText(_ id: OpID) -> (name: String, attributes: String) {
    if let known = opTexts[id.index] { return known }
    let op = graph.op(id)
    let text = (TextGrammar.opName(type(of: op)), attributes.text(op.attributes))
    opTexts[id.index] = text
    return text
  }

  private mutating func typeText(_ id: TypeID) -> String {
    if let known = typeTexts[id.index] { return known }
    let text = graph.types[id.index].description
    typeTexts[id.index] = text
    return text
  }

  /// `(a, b)` on the line begun, or one item a line where that is longer than 100 columns.
  private mutating func list(_ items: [String], indent: Int, suffix: Int) {
    let start = out.utf8.lastIndex(of: 0x0A).map { out.utf8.index(after: $0) } ?? out.startIndex
    let column = out[start...].count
    let inner = items.reduce(0) { $0 + $1.count + 2 } - 2
    if items.isEmpty || column + inner + 2 + suffix <= 100 {
      out += "(" + items.joined(separator: ", ") + ")"
      return
    }
    let margin = String(repeating: " ", count: indent)
    out += "(\n"
    for (position, item) in items.enumerated() {
      out += "\(margin)  \(item)" + (position == items.count - 1 ? "\n" : ",\n")
    }
    out += margin + ")"
  }
}
