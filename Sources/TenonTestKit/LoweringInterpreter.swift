import TenonGraph
import TenonOps
import TenonTensor

/// Runs a graph by its ops' lowerings instead of their meanings. Composites without a lowering run
/// their body; what has neither is evaluated and noted in `hostOps`.
public final class LoweringInterpreter {
  public let graph: Graph
  private(set) var sizes: [String: Int]
  /// The names of primitives that had no lowering of their own, each once, in the order met.
  public private(set) var hostOps: [String] = []

  public init(_ graph: Graph, sizes: [String: Int] = [:]) {
    self.graph = graph
    self.sizes = sizes
  }

  private func size(_ symbol: Symbol) -> Int? { sizes[symbol.name] }

  /// Runs a region on arguments.
  ///
  /// - Throws: `lowering` where a lowering breaks its own rules, and what evaluation throws.
  public func evaluate(_ region: RegionID, _ arguments: [Tensor]) throws -> [Tensor] {
    var values: [ValueID: Tensor] = [:]
    for (value, tensor) in zip(graph.arguments(region), arguments) { values[value] = tensor }
    for node in graph.nodes(region) {
      let name = type(of: graph.op(node)).name
      let results = try TenonError.inContext("in \(name)") {
        try evaluate(node, graph.operands(node).map { values[$0]! })
      }
      for (value, tensor) in zip(graph.results(node), results) { values[value] = tensor }
    }
    return graph.results(region).map { values[$0]! }
  }

  private func evaluate(_ node: NodeID, _ operands: [Tensor]) throws -> [Tensor] {
    let op = graph.op(node)
    let site = LoweringSite(graph, node)
    let shapes = try site.results.map { type -> [Int] in
      guard let shape = type.shape.evaluated(size) else {
        throw TenonError.lowering("\(type) has no number for every size")
      }
      return shape
    }
    if let lowering = op.lowering(site),
      let results = try run(lowering, node, site, operands, shapes)
    {
      for (result, (type, shape)) in zip(results, zip(site.results, shapes))
      where result.elementType != type.element || result.shape != shape {
        throw TenonError.lowering("gives \(result.typeDescription), inferred \(type)")
      }
      return results
    }
    if let composite = op as? any CompositeOp { return try evaluateBody(composite, node, operands) }
    if let reading = op as? any SizeReadingOp {
      sizes[reading.symbol.name] = Int(try operands[0].integers()[0])
      return operands
    }
    if !(op is Constant), !hostOps.contains(type(of: op).name) {
      hostOps.append(type(of: op).name)
    }
    return try Interpreter(graph, sizes: sizes).evaluate(node, operands)
  }

  /// Nil where the kind is one that only a host or a library runs.
  private func run(
    _ lowering: Lowering, _ node: NodeID, _ site: LoweringSite, _ operands: [Tensor],
    _ shapes: [[Int]]
  ) throws -> [Tensor]? {
    let elements = site.results.map(\.element)
    func interpreter() throws -> ComputeInterpreter {
      try ComputeInterpreter(operands: operands, sizes: size)
    }
    switch lowering {
    case .compute(let compute): return try interpreter().run(compute, results: elements)
    case .scatter(let scatter): return try interpreter().run(scatter, results: elements)
    case .prefixScan(let scan): return try interpreter().run(scan, results: elements)
    case .sort(let sort): return try interpreter().run(sort, results: elements)
    case .place(let place):
      return try interpreter().run(place, result: elements[0], shape: shapes[0])
    case .branch: return try branch(site, operands)
    case .loop(let loop): return try run(loop, site, operands, shapes)
    case .fft, .attention, .recurrentCell, .library, .host: return nil
    }
  }

  /// Operand 0 chooses: a `bool` region 0 where true, else 1; an integer the region of that number,
  /// the last where there is none.
  private func branch(_ site: LoweringSite, _ operands: [Tensor]) throws -> [Tensor] {
    let selector = try operands[0].integers()[0]
    let last = site.regions.count - 1
    let choice: Int
    if operands[0].elementType == .bool {
      choice = selector != 0 ? 0 : 1
    } else {
      choice = selector >= 0 && selector <= last ? Int(selector) : last
    }
    return try evaluate(site.regions[choice], Array(operands.dropFirst()))
  }

  private func run(
    _ loop: Loop, _ site: LoweringSite, _ operands: [Tensor], _ shapes: [[Int]]
  ) throws -> [Tensor] {
    switch loop {
    case .whileTrue(let carried, let maximumTrips):
      var values = operands
      var trips = 0
      while try evaluate(site.regions[0], values)[0].integers()[0] != 0 {
        trips += 1
        if let maximumTrips, trips > maximumTrips {
          throw TenonError.lowering("a loop ran more than \(maximumTrips) times")
        }
        values.replaceSubrange(..<carried, with: try evaluate(site.regions[1], values))
      }
      return Array(values.prefix(carried))
    case .scan(let carried, let sliced, let trips, let isReversed):
      let count = try ComputeInterpreter(operands: [], sizes: size).size(trips)
      var values = Array(operands.prefix(carried))
      var rows: [[Tensor?]] = shapes.dropFirst(carried).map { _ in
        [Tensor?](repeating: nil, count: count)
      }
      for step in 0..<count {
        let trip = isReversed ? count - 1 - step : step
        let slices = try operands[carried..<carried + sliced].map { try $0.slice(trip) }
        let results = try evaluate(
          site.regions[0], values + slices + operands[(carried + sliced)...])
        values = Array(results.prefix(carried))
        for (place, result) in results.dropFirst(carried).enumerated() {
          rows[place][trip] = result
        }
      }
      return try values
        + rows.enumerated().map { place, slices in
          try Tensor(
            stacking: slices.map { $0! }, site.results[carried + place].element,
            shape: shapes[carried + place])
        }
    }
  }

  private func evaluateBody(_ op: any CompositeOp, _ node: NodeID, _ operands: [Tensor]) throws
    -> [Tensor]
  {
    let body = Graph("body")
    let region = body.makeRegion(arguments: graph.operands(node).map { graph.type($0) })
    for (from, to) in zip(graph.operands(node), body.arguments(region)) {
      body.setKnownElements(to, graph.knownElements(from))
    }
    try body.record(into: region) { try op.body(body, $0).map(\.id) }
    let inner = LoweringInterpreter(body, sizes: sizes)
    let results = try inner.evaluate(region, operands)
    for name in inner.hostOps where !hostOps.contains(name) { hostOps.append(name) }
    return results
  }
}

extension Tensor {
  /// The part at one index of the first axis.
  func slice(_ index: Int) throws -> Tensor {
    let rest = Array(shape.dropFirst())
    return try Tensor(
      elementType, shape: rest, storage: storage,
      byteOffset: byteOffset + index * RowMajor.count(rest) * elementType.byteWidth)
  }

  /// Parts one after another along a new first axis.
  init(stacking parts: [Tensor], _ element: ElementType, shape: [Int]) throws {
    try self.init(element, shape: shape) { bytes in
      var at = 0
      for part in parts {
        part.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: bytes[at..<at + $0.count]).copyMemory(from: $0)
          at += $0.count
        }
      }
    }
  }
}
