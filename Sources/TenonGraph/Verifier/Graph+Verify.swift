import TenonTensor

extension Graph {
  /// Checks every fact that a sound graph has: entries and variables, the order and regions of
  /// values, types as inferred again, origins, known elements and symbols. Changes nothing.
  ///
  /// - Throws: `verify` with the node, its op, the rule broken and the user's line; drivers add the
  ///   pass that broke it.
  public func verify() throws {
    flushRecording()
    isVerifying = true
    defer { isVerifying = false }
    var verifier = GraphVerifier(self)
    try verifier.verifyGraph()
    try LayoutVerifier(graph: self).verify()
  }
}

/// One pass over a graph's entries and the regions under them.
struct GraphVerifier {
  let graph: Graph
  /// By value: met as an argument or result so far.
  private var isDefined: [Bool]
  /// By node: met in a region so far.
  private var isPlaced: [Bool]
  /// By region: met as an entry's or a node's.
  private var isOwned: [Bool]
  private var isTypeChecked: [Bool]
  /// By type: whether its values may carry known elements, on which inference may depend.
  private let mayBeKnown: [Bool]
  /// Result types that inference gave before.
  private var inferred = InternTable<InferenceKey>()
  // The graph's arrays, read without asking the graph for each element.
  private let nodeRecords: [NodeRecord]
  private let valueRecords: [ValueRecord]
  private let operandPool: [ValueID]
  private var isOpChecked: [Bool]
  private var pending: [RegionID] = []
  private var sizes: SizeReaders

  init(_ graph: Graph) {
    self.graph = graph
    isDefined = Array(repeating: false, count: graph.valueRecords.count)
    isPlaced = Array(repeating: false, count: graph.nodeRecords.count)
    isOwned = Array(repeating: false, count: graph.regionRecords.count)
    isTypeChecked = Array(repeating: false, count: graph.types.count)
    mayBeKnown = graph.mayBeKnown
    nodeRecords = graph.nodeRecords
    valueRecords = graph.valueRecords
    operandPool = graph.operandPool
    isOpChecked = Array(repeating: false, count: graph.ops.count)
    sizes = SizeReaders(graph, under: graph.entries.map(\.region))
  }

  mutating func verifyGraph() throws {
    try verifySymbols()
    try verifyVariables()
    var names: Set<String> = []
    for entry in graph.entries {
      guard names.insert(entry.name).inserted else {
        throw TenonError.verify("entry \(entry.name)", "is there twice")
      }
      if let rule = own(entry.region) { throw TenonError.verify("entry \(entry.name)", rule) }
      try verifyRegions()
      try verifyBindings(entry)
    }
  }

  private func verifySymbols() throws {
    var names: Set<String> = []
    for symbol in graph.symbols {
      guard names.insert(symbol.name).inserted, graph.symbol(named: symbol.name) == symbol else {
        throw TenonError.verify("symbol \(symbol.name)", "is registered twice")
      }
    }
    for constraint in graph.constraints {
      for symbol in constraint.left.symbols + constraint.right.symbols
      where graph.symbol(named: symbol.name) != symbol {
        throw TenonError.verify(
          "constraint \(constraint)", "symbol \(symbol.name) is not registered")
      }
    }
  }

  private func verifyVariables() throws {
    var names: Set<String> = []
    for variable in graph.variables {
      guard names.insert(variable.name).inserted else {
        throw TenonError.verify("variable \(variable.name)", "is there twice")
      }
      for symbol in variable.type.shape.symbols where graph.symbol(named: symbol.name) != symbol {
        throw TenonError.verify(
          "variable \(variable.name)", "symbol \(symbol.name) is not registered")
      }
    }
  }

