import TenonTensor

extension Graph {
  /// The graph that `text(_:literals:)` printed.
  ///
  /// Every node's types are inferred again and compared with those written; ops of older versions
  /// are brought up to date. Nodes without lines of their own take the text's. Regions and arrays
  /// nest at most 64 deep, shapes have at most 64 sizes.
  ///
  /// - Parameters:
  ///   - catalog: the ops that the text may name.
  ///   - tensors: the tensor of a name for literals that the text does not write out, given with
  ///     the type that the text states.
  /// - Throws: `graph-text` with line and column where the text breaks the grammar or a rule of
  ///   graphs; `unknown-op` and `unknown-version` with all ops that the catalogue lacks; what
  ///   attributes, inference and `tensors` throw.
  public convenience init(
    parsing text: String, catalog: OpCatalog,
    tensors: @escaping (_ name: String, _ type: ElementType, _ shape: [Int]) throws -> Tensor = {
      name, _, _ in throw TenonError.noLiteral(name)
    }
  ) throws {
    var scanner = TextScanner(text)
    try scanner.expect(word: "graph", "at the beginning")
    self.init(try scanner.string("the graph's name"))
    var parser = GraphParser(self, scanner, catalog, tensors)
    try parser.parseGraph()
  }
}

/// Reads a graph's text into a fresh graph.
struct GraphParser {
  let graph: Graph
  var scanner: TextScanner
  let catalog: OpCatalog
  let tensors: (String, ElementType, [Int]) throws -> Tensor
  var variables: [String: VariableID] = [:]
  var entryNames: Set<String> = []
  /// The values of the entry being read, by label.
  var values: [String: ValueID] = [:]
  /// Ops that the catalogue cannot read, in the order met.
  var unreadable = UnreadableOps()
  var lines = LineCounter()

  init(
    _ graph: Graph, _ scanner: TextScanner, _ catalog: OpCatalog,
    _ tensors: @escaping (String, ElementType, [Int]) throws -> Tensor
  ) {
    self.graph = graph
    self.scanner = scanner
    self.catalog = catalog
    self.tensors = tensors
  }

  /// What follows the graph's name.
  mutating func parseGraph() throws {
    try scanner.expect("{", "after the graph's name")
    while !scanner.take("}") {
      if scanner.take(word: "symbol") {
        try parseSymbol()
      } else if scanner.take(word: "assume") {
        try parseConstraint()
      } else if scanner.take(word: "variable") {
        try parseVariable()
      } else if scanner.take(word: "entry") {
        try parseEntry()
      } else {
        throw scanner.expected("`symbol`, `assume`, `variable`, `entry` or `}`")
      }
    }
    guard scanner.peek() == nil else { throw scanner.expected("the end of the text") }
    if let error = unreadable.error { throw error }
  }

  /// `symbol length max 128`
  private mutating func parseSymbol() throws {
    scanner.skipBlanks()
    let start = scanner.position
    guard let name = scanner.takeWord(extra: ".") else { throw scanner.expected("a symbol's name") }
    let maximum =
      scanner.take(word: "max")
      ? try scanner.count("a symbol's maximum", limit: Dimension.limit) : nil
    guard graph.symbol(named: name) == nil else {
      throw scanner.error("symbol \(name) is declared twice", at: start)
    }
    try located(start) { try graph.register(Symbol(name: name, maximum: maximum)) }
  }

  /// `assume batch == length at "Sources/Digits/main.swift:3"`
  private mutating func parseConstraint() throws {
    let left = try dimension()
    let relation: Constraint.Relation
    if scanner.take(all: "==") {
      relation = .equal
    } else if scanner.take(all: "!=") {
      relation = .notEqual
    } else if scanner.take(all: ">=") {
      relation = .atLeast
    } else if scanner.take(word: "is") {
      for word in ["a", "multiple", "of"] {
        try scanner.expect(word: word, "of `is a multiple of`")
      }
      relation = .divisible
    } else {
      throw scanner.expected("`==`, `!=`, `>=` or `is a multiple of`")
    }
    let right = try dimension()
    graph.assume(
      Constraint(relation: relation, left: left, right: right, origin: try origin() ?? .none))
  }

