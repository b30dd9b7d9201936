import TenonGraph
import TenonTensor

/// -(y log p + (1 - y) log(1 - p)) for a probability p and a target y; no logarithm counts as less than
/// -100.
public struct BinaryCrossEntropy: ElementwiseLoss {
  public static let name = "binary_cross_entropy"

  public init() {}

  public func loss(_ prediction: Value, _ target: Value) throws -> Value {
    let (p, y) = (prediction, target)
    let (own, other) = (try maximum(log(p), -100), try maximum(log1p(-p), -100))
    return try -(y * own + (1 - y) * other)
  }

  public static var range: ClosedRange<Double> { 0.05...0.95 }
  public static var variants: [BinaryCrossEntropy] { [BinaryCrossEntropy()] }

  public static var examples: [Example] {
    [
      Example(
        BinaryCrossEntropy(), [Tensor([0.9, 0.2, 0.6] as [Float]), Tensor([1, 1, 0] as [Float])],
        gives: [Tensor([0.105360516, 1.60943791, 0.916290732] as [Float])],
        source: "PyTorch documentation, torch.nn.BCELoss: the formula, computed with NumPy")
    ]
  }
}

/// -(y log p + (1 - y) log(1 - p)) for a probability p and a target y; no logarithm counts as less than
/// -100. The mean over all elements by default.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func binaryCrossEntropy(
  _ prediction: Value, _ target: Value, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let losses = try prediction.graph.apply1(
    BinaryCrossEntropy(), [prediction, target], site: CallSite(fileID: fileID, line: line))
  return try reduction.apply(losses, fileID: fileID, line: line)
}
