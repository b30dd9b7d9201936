import TenonGraph
import TenonTensor

/// The squared difference of prediction and target.
public struct SquaredError: ElementwiseLoss {
  public static let name = "squared_error"

  public init() {}

  public func loss(_ prediction: Value, _ target: Value) throws -> Value {
    let difference = try prediction - target
    return try difference * difference
  }
  public static var variants: [SquaredError] { [SquaredError()] }

  public static var examples: [Example] {
    [
      Example(
        SquaredError(), [Tensor([0.5, -1, 2] as [Float]), Tensor([1, 1, 0] as [Float])],
        gives: [Tensor([0.25, 4, 4] as [Float])],
        source: "PyTorch documentation, torch.nn.MSELoss: the formula, computed with NumPy")
    ]
  }
}

/// The squared difference of prediction and target. The mean over all elements by default.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func meanSquaredError(
  _ prediction: Value, _ target: Value, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let losses = try prediction.graph.apply1(
    SquaredError(), [prediction, target], site: CallSite(fileID: fileID, line: line))
  return try reduction.apply(losses, fileID: fileID, line: line)
}
