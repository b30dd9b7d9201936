import TenonGraph
import TenonTensor

/// One op on given operands: what suites run on every backend.
public struct OpCase: Sendable {
  /// The op, the operands' types and what the values are: `add f32[3, 5], f32[3, 5] special`.
  public let name: String
  public let op: any Op
  public let operands: [Tensor]
  /// The operands' types in the graph, where sizes may be symbols.
  public let types: [TensorType]
  /// What the graph's symbols are in this case.
  public let sizes: [String: Int]
  let record: (@Sendable (Graph, [Value]) throws -> [Value])?

  public init(
    name: String, op: any Op, operands: [Tensor], types: [TensorType]? = nil,
    sizes: [String: Int] = [:], record: (@Sendable (Graph, [Value]) throws -> [Value])? = nil
  ) {
    self.name = name
    self.op = op
    self.operands = operands
    self.types = types ?? operands.map { TensorType($0.elementType, Shape($0.shape)) }
    self.sizes = sizes
    self.record = record
  }

  /// The case of an op's example; its results are in the example.
  public init(_ example: Example, _ position: Int) {
    let name = type(of: example.op).name
    self.init(name: "\(name) example \(position)", op: example.op, operands: example.operands)
  }

  /// A graph whose entry `main` takes the operands `x0` … and gives the op's results `y0` ….
  ///
  /// - Throws: what inference throws.
  public func graph() throws -> Graph {
    let graph = Graph(name)
    let values = try types.enumerated().map { try graph.input("x\($0)", $1.element, $1.shape) }
    for (position, result) in try apply(to: values, of: graph).enumerated() {
      try graph.output("y\(position)", result)
    }
    graph.finishRecording()
    return graph
  }

  /// Records the op on values.
  ///
  /// - Throws: what inference throws.
  public func apply(to values: [Value], of graph: Graph) throws -> [Value] {
    if let record { return try record(graph, values) }
    return try graph.applyAny(op, values, site: CallSite())
  }

  /// The operands under the names of the graph's inputs.
  public var inputs: [String: Tensor] {
    var inputs: [String: Tensor] = [:]
    for (position, tensor) in operands.enumerated() { inputs["x\(position)"] = tensor }
    return inputs
  }
}

extension OpCase: CustomStringConvertible {
  public var description: String { name }
}
