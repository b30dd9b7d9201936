import TenonTensor

/// A region that is being recorded, and what it took from the regions around it.
struct OpenRegion {
  var region: RegionID
  var nodes: [NodeID] = []
  var captured: [ValueID] = []
  var captures: [ValueID: ValueID] = [:]
  /// False for a region that passes record into beside existing nodes: values are not captured.
  var capturesOuterValues = true
}

extension Graph {
  /// Records `op` on `operands` where the graph is being recorded, and returns its results.
  ///
  /// - Throws: what the op's inference throws, `foreign-value` for a value of another graph or
  ///   entry, and `operand-count`.
  @discardableResult
  public func apply(
    _ op: some Op, _ operands: [Value], regions: [RegionID] = [], site: CallSite
  ) throws -> [Value] {
    let op = intern(op)
    var ids: [ValueID] = []
    ids.reserveCapacity(operands.count)
    for value in operands {
      guard value.graph === self else {
        throw TenonError.foreignGraph(ops[op.index]).at(site, in: self)
      }
      let isHere =
        !recording.isEmpty
        && recording[recording.count - 1].region == valueRecords[value.id.index].region
      ids.append(isHere ? value.id : try visible(value.id, op: ops[op.index], site: site))
    }
    let node = try append(op, ids, regions: regions, origin: originOverride ?? origins.leaf(site))
    return results(node).map { Value(self, $0) }
  }

  /// As `apply`, for an op with one result.
  public func apply1(
    _ op: some Op, _ operands: [Value], regions: [RegionID] = [], site: CallSite
  ) throws -> Value {
    try apply(op, operands, regions: regions, site: site)[0]
  }

  /// As `apply`, for an op whose type is known only at run time.
  @discardableResult
  public func applyAny(
    _ op: any Op, _ operands: [Value], regions: [RegionID] = [], site: CallSite
  ) throws -> [Value] {
    try apply(op, operands, regions: regions, site: site)
  }

  /// Infers and appends a node to the region being recorded.
  package func append(_ op: OpID, _ operands: [ValueID], regions: [RegionID], origin: OriginID)
    throws -> NodeID
  {
    if recording.isEmpty { try openDefaultEntry() }
    let top = recording.count - 1
    let typeIDs = try inferredTypes(op, operands, regions: regions, origin: origin)
    if registeredTypes < self.types.count || registeredOps < ops.count {
      do { try registerSymbols() } catch let error as TenonError {
        throw error.at(origin, in: self)
      }
    }
    let node = makeNode(
      op, operands, results: typeIDs, regions: regions, origin: origin, scope: currentScope,
      in: recording[top].region)
    recording[top].nodes.append(node)
    noteKnownElements(node)
    return node
  }

  /// The result types, from memory where the op was inferred on the same types before.
  private func inferredTypes(
    _ op: OpID, _ operands: [ValueID], regions: [RegionID], origin: OriginID
  ) throws -> [TypeID] {
    var key = InferenceKey(op)
    var isPlain = regions.isEmpty && operands.count <= 3
    if isPlain {
      for position in operands.indices {
        let type = valueRecords[operands[position].index].type
        if mayBeKnown[type.index] { isPlain = false }
        key.add(type, at: position)
      }
    }
    if isPlain, let known = inferred.find(key) { return [TypeID(Int(known))] }
    let types = try infer(op, operands, regions: regions, origin: origin).map { intern($0) }
    if isPlain && types.count == 1 { _ = inferred.find(key, orInsert: types[0].rawValue) }
    return types
  }

  /// The result types of an op on operands, as the verifier also computes them.
  package func infer(
    _ op: OpID, _ operands: [ValueID], regions: [RegionID], origin: OriginID
  ) throws -> [ValueType] {
    let site = inferenceSite(op, operands, regions: regions, origin: origin)
    guard site.signature.accepts(operandCount: operands.count) else {
      throw site.fail(
        "operand-count",
        "takes \(site.signature.operands.joined(separator: ", ")), given \(operands.count) operands"
      )
    }
    guard site.signature.accepts(regionCount: regions.count) else {
      throw site.fail(
        "region-count",
        "takes the regions \(site.signature.regions.joined(separator: ", ")), given \(regions.count)"
      )
    }
    let types = try ops[op.index].infer(site)
    for type in types {
      guard let tensor = type.tensor else { continue }
      if !tensor.hasSoundSizes {
        throw site.fail("absurd-size", "the result \(tensor) is too large to hold in memory")
      }
      if !tensor.isSmallExpression {
        throw site.fail(
          "absurd-size",
          "a result has more than \(TextGrammar.rankLimit) sizes, or sizes that are "
            + "too long expressions")
      }
    }
    return types
  }

  func inferenceSite(
    _ op: OpID, _ operands: [ValueID], regions: [RegionID], origin: OriginID
  ) -> InferenceSite {
    let op = ops[op.index]
    return InferenceSite(
      graph: self, opName: Swift.type(of: op).name, signature: Swift.type(of: op).signature,
      operands: operands, regions: regions, origin: origin)
  }

  func noteKnownElements(_ node: NodeID) {
    guard resultCount(node) == 1, mayBeKnown[typeID(result(node)).index],
      let type = type(result(node)).tensor
    else { return }
    if type.rank == 1 {
      guard let size = type.shape[0].constant, size <= 64 else { return }
    }
    let site = inferenceSite(
      opID(node), Array(operands(node)), regions: Array(regions(node)), origin: origin(node))
    if let known = op(node).knownElements(site), type.mayHave(knownElements: known) {
      knownElementsByValue[result(node)] = known
    }
  }

  /// The value as the innermost open region sees it, captured through the regions between.
  func visible(_ value: ValueID, op: (any Op)?, site: CallSite?) throws -> ValueID {
    let home = region(of: value)
    guard let last = recording.indices.last else {
      guard let main = entry("main"), main.region == home else {
        throw TenonError.foreignEntry(op).at(site, in: self)
      }
      try openDefaultEntry()
      return try visible(value, op: op, site: site)
    }
    if recording[last].region == home { return value }
    guard let depth = recording.lastIndex(where: { $0.region == home }),
      recording[(depth + 1)...].allSatisfy(\.capturesOuterValues)
    else { throw TenonError.foreignEntry(op).at(site, in: self) }
    var current = value
    for level in (depth + 1)...last {
      if let inner = recording[level].captures[current] {
        current = inner
      } else {
        let inner = addArgument(recording[level].region, type(current))
        knownElementsByValue[inner] = knownElementsByValue[current]
        recording[level].captures[current] = inner
        recording[level].captured.append(current)
        current = inner
      }
    }
    return current
  }

  /// The first line of where the value comes from.
  func originLine(_ value: ValueID) -> String? {
    if let node = producer(value) { return origins.primaryLine(origin(node)) }
    return argumentOrigins[value].flatMap { origins.primaryLine($0) }
  }
}
