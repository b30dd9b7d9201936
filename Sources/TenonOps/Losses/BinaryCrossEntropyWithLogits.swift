import TenonGraph
import TenonTensor

/// -(y log σ(x) + (1 - y) log(1 - σ(x))) for a logit x and a target y, computed without overflow.
public struct BinaryCrossEntropyWithLogits: ElementwiseLoss {
  public static let name = "binary_cross_entropy_with_logits"

  public init() {}

  public func loss(_ prediction: Value, _ target: Value) throws -> Value {
    try maximum(prediction, 0) - prediction * target + log1p(exp(-abs(prediction)))
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (x, y) = (site.operands[0], site.operands[1])
    return [try site.gradient * (sigmoid(x) - y), site.wanted[1] ? try -(site.gradient * x) : nil]
  }
  public static var variants: [BinaryCrossEntropyWithLogits] { [BinaryCrossEntropyWithLogits()] }

  public static var examples: [Example] {
    [
      Example(
        BinaryCrossEntropyWithLogits(),
        [Tensor([0.5, -1, 2] as [Float]), Tensor([1, 1, 0] as [Float])],
        gives: [Tensor([0.474076984, 1.31326169, 2.12692801] as [Float])],
        source:
          "PyTorch documentation, torch.nn.BCEWithLogitsLoss: the formula, computed with NumPy")
    ]
  }
}

/// -(y log σ(x) + (1 - y) log(1 - σ(x))) for a logit x and a target y, computed without overflow. The mean over all elements by default.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func binaryCrossEntropyWithLogits(
  _ prediction: Value, _ target: Value, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let losses = try prediction.graph.apply1(
    BinaryCrossEntropyWithLogits(), [prediction, target], site: CallSite(fileID: fileID, line: line)
  )
  return try reduction.apply(losses, fileID: fileID, line: line)
}
