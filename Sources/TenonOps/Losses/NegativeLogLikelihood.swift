import TenonGraph
import TenonTensor

/// Minus the log-probability that each row along the last axis gives its label; 0 for a label
/// outside.
public struct NegativeLogLikelihood: CompositeOp {
  public static let name = "negative_log_likelihood"
  public static let signature = Signature(["logProbabilities", "labels"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    [try site.inferLosses(ofClasses: "log-probabilities")]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let logs = operands[0]
    let zero = try logs.filled(0, site: CallSite())
    let picked = try select(CrossEntropy.isLabel(operands[1], logs), logs, zero)
    return [try -sum(picked, axes: [-1])]
  }

  public static var samples: Samples { CrossEntropy.samples(NegativeLogLikelihood()) }

  public static var examples: [Example] {
    [
      Example(
        NegativeLogLikelihood(),
        [Tensor.rows([[-2, -0.5, -1.25], [-0.1, -3, -4]]), Tensor([2, 0] as [Int64])],
        gives: [Tensor([1.25, 0.1] as [Float])],
        source: "PyTorch documentation, torch.nn.NLLLoss: by hand")
    ]
  }
}

/// Minus the log-probability that each row along the last axis gives its label, the mean over all
/// rows by default.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func negativeLogLikelihood(
  _ logProbabilities: Value, labels: Value, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let losses = try logProbabilities.graph.apply1(
    NegativeLogLikelihood(), [logProbabilities, labels],
    site: CallSite(fileID: fileID, line: line))
  return try reduction.apply(losses, fileID: fileID, line: line)
}
