import TenonGraph
import TenonTensor

/// The magnitude of the difference of prediction and target.
public struct AbsoluteError: ElementwiseLoss {
  public static let name = "absolute_error"

  public init() {}

  public func loss(_ prediction: Value, _ target: Value) throws -> Value {
    try abs(prediction - target)
  }
  public static var variants: [AbsoluteError] { [AbsoluteError()] }

  public static var examples: [Example] {
    [
      Example(
        AbsoluteError(), [Tensor([0.5, -1, 2] as [Float]), Tensor([1, 1, 0] as [Float])],
        gives: [Tensor([0.5, 2, 2] as [Float])],
        source: "PyTorch documentation, torch.nn.L1Loss: the formula, computed with NumPy")
    ]
  }
}

/// The magnitude of the difference of prediction and target. The mean over all elements by default.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func meanAbsoluteError(
  _ prediction: Value, _ target: Value, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let losses = try prediction.graph.apply1(
    AbsoluteError(), [prediction, target], site: CallSite(fileID: fileID, line: line))
  return try reduction.apply(losses, fileID: fileID, line: line)
}
