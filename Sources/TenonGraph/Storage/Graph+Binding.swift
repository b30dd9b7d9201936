import TenonTensor

extension Graph {
  /// A graph of its own with the same content; both may be edited apart.
  public func copy() -> Graph {
    finishRecording()
    let copy = Graph(name, origins: origins)
    copy.nodeRecords = nodeRecords
    copy.valueRecords = valueRecords
    copy.regionRecords = regionRecords
    copy.operandPool = operandPool
    copy.regionPool = regionPool
    copy.ops = ops
    copy.opLookup = opLookup
    copy.types = types
    copy.typeLookup = typeLookup
    copy.mayBeKnown = mayBeKnown
    copy.scopes = scopes
    copy.scopeLookup = scopeLookup
    copy.knownElementsByValue = knownElementsByValue
    copy.namesByValue = namesByValue
    copy.argumentOrigins = argumentOrigins
    copy.entries = entries
    copy.variables = variables
    copy.constraints = constraints
    copy.constraintLookup = constraintLookup
    copy.symbols = symbols
    copy.symbolsByName = symbolsByName
    copy.registeredTypes = registeredTypes
    copy.registeredOps = registeredOps
    return copy
  }

  /// Gives symbols numbers everywhere: in types, attributes, known elements and constraints.
  ///
  /// - Throws: `unknown-symbol` for a name the graph does not use, `size-range` for a number that a
  ///   running symbol does not allow, `absurd-size` for one that makes a size negative or too
  ///   large, and `constraint` where recording assumed otherwise.
  public func bind(_ sizes: [String: Int]) throws {
    finishRecording()
    if sizes.isEmpty { return }
    for name in sizes.keys.sorted() {
      guard let symbol = symbolsByName[name] else {
        throw TenonError.unknownSymbol(name, known: symbolsByName.keys.sorted())
      }
      let size = sizes[name]!
      guard size >= 0, size <= symbol.maximum ?? (1 << 46) else {
        throw TenonError.symbolRange(symbol, size)
      }
    }
    func replacement(_ symbol: Symbol) -> Dimension? { sizes[symbol.name].map { Dimension($0) } }
    try substituteInTypes(replacement)
    try substituteInOps(replacement)
    knownElementsByValue = knownElementsByValue.mapValues { elements in
      elements.map { $0.substituting(replacement) }
    }
    for index in variables.indices {
      variables[index].type.shape = variables[index].type.shape.substituting(replacement)
    }
    symbols.removeAll { sizes[$0.name] != nil }
    for name in sizes.keys { symbolsByName[name] = nil }
    try checkConstraints(replacement)
  }

  /// Types that become equal become one. What was inferred before holds no more.
  private func substituteInTypes(_ replacement: (Symbol) -> Dimension?) throws {
    var one: [TypeID] = []
    inferred = InternTable()
    typeLookup = [:]
    for index in types.indices {
      let type = types[index].substituting(replacement)
      if let tensor = type.tensor, !tensor.hasSoundSizes, types[index] != type {
        throw TenonError.absurdBinding(types[index], tensor)
      }
      types[index] = type
      let id = typeLookup[type] ?? TypeID(index)
      typeLookup[type] = id
      one.append(id)
    }
    for index in valueRecords.indices {
      valueRecords[index].type = one[valueRecords[index].type.index]
    }
  }

  /// Ops that become equal become one.
  private func substituteInOps(_ replacement: (Symbol) -> Dimension?) throws {
    var one: [OpID] = []
    opLookup = [:]
    for index in ops.indices {
      ops[index] = try ops[index].substituting(replacement)
      let key = OpKey(op: ops[index])
      let id = opLookup[key] ?? OpID(index)
      opLookup[key] = id
      one.append(id)
    }
    for index in nodeRecords.indices { nodeRecords[index].op = one[nodeRecords[index].op.index] }
  }

  /// Keeps the constraints that are still open.
  private func checkConstraints(_ replacement: (Symbol) -> Dimension?) throws {
    var open: [Constraint] = []
    for constraint in constraints {
      var bound = constraint
      bound.left = constraint.left.substituting(replacement)
      bound.right = constraint.right.substituting(replacement)
      switch bound.holds({ _ in nil }) {
      case true?: continue
      case false?:
        throw TenonError.violatedConstraint(
          constraint, bound, location: origins.primaryLine(constraint.origin))
      case nil: open.append(bound)
      }
    }
    constraints = []
    constraintLookup = []
    for constraint in open { assume(constraint) }
  }
}

extension ValueType {
  /// The type with symbols replaced.
  func substituting(_ replacement: (Symbol) -> Dimension?) -> ValueType {
    switch self {
    case .tensor(var type):
      type.shape = type.shape.substituting(replacement)
      return .tensor(type)
    case .sequence(let type): return .sequence(type.substituting(replacement))
    case .optional(let type): return .optional(type.substituting(replacement))
    }
  }
}

extension Op {
  /// The op with symbols in its attributes replaced.
  func substituting(_ replacement: (Symbol) -> Dimension?) throws -> any Op {
    var changed = false
    func substituted(_ value: AttributeValue) -> AttributeValue {
      switch value {
      case .dimension(let dimension):
        let new = dimension.substituting(replacement)
        if new != dimension { changed = true }
        return .dimension(new)
      case .array(let values): return .array(values.map(substituted))
      default: return value
      }
    }
    var attributes = self.attributes
    attributes.values = attributes.values.map(substituted)
    return changed ? try AttributeDecoder.decode(Self.self, from: attributes) : self
  }
}

extension TenonError {
  static func unknownSymbol(_ name: String, known: [String]) -> TenonError {
    TenonError(
      "unknown-symbol", "bind: the graph has no dimension \(name)",
      details: ["dimensions: " + (known.isEmpty ? "none" : known.joined(separator: ", "))])
  }

  static func symbolRange(_ symbol: Symbol, _ size: Int) -> TenonError {
    TenonError(
      "size-range",
      "bind: dimension \(symbol) must lie between 0 and \(symbol.maximum ?? (1 << 46)), given \(size)"
    )
  }

  static func absurdBinding(_ recorded: ValueType, _ bound: TensorType) -> TenonError {
    TenonError(
      "absurd-size",
      "bind: \(recorded) becomes \(bound); sizes, and their product, must lie between 0 and 2^46")
  }

  static func violatedConstraint(_ recorded: Constraint, _ bound: Constraint, location: String?)
    -> TenonError
  {
    TenonError(
      "constraint", "bind: recording assumed \(recorded), but the sizes give \(bound)",
      location: location)
  }
}
