import TenonGraph
import TenonTensor

/// x Wᵀ + b over the last axis, with a weight of (outputs, inputs) and a bias of (outputs) or none.
public struct LinearProjection: CompositeOp {
  public static let name = "linear"
  public static let signature = Signature(["x", "weight", "bias?"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, weight) = (try site.tensor(0), try site.tensor(1))
    try site.requireSameElement(0..<site.operandCount)
    try site.require(
      !x.element.isStorageOnly && x.element != .bool, "element-type",
      "is not defined for \(x.element)")
    try site.require(
      x.rank >= 1 && weight.rank == 2, "shape-mismatch",
      "x needs rank 1 or more and the weight rank 2, (outputs, inputs)")
    try site.requireEqual(
      x.shape[x.rank - 1], weight.shape[1], "shape-mismatch",
      "the last size \(x.shape[x.rank - 1]) of x must be the weight's inputs, \(weight.shape[1])")
    if site.operandCount == 3 {
      let bias = try site.tensor(2)
      try site.requireEqual(
        bias.shape, [weight.shape[0]], "shape-mismatch",
        "the bias must have one number for each of \(weight.shape[0]) outputs")
    }
    return [.tensor(x.element, Shape(x.shape.dropLast() + [weight.shape[0]]))]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let (x, weight) = (operands[0], operands[1])
    let product = try dotGeneral(x, weight, lhsContracting: [x.rank - 1], rhsContracting: [1])
    guard operands.count == 3 else { return [product] }
    return [try product + broadcast(operands[2], to: product)]
  }

  public static var samples: Samples {
    Samples { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, Shape)] = [
        ([2, 3], [4, 3]), ([3], [2, 3]), ([0, 3], [2, 3]), ([2, 2, 3], [5, 3]),
        ([17, 19], [33, 19]),
        ([running, 3], [2, 3]), ([2, 0], [3, 0]),
      ]
      return cases.enumerated().map { place, one in
        let types = [TensorType(element, one.0), TensorType(element, one.1)]
        let bias = TensorType(element, [one.1[0]])
        return Samples.Case(LinearProjection(), place % 3 == 2 ? types : types + [bias])
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        LinearProjection(),
        [
          Tensor.rows([[1, 2]]), Tensor.rows([[3, 4], [5, 6], [7, 8]]),
          Tensor([0, 1, -1] as [Float]),
        ],
        gives: [Tensor.rows([[11, 18, 22]])],
        source: "PyTorch documentation, torch.nn.functional.linear: by hand")
    ]
  }
}

/// x Wᵀ + b over the last axis; the weight is (outputs, inputs), as PyTorch has it.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func linear(
  _ x: Value, _ weight: Value, bias: Value? = nil, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    LinearProjection(), [x, weight] + (bias.map { [$0] } ?? []),
    site: CallSite(fileID: fileID, line: line))
}
