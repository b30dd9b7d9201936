import TenonTensor

/// A tensor that the graph will compute: what Swift code holds while it records.
///
/// Functions and operators on values record nodes; nothing is computed until the graph is compiled
/// and run. Reading `type` and `shape` is free.
public struct Value {
  public let graph: Graph
  public let id: ValueID

  public init(_ graph: Graph, _ id: ValueID) {
    self.graph = graph
    self.id = id
  }

  public var type: ValueType { graph.type(id) }
  /// The tensor type; a sequence or optional is an internal error here.
  public var tensorType: TensorType { graph.tensorType(id) }
  public var elementType: ElementType { tensorType.element }
  public var shape: Shape { tensorType.shape }
  public var rank: Int { shape.rank }

  /// The elements as size expressions, where the value is a small integer one whose elements are
  /// known.
  public var knownElements: [Dimension]? { graph.knownElements(id) }

  /// Names the value in messages, breakpoints and graph text.
  @discardableResult
  public func named(_ name: String) -> Value {
    graph.setName(id, name)
    return self
  }
}

extension Value: CustomStringConvertible {
  public var description: String { "\(graph.name(id) ?? "%\(id.rawValue)"): \(type)" }
}
