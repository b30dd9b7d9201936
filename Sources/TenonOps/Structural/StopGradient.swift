import TenonGraph
import TenonTensor

/// The operand as it is, a constant to the gradient.
public struct StopGradient: CompositeOp {
  public static let name = "stop_gradient"
  public static let signature = Signature(["x"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] { [.tensor(try site.tensor(0))] }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] { operands }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    .compute(.view(site, site.operands[0].shape.indices.map { .axis($0) }))
  }
}

/// The value as it is, a constant to the gradient.
public func stopGradient(
  _ x: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(StopGradient(), [x], site: CallSite(fileID: fileID, line: line))
}
