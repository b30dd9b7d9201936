import TenonGraph
import TenonTensor

/// Half the squared difference up to delta, beyond it linear (Huber, 1964).
public struct HuberLoss: ElementwiseLoss {
  public static let name = "huber_loss"
  public let delta: Double

  public init(delta: Double = 1) {
    self.delta = delta
  }

  public func loss(_ prediction: Value, _ target: Value) throws -> Value {
    let size = try abs(prediction - target)
    let isNear = try lessOrEqual(size, delta)
    return try select(isNear, size * size * 0.5, (size - delta / 2) * delta)
  }
  public static var variants: [HuberLoss] { [HuberLoss(), HuberLoss(delta: 0.5)] }

  public static var examples: [Example] {
    [
      Example(
        HuberLoss(), [Tensor([0.5, -1, 2] as [Float]), Tensor([1, 1, 0] as [Float])],
        gives: [Tensor([0.125, 1.5, 1.5] as [Float])],
        source: "PyTorch documentation, torch.nn.HuberLoss: the formula, computed with NumPy")
    ]
  }
}

/// Half the squared difference up to delta, beyond it linear (Huber, 1964). The mean over all elements by default.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func huberLoss(
  _ prediction: Value, _ target: Value, delta: Double = 1, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let losses = try prediction.graph.apply1(
    HuberLoss(delta: delta), [prediction, target], site: CallSite(fileID: fileID, line: line))
  return try reduction.apply(losses, fileID: fileID, line: line)
}
