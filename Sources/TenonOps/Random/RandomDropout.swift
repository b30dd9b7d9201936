import TenonGraph
import TenonTensor

/// Each element with a probability replaced by 0, the others scaled so that the mean stays
/// (Srivastava et al., JMLR 2014). Which ones is random bits' doing: see `RandomBits` for the key and
/// the step.
public struct RandomDropout: CompositeOp {
  public static let name = "dropout"
  public static let signature = Signature(["x", "key", "step"])
  /// The probability of an element to become 0.
  public let rate: Double

  public init(rate: Double) { self.rate = rate }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.requireFloat()
    try site.require(
      rate >= 0 && rate <= 1, "attribute", "the rate must lie between 0 and 1, given \(rate)")
    try site.require(
      site.type(1) == .tensor(.u32, [2]), "shape-mismatch", "the key must be u32[2]")
    try site.require(
      site.type(2) == .tensor(.i64, []), "shape-mismatch", "the step must be i64[]")
    return [.tensor(x)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    if rate == 0 { return [x] }
    let zero = try x.filled(0, site: CallSite())
    if rate == 1 { return [zero] }
    let bits = try graph.apply1(
      RandomBits(.u32, x.shape), Array(operands.dropFirst()), site: CallSite())
    let isKept = try greaterOrEqual(bits, Int(rate * 0x1p32))
    return [try select(isKept, x * (1 / (1 - rate)), zero)]
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats) { element in
      let running = Dimension(.running("n", maximum: 9))
      return ([[7], [], [0], [3, 5], [1, 67], [running, 3]] as [Shape]).enumerated().map {
        place, shape in
        Samples.Case(
          RandomDropout(rate: [0.5, 0.1, 0.9, 0, 0.25, 1][place]),
          [TensorType(element, shape), TensorType(.u32, [2]), TensorType(.i64, [])])
      }
    }
  }
}

/// Each element with probability `rate` replaced by 0, the others divided by 1 - rate.
///
/// - Throws: `attribute` where the rate is no probability, or `element-type`.
public func dropout(
  _ x: Value, rate: Double, stream: RandomStream, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  let (key, step) = try x.graph.operands(of: stream, site: site)
  return try x.graph.apply1(RandomDropout(rate: rate), [x, key, step], site: site)
}
