import TenonTensor

/// Runs a graph node by node on concrete tensors, by each op's own meaning: the reference that
/// everything else is held against.
public final class Interpreter {
  public let graph: Graph
  /// The numbers of the graph's symbols in this run.
  public private(set) var sizes: [String: Int]
  /// Called after each node with its results; may throw to stop.
  public var observer: ((NodeID, [Tensor]) throws -> Void)?
  /// Called before each node and region, those of bodies included; may throw to stop.
  public var interruption: (() throws -> Void)?
  private var bodies: [BodyKey: Graph] = [:]

  struct BodyKey: Hashable {
    let op: OpKey
    let operands: [ValueType]
  }

  public init(_ graph: Graph, sizes: [String: Int] = [:]) {
    self.graph = graph
    self.sizes = sizes
  }

  /// The number of a symbol in this run.
  public func size(_ symbol: Symbol) -> Int? { sizes[symbol.name] }

  /// Runs an entry: its inputs by name and the variables' values in; outputs by position in the
  /// entry and the variables' new values out.
  ///
  /// - Throws: `feed` for missing or unfitting inputs, and what evaluation throws.
  public func run(_ entry: Entry, inputs: [String: Tensor], variables: [Tensor] = []) throws
    -> (outputs: [(name: String, value: Tensor)], variables: [Tensor])
  {
    let arguments = try arguments(entry, inputs: inputs) { variables[$0.index] }
    let results = try evaluate(entry.region, arguments)
    var outputs: [(name: String, value: Tensor)] = []
    var updated = variables
    for (binding, value) in zip(entry.results, results) {
      switch binding {
      case .port(let name): outputs.append((name, value))
      case .variable(let id):
        while updated.count <= id.index { updated.append(value) }
        updated[id.index] = value
      }
    }
    return (outputs, updated)
  }

  /// The values of an entry's arguments, the inputs checked and their sizes noted.
  func arguments(
    _ entry: Entry, inputs: [String: Tensor], variable: (VariableID) throws -> Tensor
  ) throws -> [Tensor] {
    try zip(graph.arguments(entry.region), entry.arguments).map { argument, binding in
      switch binding {
      case .port(let name):
        guard let tensor = inputs[name] else { throw TenonError.missingInput(name, entry.name) }
        try bind(graph.tensorType(argument), to: tensor, input: name)
        return tensor
      case .variable(let id): return try variable(id)
      }
    }
  }

  /// Checks a tensor against an input's type; sizes that are a symbol alone give it its number.
  private func bind(_ type: TensorType, to tensor: Tensor, input name: String) throws {
    guard tensor.elementType == type.element, tensor.rank == type.rank else {
      throw TenonError.unfitInput(name, expected: type, given: tensor)
    }
    for (dimension, size) in zip(type.shape, tensor.shape) {
      if let symbol = dimension.symbols.first, dimension == Dimension(symbol),
        sizes[symbol.name] == nil
      {
        sizes[symbol.name] = size
      }
      guard dimension.evaluated(self.size) == size else {
        throw TenonError.unfitInput(name, expected: type, given: tensor)
      }
    }
  }

  /// Runs a region on arguments. Values are let go after their last use.
  ///
  /// - Throws: what the ops' evaluation throws.
  public func evaluate(_ region: RegionID, _ arguments: [Tensor]) throws -> [Tensor] {
    try interruption?()
    let nodes = graph.nodes(region)
    var values: [ValueID: Tensor] = [:]
    var uses: [ValueID: Int] = [:]
    for node in nodes { for operand in graph.operands(node) { uses[operand, default: 0] += 1 } }
    for result in graph.results(region) { uses[result, default: 0] += 1 }
    for (value, tensor) in zip(graph.arguments(region), arguments) { values[value] = tensor }
    for node in nodes {
      let operands = graph.operands(node).map { operand -> Tensor in
        guard let tensor = values[operand] else {
          preconditionFailure("internal: value \(operand.rawValue) read before it was computed")
        }
        return tensor
      }
      try interruption?()
      let results = try evaluate(node, operands)
      for operand in graph.operands(node) {
        uses[operand]! -= 1
        if uses[operand] == 0 { values[operand] = nil }
      }
      for (position, tensor) in results.enumerated() {
        let value = graph.result(node, position)
        if uses[value] != nil { values[value] = tensor }
      }
      try observer?(node, results)
    }
    return graph.results(region).map { values[$0]! }
  }

