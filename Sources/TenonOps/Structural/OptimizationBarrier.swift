import TenonGraph
import TenonTensor

/// The operands as they are; passes neither fold, share nor move anything across.
public struct OptimizationBarrier: PrimitiveOp, ForwardingOp {
  public static let name = "optimization_barrier"
  public static let signature = Signature(["values…"], ["results…"])
  public static let effects = Effects.barrier

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    (0..<site.operandCount).map { site.type($0) }
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    operands
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let seeds = site.gradients.compactMap { $0 }
    var results = try site.graph.apply(self, seeds, site: CallSite()).makeIterator()
    return site.gradients.map { $0 == nil ? nil : results.next() }
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      [
        Samples.Case(OptimizationBarrier(), [TensorType(element, [7])]),
        Samples.Case(
          OptimizationBarrier(), [TensorType(element, [2, 3]), TensorType(element, [])]),
      ]
    }
  }
}

/// The values as they are; passes neither fold, share nor move anything across.
public func optimizationBarrier(
  _ values: [Value], fileID: StaticString = #fileID, line: UInt = #line
) throws -> [Value] {
  guard let graph = values.first?.graph else { return [] }
  return try graph.apply(
    OptimizationBarrier(), values, site: CallSite(fileID: fileID, line: line))
}
