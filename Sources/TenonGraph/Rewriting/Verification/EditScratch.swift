import TenonTensor

/// An edit's context recorded in a graph of its own at numbers for all sizes.
struct EditScratch {
  private let graph: Graph
  private let region: RegionID
  private let resultCount: Int

  /// Contexts with more elements in all their values are not evaluated.
  static let elementLimit = 1 << 15

  /// The elements of all values.
  private(set) var elementCount = 0

  /// - Throws: what inference throws where the nodes do not fit the sizes.
  init(_ context: EditContext, _ source: Graph, _ sizing: EditSizing) throws {
    graph = Graph("edit")
    resultCount = context.before.count
    region = graph.makeRegion(
      arguments: try context.boundary.map { try EditScratch.type(source.type($0), sizing) })
    let copier = EditCopier(source: source, target: graph, sizing: sizing)
    try graph.record(into: region) { arguments in
      for (old, new) in zip(context.boundary, arguments) {
        if let known = source.knownElements(old) {
          let sizes = known.map { sizing.size($0) }
          if !sizes.contains(nil) { graph.setKnownElements(new.id, sizes.map { Dimension($0!) }) }
        }
      }
      return try copier.copy(
        context.nodes, from: context.boundary, to: arguments.map(\.id),
        results: context.before + context.after)
    }
    for (before, after) in zip(context.before.indices, context.after.indices) {
      let results = graph.results(region)
      guard graph.haveSameType(results[before], results[resultCount + after]) else {
        throw TenonError("rewrite", "the replacement has another type at these sizes")
      }
    }
    for value in 0..<graph.valueCapacity {
      let sizes = graph.tensorType(ValueID(value)).shape.constants ?? []
      elementCount += RowMajor.count(sizes)
    }
  }

  /// The context at the sizes given, or smaller ones where these make too many elements; nil where
  /// there are too many still.
  ///
  /// - Throws: what inference throws where the nodes do not fit the smaller sizes.
  static func small(_ context: EditContext, _ source: Graph, _ sizing: EditSizing) throws
    -> EditScratch?
  {
    let plain = try EditScratch(context, source, sizing)
    if plain.elementCount <= elementLimit { return plain }
    let shrunk = try EditScratch(context, source, sizing.shrunk(to: plain.shapes))
    return shrunk.elementCount <= elementLimit ? shrunk : nil
  }

  /// The sizes of all values.
  private var shapes: [[Int]] {
    (0..<graph.valueCapacity).compactMap { graph.tensorType(ValueID($0)).shape.constants }
  }

  /// The type at numbers for its sizes, in plain order.
  static func type(_ type: ValueType, _ sizing: EditSizing) throws -> ValueType {
    guard let tensor = type.tensor, let sizes = sizing.shape(tensor.shape) else {
      throw TenonError("unbound-symbol", "\(type) has sizes without a number")
    }
    return .tensor(tensor.element, Shape(sizes))
  }

  /// The results before and after on values drawn from `samples`.
  func run(_ samples: inout EditSamples) throws -> (before: [Tensor], after: [Tensor]) {
    var arguments: [Tensor] = []
    for value in graph.arguments(region) {
      let type = graph.tensorType(value)
      let sizes = type.shape.constants ?? []
      if let known = graph.knownElements(value) {
        arguments.append(
          try Tensor(type.element, shape: sizes, integers: known.map { Int64($0.constant ?? 0) }))
      } else {
        arguments.append(try samples.tensor(type.element, sizes))
      }
    }
    let interpreter = Interpreter(graph)
    interpreter.limitSteps(EntryVerifier.stepLimit)
    let results = try interpreter.evaluate(region, arguments)
    return (Array(results.prefix(resultCount)), Array(results.dropFirst(resultCount)))
  }
}

/// Copies nodes from one graph to another, with numbers for their sizes.
private struct EditCopier {
  let source: Graph
  let target: Graph
  let sizing: EditSizing

  /// Records the nodes again in the region that `target` is recording.
  func copy(
    _ nodes: [NodeID], from arguments: [ValueID], to values: [ValueID], results: [ValueID]
  ) throws -> [ValueID] {
    var copies: [ValueID: ValueID] = [:]
    for (old, new) in zip(arguments, values) { copies[old] = new }
    let origin = target.origins.leaf(text: "edit")
    for node in nodes {
      let regions = try source.regions(node).map { try copy(region: $0) }
      let operands = source.operands(node).map { copies[$0]! }
      let op = try sizedOp(source.op(node))
      let made = try target.append(
        target.internAny(op), operands, regions: regions, origin: origin)
      for position in 0..<source.resultCount(node) {
        copies[source.result(node, position)] = target.result(made, position)
      }
    }
    return results.map { copies[$0]! }
  }

  private func copy(region: RegionID) throws -> RegionID {
    let inner = target.makeRegion(
      arguments: try source.arguments(region).map {
        try EditScratch.type(source.type($0), sizing)
      })
    try target.record(into: inner) { arguments in
      try copy(
        source.nodes(region), from: source.arguments(region), to: arguments.map(\.id),
        results: source.results(region))
    }
    return inner
  }

  private func sizedOp<Sized: Op>(_ op: Sized) throws -> any Op {
    var attributes = op.attributes
    attributes.values = try attributes.values.map { try sized($0) }
    if attributes == op.attributes { return op }
    return try AttributeDecoder.decode(Sized.self, from: attributes)
  }

  private func sized(_ value: AttributeValue) throws -> AttributeValue {
    switch value {
    case .dimension(let dimension):
      guard let size = sizing.size(dimension) else {
        throw TenonError("unbound-symbol", "\(dimension) has no number")
      }
      return .dimension(Dimension(size))
    case .array(let values): return .array(try values.map { try sized($0) })
    case .literal(let literal) where !sizing.shrunk.isEmpty:
      let sizes = literal.tensor.shape.map { sizing.size(Dimension($0))! }
      return .literal(Literal(try literal.tensor.corner(sizes)))
    default: return value
    }
  }
}

extension Tensor {
  /// The elements nearest to the origin, as far as smaller sizes reach.
  fileprivate func corner(_ sizes: [Int]) throws -> Tensor {
    if sizes == shape || elementType == .string { return self }
    let width = elementType.byteWidth
    let strides = RowMajor.strides(shape)
    var offsets: [Int] = []
    RowMajor.forEachIndex(sizes) { index in
      offsets.append(zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 })
    }
    return try Tensor(elementType, shape: sizes) { bytes in
      withUnsafeBytes { source in
        for (place, offset) in offsets.enumerated() {
          let from = UnsafeRawBufferPointer(
            rebasing: source[offset * width..<(offset + 1) * width])
          UnsafeMutableRawBufferPointer(rebasing: bytes[place * width..<(place + 1) * width])
            .copyMemory(from: from)
        }
      }
    }
  }
}
