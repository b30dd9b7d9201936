import TenonGraph
import TenonTensor

/// The operand as it is, in the physical layout of the result's type: `assign-layouts` writes it
/// where a value is wanted in another layout than it has.
public struct Relayout: PrimitiveOp {
  public static let name = "relayout"
  public static let signature = Signature(["x"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] { [.tensor(try site.tensor(0))] }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    operands
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [site.gradient] }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    .compute(.view(site, site.operands[0].shape.indices.map { .axis($0) }))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      [
        Samples.Case(Relayout(), [TensorType(element, [7])]),
        Samples.Case(Relayout(), [TensorType(element, [])]),
        Samples.Case(Relayout(), [TensorType(element, [2, 0, 3])]),
        Samples.Case(Relayout(), [TensorType(element, [2, 17, 3, 3])]),
      ]
    }
  }
}
