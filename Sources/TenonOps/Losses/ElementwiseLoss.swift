import TenonGraph
import TenonTensor

/// The losses that compare a prediction and a target element by element share inference and cases.
public protocol ElementwiseLoss: CompositeOp {
  /// The op with attributes that differ, for cases.
  static var variants: [Self] { get }
  /// Values that both operands may have.
  static var range: ClosedRange<Double> { get }
  /// The loss of each element.
  func loss(_ prediction: Value, _ target: Value) throws -> Value
}

extension ElementwiseLoss {
  public static var signature: Signature { Signature(["prediction", "target"]) }
  public static var range: ClosedRange<Double> { -4...4 }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (prediction, target) = (try site.requireFloat(), try site.tensor(1))
    try site.requireSameElement(0..<2)
    try site.requireEqual(
      prediction.shape, target.shape, "shape-mismatch",
      "prediction and target must have one shape; insert `broadcast` first")
    return [.tensor(prediction)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    [try loss(operands[0], operands[1])]
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats, range: range) { element in
      let running = Dimension(.running("n", maximum: 9))
      return variants.flatMap { op in
        ([[7], [], [0], [3, 5], [1, 67], [running, 3]] as [Shape]).map {
          Samples.Case(op, [TensorType(element, $0), TensorType(element, $0)])
        }
      }
    }
  }
}

/// How the losses of elements become one.
public enum LossReduction: Sendable {
  /// They stay as they are.
  case none
  case mean, sum

  func apply(_ losses: Value, fileID: StaticString, line: UInt) throws -> Value {
    switch self {
    case .none: losses
    case .mean: try TenonOps.mean(losses, fileID: fileID, line: line)
    case .sum: try TenonOps.sum(losses, fileID: fileID, line: line)
    }
  }
}