  private func verifyBindings(_ entry: Entry) throws {
    let name = "entry \(entry.name)"
    for (kind, bindings, values) in [
      ("argument", entry.arguments, graph.arguments(entry.region)),
      ("result", entry.results, graph.results(entry.region)),
    ] {
      guard bindings.count == values.count else {
        throw TenonError.verify(
          name, "has \(values.count) \(kind)s but \(bindings.count) names for them")
      }
      var seen: Set<Binding> = []
      for (binding, value) in zip(bindings, values) {
        if case .variable(let id) = binding {
          guard graph.variables.indices.contains(id.index) else {
            throw TenonError.verify(name, "\(kind) binds variable \(id.rawValue), which is none")
          }
          let variable = graph.variables[id.index]
          guard graph.type(value).withoutLayout == .tensor(variable.type) else {
            throw TenonError.verify(
              name,
              "variable \(variable.name) holds \(variable.type), its \(kind) is "
                + "\(graph.type(value))")
          }
        }
        guard seen.insert(binding).inserted else {
          throw TenonError.verify(name, "\(kind) \(graph.describe(binding)) is there twice")
        }
      }
    }
  }

  // MARK: Regions

  /// Notes that a region has an owner and queues it; the rule broken where it has one already.
  private mutating func own(_ region: RegionID) -> String? {
    guard graph.regionRecords.indices.contains(region.index) else {
      return "region \(region.rawValue) is none"
    }
    if isOwned[region.index] { return "region \(region.rawValue) is in another place too" }
    isOwned[region.index] = true
    pending.append(region)
    return nil
  }

  private mutating func verifyRegions() throws {
    while let region = pending.popLast() {
      let record = graph.regionRecords[region.index]
      for (position, value) in record.arguments.enumerated() {
        guard isKnown(value), graph.definition(value) == .argument(region, position),
          graph.region(of: value) == region, !isDefined[value.index]
        else {
          throw TenonError.verify(
            "region \(region.rawValue)", "argument \(position) is not defined by it")
        }
        isDefined[value.index] = true
        if let rule = ruleBroken(byTypeOf: value) {
          throw TenonError.verify("region \(region.rawValue)", "argument \(position): \(rule)")
        }
      }
      for node in record.nodes { try verify(node, in: region) }
      for (position, value) in record.results.enumerated() {
        guard isKnown(value), isDefined[value.index], graph.region(of: value) == region else {
          throw TenonError.verify(
            "region \(region.rawValue)", "result \(position) is no value of the region")
        }
      }
    }
  }

  private func isKnown(_ value: ValueID) -> Bool {
    value.rawValue >= 0 && value.index < isDefined.count
  }

  // MARK: Nodes

  private mutating func verify(_ node: NodeID, in region: RegionID) throws {
    guard node.rawValue >= 0, node.index < isPlaced.count else {
      throw TenonError.verify("region \(region.rawValue)", "node \(node.rawValue) is none")
    }
    let record = nodeRecords[node.index]
    if isPlaced[node.index] { throw fail(node, "is in two places") }
    isPlaced[node.index] = true
    if record.region != region { throw fail(node, "is in a region that is not its own") }
    if record.origin == .none { throw fail(node, "has no origin") }
    var key = InferenceKey(record.op)
    var isPlain =
      record.regionCount == 0 && record.operandCount <= 3 && record.resultCount == 1
    let start = Int(record.operandStart)
    for place in start..<start + Int(record.operandCount) {
      let value = operandPool[place]
      guard isKnown(value), isDefined[value.index] else {
        throw fail(node, "operand \(place - start) is not defined before the node")
      }
      let operand = valueRecords[value.index]
      guard operand.region == region else {
        throw fail(node, "operand \(place - start) belongs to another region")
      }
      if mayBeKnown[operand.type.index] { isPlain = false }
      if isPlain { key.add(operand.type, at: place - start) }
    }
    for reader in sizes.readers(before: node) where !isPlaced[reader.index] {
      throw fail(node, "uses a size before it is read")
    }
    if record.regionCount > 0 {
      for nested in graph.regions(node) {
        if let rule = own(nested) { throw fail(node, rule) }
      }
    }
    if !isOpChecked[record.op.index] { try verifySymbols(of: node) }
    if isPlain {
      let result = valueRecords[Int(record.resultStart)].type
      if !mayBeKnown[result.index],
        inferred.find(key, orInsert: result.rawValue) == result.rawValue
      {
        try define(node, record, 0)
        return
      }
    }
    try verifyResults(node, record, Array(graph.operands(node)), Array(graph.regions(node)))
  }

  /// Notes that a result is there, once.
  private mutating func define(_ node: NodeID, _ record: NodeRecord, _ position: Int) throws {
    let value = Int(record.resultStart) + position
    let result = valueRecords[value]
    guard result.definition == node.rawValue, result.position == position,
      result.region == record.region, !isDefined[value]
    else { throw fail(node, "result \(position) is not defined by it") }
    isDefined[value] = true
  }

