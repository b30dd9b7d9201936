import TenonGraph
import TenonTensor

/// y (log y - x) for a log-probability x and a target probability y; 0 where y is 0.
public struct KullbackLeiblerDivergence: ElementwiseLoss {
  public static let name = "kl_divergence"

  public init() {}

  public func loss(_ prediction: Value, _ target: Value) throws -> Value {
    let zero = try target.filled(0, site: CallSite())
    let one = try target.filled(1, site: CallSite())
    let isPositive = try greater(target, 0)
    let logarithm = try log(select(isPositive, target, one))
    return try select(isPositive, target * (logarithm - prediction), zero)
  }

  public static var range: ClosedRange<Double> { 0.05...0.95 }
  public static var variants: [KullbackLeiblerDivergence] { [KullbackLeiblerDivergence()] }

  public static var examples: [Example] {
    [
      Example(
        KullbackLeiblerDivergence(),
        [
          Tensor([-1.60943791, -0.693147181, -1.2039728] as [Float]),
          Tensor([0.1, 0.6, 0.3] as [Float]),
        ],
        gives: [Tensor([-0.0693147181, 0.109392934, 0] as [Float])],
        source: "PyTorch documentation, torch.nn.KLDivLoss: the formula, computed with NumPy")
    ]
  }
}

/// y (log y - x) for a log-probability x and a target probability y; 0 where y is 0. The mean over all elements by default.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func klDivergence(
  _ prediction: Value, _ target: Value, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let losses = try prediction.graph.apply1(
    KullbackLeiblerDivergence(), [prediction, target], site: CallSite(fileID: fileID, line: line))
  return try reduction.apply(losses, fileID: fileID, line: line)
}