  /// Evaluates one node on operands.
  ///
  /// - Throws: what the op's evaluation throws, with the node's place in the user's code.
  public func evaluate(_ node: NodeID, _ operands: [Tensor]) throws -> [Tensor] {
    let op = graph.op(node)
    let types = graph.results(node).map { graph.tensorType($0) }
    do {
      let results: [Tensor]
      if let primitive = op as? any PrimitiveOp {
        let site = EvaluationSite(
          resultElements: types.map(\.element), resultShapes: try types.map { try shape($0) },
          sizes: size,
          regions: graph.regions(node).map { region in { try self.evaluate(region, $0) } },
          combiners: { [graph] in
            try? RegionExpressions.combiner(Array(graph.regions(node))[$0], of: graph).get()
          })
        results = try primitive.evaluate(operands, site)
        if let reading = op as? any SizeReadingOp { try note(reading.symbol, results[0]) }
      } else if let composite = op as? any CompositeOp {
        results = try evaluateBody(composite, node, operands)
      } else {
        throw TenonError.noMeaning(type(of: op).name)
      }
      for (position, result) in results.enumerated() {
        let sizes = try shape(types[position])
        precondition(
          result.elementType == types[position].element && result.shape == sizes,
          "internal: \(type(of: op).name) gave \(result.typeDescription) for \(types[position])")
      }
      return results
    } catch var error as TenonError {
      if error.location == nil { error.location = graph.origins.primaryLine(graph.origin(node)) }
      throw error
    }
  }

  /// Gives a symbol the number that a node reads.
  private func note(_ symbol: Symbol, _ number: Tensor) throws {
    let size = Int(try number.integers()[0])
    guard size >= 0, size <= symbol.maximum ?? .max else {
      throw TenonError.readSize(symbol, size)
    }
    sizes[symbol.name] = size
  }

  private func shape(_ type: TensorType) throws -> [Int] {
    guard let shape = type.shape.evaluated(size) else {
      throw TenonError.unbound(type.shape.first { $0.evaluated(size) == nil }!)
    }
    return shape
  }

  private func evaluateBody(_ op: any CompositeOp, _ node: NodeID, _ operands: [Tensor]) throws
    -> [Tensor]
  {
    let key = BodyKey(
      op: OpKey(op: op), operands: graph.operands(node).map { graph.type($0) })
    let body: Graph
    if let known = bodies[key] {
      body = known
    } else {
      body = Graph("body")
      let region = body.makeRegion(arguments: key.operands)
      for (from, to) in zip(graph.operands(node), body.arguments(region)) {
        body.setKnownElements(to, graph.knownElements(from))
      }
      try body.record(into: region) { try op.body(body, $0).map(\.id) }
      bodies[key] = body
    }
    let interpreter = Interpreter(body, sizes: sizes)
    interpreter.interruption = interruption
    return try interpreter.evaluate(RegionID(0), operands)
  }
}

extension TenonError {
  static func missingInput(_ name: String, _ entry: String) -> TenonError {
    TenonError("feed", "entry \(entry): input \(name) is missing")
  }

  static func unfitInput(_ name: String, expected: TensorType, given: Tensor) -> TenonError {
    TenonError("feed", "input \(name): expected \(expected), given \(given.typeDescription)")
  }

  static func readSize(_ symbol: Symbol, _ size: Int) -> TenonError {
    TenonError(
      "running-size",
      "size \(symbol) must lie between 0 and \(symbol.maximum ?? .max), read \(size)")
  }

  static func noMeaning(_ op: String) -> TenonError {
    TenonError(
      "no-meaning", "\(op): neither evaluates nor has a body; expand it with its pass first")
  }
}
