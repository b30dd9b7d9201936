import TenonTensor

extension TenonError {
  /// The error at a place in the user's code.
  func at(_ site: CallSite?, in graph: Graph) -> TenonError {
    guard let site else { return self }
    var error = self
    error.location = graph.origins.primaryLine(graph.origins.leaf(site))
    return error
  }

  /// The error at the first line of an origin.
  func at(_ origin: OriginID, in graph: Graph) -> TenonError {
    var error = self
    error.location = graph.origins.primaryLine(origin)
    return error
  }

  static func symbolConflict(_ a: Symbol, _ b: Symbol) -> TenonError {
    func kind(_ symbol: Symbol) -> String {
      symbol.maximum.map { "running, at most \($0)" } ?? "bound when compiled"
    }
    return TenonError(
      "symbol-conflict",
      "dimension \(a.name) is declared twice with different kinds; use one symbol for both",
      details: ["before: \(kind(b))", "now: \(kind(a))"])
  }

  static func symbolName(_ name: String) -> TenonError {
    TenonError(
      "symbol-name",
      "dimension \(TextScanner.shown(name)): a symbol's name is letters, digits, `_` and `.`, begins "
        + "with a letter or `_`, and is no element type, `true`, `false`, `none`, `nan` or `inf`")
  }

  static func symbolMaximum(_ name: String, _ maximum: Int) -> TenonError {
    TenonError(
      "symbol-name",
      "dimension \(name): a running symbol's maximum is not negative, given \(maximum)")
  }

  static func foreignGraph(_ op: (any Op)?) -> TenonError {
    TenonError(
      "foreign-value",
      "\(op.map { type(of: $0).name } ?? "region"): an operand belongs to another graph")
  }

  static func foreignEntry(_ op: (any Op)?) -> TenonError {
    TenonError(
      "foreign-value",
      "\(op.map { type(of: $0).name } ?? "region"): an operand belongs to another entry or to a "
        + "region that has ended; pass it as an input, a variable or a result")
  }

  static func foreignOutput(_ name: String) -> TenonError {
    TenonError(
      "foreign-value", "output \(name): the value belongs to another graph, entry or region")
  }

  static func duplicate(_ kind: String, _ name: String) -> TenonError {
    TenonError("duplicate-name", "\(kind) \(name) is declared twice; names must differ")
  }

  static func nestedEntry(_ name: String) -> TenonError {
    TenonError("nested-entry", "entry \(name) is recorded inside another entry; record it after")
  }

  static let portInRegion = TenonError(
    "port-in-region",
    "inputs, outputs and variables belong to an entry, not to a region inside it; "
      + "read or declare them outside the region")

  static let regionDepth = TenonError(
    "region-depth", "regions nest deeper than the \(TextGrammar.depthLimit) allowed")

  static func badInputSize(_ name: String, _ type: TensorType) -> TenonError {
    TenonError(
      "absurd-size",
      "input \(name): the sizes of \(type), and their product, must lie between 0 and 2^46; "
        + "at most \(TextGrammar.rankLimit) sizes")
  }

  static func variableKind(_ name: String) -> TenonError {
    TenonError("variable-kind", "variable \(name): the first value must be a tensor")
  }

  static func assignedType(_ variable: VariableRecord, _ given: ValueType) -> TenonError {
    TenonError(
      "assigned-type",
      "variable \(variable.name) holds \(variable.type), assigned \(given); convert or reshape first"
    )
  }

  static func unbound(_ dimension: Dimension) -> TenonError {
    TenonError(
      "unbound-symbol", "dimension \(dimension) has no number; bind it when compiling or feeding")
  }

  public static func noGradient(_ op: String) -> TenonError {
    TenonError("no-gradient", "\(op): has no gradient; keep it off the path, or use `stopGradient`")
  }

  static func unknownOp(_ name: String) -> TenonError {
    TenonError("unknown-op", "op \(name) is not in the catalogue; add it: `.standard + [Op.self]`")
  }

  public static func unknownVersion(_ name: String, _ version: Int, newest: Int) -> TenonError {
    TenonError(
      "unknown-version",
      "op \(name)@\(version) cannot be read: this build knows versions up to \(newest)")
  }

  public static func noLiteral(_ name: String) -> TenonError {
    TenonError(
      "no-tensor",
      "graph text: the tensor \(TextScanner.shown(name)) is kept outside the text and "
        + "was not given")
  }

  static func unknownAttribute(_ name: String, op: String) -> TenonError {
    TenonError("attribute", "\(op): has no attribute \(name)")
  }

  static func missingAttribute(_ name: String, op: String) -> TenonError {
    TenonError("attribute", "\(op): attribute \(name) is missing")
  }

  static func unfitAttribute(_ name: String, op: String, given: AttributeValue) -> TenonError {
    TenonError("attribute", "\(op): attribute \(name) cannot be \(given.kindName)")
  }
}

extension AttributeValue {
  /// What kind of value it is, for messages.
  var kindName: String {
    switch self {
    case .none: "absent"
    case .bool(let value): "\(value)"
    case .int(let value): "the integer \(value)"
    case .float(let value): "the number \(value)"
    case .string(let value): "the string \"\(value)\""
    case .elementType(let type): "the element type \(type)"
    case .dimension(let dimension): "the size \(dimension)"
    case .literal(let literal): "a tensor \(literal.tensor.typeDescription)"
    case .array: "a list"
    }
  }
}
