import TenonGraph
import TenonTensor

/// The activations that map each float by one function share inference and cases.
public protocol Activation: CompositeOp {
  /// The op with attributes that differ, for cases.
  static var variants: [Self] { get }
  /// The function of x.
  func callAsFunction(_ x: Value) throws -> Value
}

extension Activation {
  public static var signature: Signature { Signature(["x"]) }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.requireFloat()
    return [.tensor(x.element, x.shape)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    try operands[0].widened { [try callAsFunction($0)] }
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats) { element in
      let running = Dimension(.running("n", maximum: 9))
      return variants.flatMap { op in
        ([[7], [], [0], [3, 5], [1, 67], [130], [running, 3]] as [Shape]).map {
          Samples.Case(op, [TensorType(element, $0)])
        }
      }
    }
  }

  /// An example at x = -3, -1, -0.5, 0, 0.5, 1 and 3.
  static func example(_ op: Self, gives results: [Float], source: String) -> Example {
    Example(
      op, [Tensor([-3, -1, -0.5, 0, 0.5, 1, 3] as [Float])], gives: [Tensor(results)],
      source: source)
  }
}

extension Value {
  /// Results of a function of floats in the value's type, computed in f32 where that is narrower, so
  /// that a composite of many steps rounds once.
  func widened(_ function: (Value) throws -> [Value]) throws -> [Value] {
    let results = try function(convert(self, to: elementType.computeType))
    return try results.map { try convert($0, to: elementType) }
  }
}