  /// `variable @w: f32[64x10] at "Sources/Digits/main.swift:3"`
  private mutating func parseVariable() throws {
    try scanner.expect("@", "before a variable's name")
    let start = scanner.position
    let name = try scanner.name("a variable's name", extra: "./")
    try scanner.expect(":", "before the variable's type")
    let type = try tensorType()
    guard variables[name] == nil else {
      throw scanner.error("variable \(name) is declared twice", at: start)
    }
    variables[name] = graph.addVariable(
      VariableRecord(name: name, type: type, origin: try origin() ?? .none))
  }

  // MARK: Values

  /// `%12`: the label alone.
  mutating func label() throws -> String {
    try scanner.expect("%", "before a value's number")
    let start = scanner.position
    while let byte = scanner.here, TextGrammar.isLetterOrDigit(byte) { scanner.position += 1 }
    guard scanner.position > start else { throw scanner.expected("a value's number") }
    return String(decoding: scanner.bytes[start..<scanner.position], as: UTF8.self)
  }

  /// A value that `region` may use.
  mutating func use(in region: RegionID) throws -> ValueID {
    scanner.skipBlanks()
    let start = scanner.position
    let label = try label()
    guard let value = values[label] else {
      throw scanner.error(
        "value \(TextScanner.shown("%" + label)) is not defined before this use", at: start)
    }
    guard graph.region(of: value) == region else {
      throw scanner.error(
        "value \(TextScanner.shown("%" + label)) belongs to another region; "
          + "pass it as an operand and use the region's argument", at: start)
    }
    return value
  }

  mutating func define(_ label: String, _ value: ValueID, at start: Int) throws {
    guard values.updateValue(value, forKey: label) == nil else {
      throw scanner.error(
        "value \(TextScanner.shown("%" + label)) is defined twice", at: start)
    }
  }

  /// Lists `(…)` of items separated by commas.
  mutating func list(
    _ what: String, _ item: (inout GraphParser) throws -> Void
  ) throws {
    try scanner.expect("(", "before \(what)")
    if scanner.take(")") { return }
    repeat { try item(&self) } while scanner.take(",")
    try scanner.expect(")", "or `,` after \(what)")
  }

  /// `at "A.swift:3"` or `at ["A.swift:3", "A.swift:4"]`; nil where there is neither.
  mutating func origin() throws -> OriginID? {
    guard scanner.take(word: "at") else { return nil }
    guard scanner.take("[") else {
      return graph.origins.leaf(text: try scanner.string("a line"))
    }
    var all = OriginID.none
    repeat {
      all = graph.origins.union(all, graph.origins.leaf(text: try scanner.string("a line")))
    } while scanner.take(",")
    try scanner.expect("]", "or `,` after lines")
    return all
  }

  // MARK: Errors

  /// Runs `body`; a `TenonError` that it throws says where in the text.
  func located<Result>(_ start: Int, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as TenonError {
      throw error.inContext("in graph text \(scanner.place(start))")
    }
  }
}

/// Counts lines up to positions that only grow.
struct LineCounter {
  private var counted = 0
  private var line = 1

  mutating func line(of position: Int, in bytes: [UInt8]) -> Int {
    for byte in bytes[counted..<position] where byte == 0x0A { line += 1 }
    counted = position
    return line
  }
}

/// Ops that a catalogue cannot read, each once, with how often and where first.
struct UnreadableOps {
  private var found: [(error: TenonError, place: String, count: Int)] = []
  private var places: [String: Int] = [:]

  var isEmpty: Bool { found.isEmpty }

  mutating func add(_ error: TenonError, place: @autoclosure () -> String) {
    if let known = places[error.message] {
      found[known].count += 1
    } else {
      places[error.message] = found.count
      found.append((error, place(), 1))
    }
  }

  /// One error for all of them; nil where there are none.
  var error: TenonError? {
    guard let first = found.first else { return nil }
    func uses(_ one: (error: TenonError, place: String, count: Int)) -> String {
      one.count == 1 ? "at \(one.place)" : "\(one.count) times, first at \(one.place)"
    }
    if found.count == 1 {
      var error = first.error
      error.details = ["used \(uses(first))"]
      return error
    }
    return TenonError(
      "unknown-op", "graph text: \(found.count) ops cannot be read",
      details: found.map { "\($0.error.message) (\(uses($0)))" })
  }
}
