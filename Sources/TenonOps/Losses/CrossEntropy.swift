import TenonGraph
import TenonTensor

/// For each row of logits along the last axis, log Σ exp(logits) minus the logit of the row's
/// label: the negative log-likelihood of the label under softmax.
///
/// A label outside 0 ..< classes picks no logit.
public struct CrossEntropy: CompositeOp {
  public static let name = "cross_entropy"
  public static let signature = Signature(["logits", "labels"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    [try site.inferLosses(ofClasses: "logits")]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let logits = operands[0]
    let largest = try maximum(logits, axes: [-1], keepingAxes: true)
    let shifted = try logits - broadcast(largest, to: logits)
    let normalizer = try log(sum(exp(shifted), axes: [-1]))
    let zero = try logits.filled(0, site: CallSite())
    let picked = try sum(
      select(CrossEntropy.isLabel(operands[1], logits), shifted, zero), axes: [-1])
    return [try normalizer - picked]
  }

  /// Where the class is the row's label.
  static func isLabel(_ labels: Value, _ logits: Value) throws -> Value {
    let classes = try labels.graph.iota(
      labels.elementType, logits.shape, dimension: logits.rank - 1)
    let repeated = try labels.graph.apply1(
      BroadcastInDim(shape: logits.shape, dimensions: Array(0..<labels.rank)), [labels],
      site: CallSite())
    return try equal(classes, repeated)
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (logits, labels) = (site.operands[0], site.operands[1])
    let chosen = try convert(CrossEntropy.isLabel(labels, logits), to: logits.elementType)
    let scale = try site.graph.apply1(
      BroadcastInDim(shape: logits.shape, dimensions: Array(0..<labels.rank)), [site.gradient],
      site: CallSite())
    return [try (softmax(logits) - chosen) * scale, nil]
  }

  public static var samples: Samples { samples(CrossEntropy()) }

  /// The cases of an op of rows and labels.
  static func samples(_ op: any Op) -> Samples {
    Samples(elements: ElementType.floats) { element in
      let cases: [(Shape, [Int], ElementType)] = [
        ([2, 3], [2, 0], .i32), ([3], [1], .i64), ([2, 2, 5], [0, 4, 9, -1], .i8),
        ([0, 3], [], .u8), ([1, 67], [66], .u16),
      ]
      return cases.compactMap { shape, labels, type in
        let sizes = (shape.constants ?? []).dropLast()
        let values = try? Tensor(type, shape: Array(sizes), integers: labels.map { Int64($0) })
        return values.map {
          Samples.Case(
            op, [TensorType(element, shape), TensorType(type, Shape(Array(sizes)))],
            values: [1: $0])
        }
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        CrossEntropy(), [Tensor.rows([[1, 2, 3], [1, -1, 0]]), Tensor([2, 1] as [Int64])],
        gives: [Tensor([0.407605964, 2.40760596] as [Float])],
        source: "SciPy, scipy.special.logsumexp less the label's logit")
    ]
  }
}

extension InferenceSite {
  /// The losses of rows of classes along the last axis, each with an integer label.
  ///
  /// - Parameter rows: what the rows hold: `logits`.
  func inferLosses(ofClasses rows: String) throws -> ValueType {
    let (classes, labels) = (try tensor(0), try tensor(1))
    try require(
      classes.element.isFloat && !classes.element.isStorageOnly, "element-type",
      "\(rows) must be floats")
    try require(
      labels.element.isInteger && !labels.element.isStorageOnly, "element-type",
      "labels must be integers")
    try require(
      classes.rank >= 1, "shape-mismatch", "\(rows) need an axis of classes, the last")
    try requireEqual(
      Shape(Array(classes.shape.dropLast())), labels.shape, "shape-mismatch",
      "labels must have the \(rows)' shape without the last axis")
    return .tensor(classes.element, labels.shape)
  }
}

/// The cross-entropy of softmax(logits) and integer labels, one for each row.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func crossEntropy(
  _ logits: Value, labels: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try logits.graph.apply1(
    CrossEntropy(), [logits, labels], site: CallSite(fileID: fileID, line: line))
}
