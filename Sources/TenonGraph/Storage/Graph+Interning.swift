import TenonTensor

extension Graph {
  /// The graph's one copy of `op`.
  public func intern<Op: TenonGraph.Op>(_ op: Op) -> OpID {
    // All ops of a type without attributes are equal.
    guard MemoryLayout<Op>.size == 0 else { return lookUp(op) }
    if let id = opOfPlainType[ObjectIdentifier(Op.self)] { return id }
    let id = lookUp(op)
    opOfPlainType[ObjectIdentifier(Op.self)] = id
    return id
  }

  func internAny(_ op: any Op) -> OpID { intern(op) }

  private func lookUp(_ op: any Op) -> OpID {
    let key = OpKey(op: op)
    if let id = opLookup[key] { return id }
    let id = OpID(ops.count)
    ops.append(op)
    opLookup[key] = id
    return id
  }

  /// The graph's one copy of `type`.
  public func intern(_ type: ValueType) -> TypeID {
    if let id = typeLookup[type] { return id }
    let id = TypeID(types.count)
    types.append(type)
    mayBeKnown.append(type.mayHaveKnownElements)
    typeLookup[type] = id
    return id
  }

  func intern(scope name: String, in parent: ScopeID) -> ScopeID {
    let key = ScopeKey(parent: parent, name: name)
    if let id = scopeLookup[key] { return id }
    let id = ScopeID(scopes.count)
    scopes.append((parent, name))
    scopeLookup[key] = id
    return id
  }

  /// The scope of a path as `path(_:)` gives it.
  func intern(path: String) -> ScopeID {
    if path.isEmpty { return .root }
    return path.split(separator: "/", omittingEmptySubsequences: false)
      .reduce(.root) { intern(scope: String($1), in: $0) }
  }

  /// Notes a symbol.
  ///
  /// - Throws: `symbol-conflict` where a name is used both bound and running, or with two maxima;
  ///   `symbol-name` for a name that text cannot hold.
  func register(_ symbol: Symbol) throws {
    if let other = symbolsByName[symbol.name] {
      if other != symbol { throw TenonError.symbolConflict(symbol, other) }
      return
    }
    guard TextGrammar.isSymbolName(symbol.name) else { throw TenonError.symbolName(symbol.name) }
    if let maximum = symbol.maximum, maximum < 0 || maximum > Dimension.limit {
      throw TenonError.symbolMaximum(symbol.name, maximum)
    }
    symbolsByName[symbol.name] = symbol
    symbols.append(symbol)
  }

  /// Notes the symbols of types and ops that are new.
  ///
  /// - Throws: as `register(_:)`.
  func registerSymbols() throws {
    while registeredTypes < types.count {
      registeredTypes += 1
      for symbol in types[registeredTypes - 1].symbols { try register(symbol) }
    }
    while registeredOps < ops.count {
      registeredOps += 1
      for value in ops[registeredOps - 1].attributes.values {
        for symbol in value.symbols { try register(symbol) }
      }
    }
  }

  /// Records an assumption, once.
  public func assume(_ constraint: Constraint) {
    if isVerifying { return }
    var key = constraint
    key.origin = .none
    if constraintLookup.insert(key).inserted { constraints.append(constraint) }
  }
}

// Making nodes, values and regions; the builder and passes use these.
extension Graph {
  /// A region with no nodes yet, with arguments of the types given.
  public func makeRegion(arguments types: [ValueType]) -> RegionID {
    let region = RegionID(regionRecords.count)
    regionRecords.append(RegionRecord(arguments: [], nodes: [], results: []))
    for type in types { _ = addArgument(region, type) }
    return region
  }

  /// One more argument at the end of a region's.
  public func addArgument(_ region: RegionID, _ type: ValueType) -> ValueID {
    let value = ValueID(valueRecords.count)
    let position = Int32(regionRecords[region.index].arguments.count)
    valueRecords.append(
      ValueRecord(
        type: intern(type), definition: -1 - region.rawValue, position: position, region: region))
    regionRecords[region.index].arguments.append(value)
    return value
  }

  /// A node that is in no region's list yet.
  package func makeNode(
    _ op: OpID, _ operands: some Collection<ValueID>, results: [TypeID], regions: [RegionID],
    origin: OriginID, scope: ScopeID, in region: RegionID
  ) -> NodeID {
    let node = NodeID(nodeRecords.count)
    nodeRecords.append(
      NodeRecord(
        op: op, operandStart: Int32(operandPool.count), operandCount: Int32(operands.count),
        resultStart: Int32(valueRecords.count), resultCount: Int32(results.count),
        regionStart: Int32(regionPool.count), regionCount: Int32(regions.count), origin: origin,
        scope: scope, region: region))
    operandPool.append(contentsOf: operands)
    regionPool.append(contentsOf: regions)
    for (position, type) in results.enumerated() {
      valueRecords.append(
        ValueRecord(
          type: type, definition: node.rawValue, position: Int32(position), region: region))
    }
    return node
  }

  package func setNodes(_ region: RegionID, _ nodes: [NodeID]) {
    regionRecords[region.index].nodes = nodes
  }

  package func setResults(_ region: RegionID, _ results: [ValueID]) {
    regionRecords[region.index].results = results
  }

  package func setOperand(_ node: NodeID, _ position: Int, _ value: ValueID) {
    operandPool[Int(nodeRecords[node.index].operandStart) + position] = value
  }

  package func setType(_ value: ValueID, _ type: ValueType) {
    valueRecords[value.index].type = intern(type)
  }

  package func setKnownElements(_ value: ValueID, _ elements: [Dimension]?) {
    knownElementsByValue[value] = elements
  }

  package func setName(_ value: ValueID, _ name: String?) { namesByValue[value] = name }

  package func setEntries(_ entries: [Entry]) {
    self.entries = entries
    argumentPlaces = BindingPlaces()
    resultPlaces = BindingPlaces()
  }

  package func setArgumentOrigin(_ value: ValueID, _ origin: OriginID) {
    argumentOrigins[value] = origin
  }

  package func addVariable(_ record: VariableRecord) -> VariableID {
    variables.append(record)
    return VariableID(variables.count - 1)
  }
}
