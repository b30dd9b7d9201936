import TenonTensor

/// In what types and ranges generated cases draw an op's operands.
public struct Samples: Sendable {
  /// Element types to try; those that inference refuses are skipped.
  public var elements: [ElementType]
  /// The values that finite operands lie between.
  public var range: ClosedRange<Double>
  /// Operand values that keep the op away from kinks, for gradients against finite differences.
  public var smoothRange: ClosedRange<Double>?
  /// Makes the op's cases, where generating them from types and ranks alone does not fit.
  public var cases: (@Sendable (ElementType) -> [Case])?

  /// An op with its operands' types: the generator fills in values.
  public struct Case: Sendable {
    public var op: any Op
    public var operands: [TensorType]
    /// Literal values for operands (indices, shapes) by position; others are drawn.
    public var values: [Int: Tensor]
    /// Records the op's regions, where it has any.
    public var record: (@Sendable (Graph, [Value]) throws -> [Value])?

    public init(
      _ op: any Op, _ operands: [TensorType], values: [Int: Tensor] = [:],
      record: (@Sendable (Graph, [Value]) throws -> [Value])? = nil
    ) {
      self.op = op
      self.operands = operands
      self.values = values
      self.record = record
    }
  }

  public init(
    elements: [ElementType] = ElementType.arithmetic, range: ClosedRange<Double> = -4...4,
    smoothRange: ClosedRange<Double>? = nil, cases: (@Sendable (ElementType) -> [Case])? = nil
  ) {
    self.elements = elements
    self.range = range
    self.smoothRange = smoothRange
    self.cases = cases
  }
}

/// A case with literal values from a named source.
public struct Example: Sendable {
  public var op: any Op
  public var operands: [Tensor]
  public var results: [Tensor]
  /// Where the values come from.
  public var source: String

  public init(_ op: any Op, _ operands: [Tensor], gives results: [Tensor], source: String) {
    self.op = op
    self.operands = operands
    self.results = results
    self.source = source
  }
}
