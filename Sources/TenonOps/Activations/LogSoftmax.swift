import TenonGraph
import TenonTensor

/// The logarithm of softmax along an axis, computed from x less its maximum.
public struct LogSoftmax: CompositeOp {
  public static let name = "log_softmax"
  public static let signature = Signature(["x"])
  public let axis: Int

  public init(axis: Int) { self.axis = axis }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.requireFloat()
    _ = try site.axis(axis, rank: x.rank)
    return [.tensor(x.element, x.shape)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    try operands[0].widened { x in
      let largest = try maximum(x, axes: [axis], keepingAxes: true)
      let shifted = try x - broadcast(largest, to: x)
      let total = try log(sum(exp(shifted), axes: [axis], keepingAxes: true))
      return [try shifted - broadcast(total, to: x)]
    }
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let total = try sum(site.gradient, axes: [axis], keepingAxes: true)
    return [
      try site.gradient - exp(site.results[0]) * broadcast(total, to: site.gradient)
    ]
  }

  public static var samples: Samples { Softmax.samples(LogSoftmax.init) }

  public static var examples: [Example] {
    [
      Example(
        LogSoftmax(axis: -1), [Tensor.rows([[1, 2, 3], [1, -1, 0]])],
        gives: [
          Tensor.rows([
            [-2.40760596, -1.40760596, -0.407605964], [-0.407605964, -2.40760596, -1.40760596],
          ])
        ], source: "x less SciPy's scipy.special.logsumexp")
    ]
  }
}

/// The logarithm of softmax along an axis, the last by default.
///
/// - Throws: `axis`, or `element-type` where the elements are no floats.
public func logSoftmax(
  _ x: Value, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(LogSoftmax(axis: axis), [x], site: CallSite(fileID: fileID, line: line))
}

/// log Σ exp(x) along axes, computed from x less its maximum.
///
/// - Throws: `axis`, or `element-type` where the elements are no floats.
public func logSumExp(
  _ x: Value, axes: [Int], keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  // Of minus infinities alone the maximum would give NaN.
  let largest = try maximum(
    x, axes: axes, keepingAxes: true, fileID: fileID, line: line)
  let shift = try select(isFinite(largest), largest, largest.filled(0, site: CallSite()))
  let total =
    try log(
      sum(exp(x - broadcast(shift, to: x)), axes: axes, keepingAxes: true)) + shift
  if keepingAxes { return total }
  let removed = axes.map { $0 < 0 ? $0 + x.rank : $0 }
  return try reshape(
    total, Shape(x.shape.indices.filter { !removed.contains($0) }.map { x.shape[$0] }))
}
