import TenonGraph
import TenonTensor

/// The gradient of a value with respect to others, as one node that the pass `expand-gradients`
/// replaces by the nodes that compute it.
///
/// Each result has the type of the value differentiated by: the sum over all elements of the target
/// of their derivatives, each times the seed's element (one, where there is no seed).
public struct Gradient: Op {
  public static let name = "gradient"
  public static let signature = Signature(["target", "others…"], ["gradients…"])
  /// Whether the second operand is the seed.
  public let isSeeded: Bool

  public init(isSeeded: Bool = false) { self.isSeeded = isSeeded }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let target = try site.tensor(0)
    try site.require(
      target.element.isFloat && !target.element.isStorageOnly, "element-type",
      "only a floating-point value has a gradient, not \(target)")
    let first = isSeeded ? 2 : 1
    try site.require(
      site.operandCount >= first, "operand-count", "takes a target, a seed and values")
    if isSeeded {
      let seed = try site.tensor(1)
      try site.require(
        seed.element == target.element, "element-type",
        "the seed must be \(target.element) as the target, not \(seed.element)")
      try site.requireEqual(
        seed.shape, target.shape, "shape-mismatch", "the seed must have the target's shape")
    }
    return try (first..<site.operandCount).map { position in
      let type = try site.tensor(position)
      try site.require(
        type.element.isFloat && !type.element.isStorageOnly, "element-type",
        "only floating-point values can be differentiated by, not \(type); "
          + "leave \(position - first) out of `wrt`")
      return .tensor(type)
    }
  }
}

/// The gradients of `target` with respect to each value of `wrt`, of their types; zeros where the
/// target does not depend on one.
///
/// - Parameters:
///   - target: of any shape; the gradient is that of the sum of its elements, each times the
///     element of `seed`.
///   - seed: of the target's type; ones where nil.
/// - Throws: `element-type` for integers and `bool`, `shape-mismatch` for a seed of another shape.
public func gradients(
  of target: Value, wrt values: [Value], seed: Value? = nil, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> [Value] {
  try target.graph.apply(
    Gradient(isSeeded: seed != nil), [target] + (seed.map { [$0] } ?? []) + values,
    site: CallSite(fileID: fileID, line: line))
}