  private mutating func verifyResults(
    _ node: NodeID, _ record: NodeRecord, _ operands: [ValueID], _ regions: [RegionID]
  ) throws {
    let types: [ValueType]
    do {
      types = try graph.infer(record.op, operands, regions: regions, origin: record.origin)
    } catch let error as TenonError {
      var failure = fail(node, "inference refuses it: \(error.message)")
      failure.details = error.details
      throw failure
    }
    guard types.count == Int(record.resultCount) else {
      throw fail(node, "has \(record.resultCount) results, inference gives \(types.count)")
    }
    for (position, type) in types.enumerated() {
      try define(node, record, position)
      let value = ValueID(Int(record.resultStart) + position)
      let written = graph.type(value)
      guard written == type || written.withoutLayout == type.withoutLayout else {
        throw fail(node, "result \(position) is \(written), inference gives \(type)")
      }
      if let rule = ruleBroken(byTypeOf: value) { throw fail(node, "result \(position): \(rule)") }
    }
    if let rule = ruleBroken(byKnownElementsOf: node, record, operands, regions) {
      throw fail(node, rule)
    }
  }

  private mutating func verifySymbols(of node: NodeID) throws {
    isOpChecked[graph.opID(node).index] = true
    for value in graph.op(node).attributes.values {
      for symbol in value.symbols where graph.symbol(named: symbol.name) != symbol {
        throw fail(node, "symbol \(symbol.name) of its attributes is not registered")
      }
    }
  }

  // MARK: Values

  /// The rule that the value's type or known elements break.
  private mutating func ruleBroken(byTypeOf value: ValueID) -> String? {
    let id = graph.typeID(value)
    let type = graph.types[id.index]
    if !isTypeChecked[id.index] {
      isTypeChecked[id.index] = true
      for symbol in type.symbols where graph.symbol(named: symbol.name) != symbol {
        return "symbol \(symbol.name) of \(type) is not registered"
      }
      if let tensor = type.tensor {
        if !tensor.hasSoundSizes { return "the sizes of \(type) are absurd" }
        if let layout = tensor.layout, !layout.fits(rank: tensor.rank) {
          return "the layout of \(type) does not fit its rank"
        }
      }
    }
    guard let tensor = type.tensor, tensor.rank <= 1, !tensor.element.isFloat,
      let known = graph.knownElements(value)
    else { return nil }
    if !tensor.mayHave(knownElements: known) {
      return "\(type) cannot have the known elements \(Shape(known))"
    }
    for symbol in known.flatMap(\.symbols) where graph.symbol(named: symbol.name) != symbol {
      return "symbol \(symbol.name) of its known elements is not registered"
    }
    return nil
  }

  /// Known elements that the op states must be those recorded.
  private func ruleBroken(
    byKnownElementsOf node: NodeID, _ record: NodeRecord, _ operands: [ValueID],
    _ regions: [RegionID]
  ) -> String? {
    guard record.resultCount == 1, let type = graph.type(graph.result(node)).tensor,
      type.rank <= 1, !type.element.isFloat,
      let recorded = graph.knownElements(graph.result(node))
    else { return nil }
    let site = graph.inferenceSite(
      record.op, operands, regions: regions, origin: record.origin)
    guard let stated = graph.op(record.op).knownElements(site), stated != recorded,
      type.mayHave(knownElements: stated)
    else {
      return nil
    }
    func text(_ elements: [Dimension]) -> String { Shape(elements).description }
    return "its known elements are \(text(recorded)), the op states \(text(stated))"
  }

  // MARK: Errors

  private func describe(_ node: NodeID) -> String {
    "node \(node.rawValue), \(type(of: graph.op(node)).name)"
  }

  private func fail(_ node: NodeID, _ rule: String) -> TenonError {
    TenonError.verify(describe(node), rule).at(graph.origin(node), in: graph)
  }
}

extension TenonError {
  /// A broken fact of a graph.
  static func verify(_ what: String, _ rule: String) -> TenonError {
    TenonError("verify", "verify: \(what): \(rule)")
  }
}
