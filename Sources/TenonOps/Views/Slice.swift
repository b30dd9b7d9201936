import TenonGraph
import TenonTensor

/// Along each axis, every `strides`-th element from `starts` up to, not including, `limits`.
public struct Slice: PrimitiveOp {
  public static let name = "slice"
  public static let signature = Signature(["x"])
  public let starts: [Dimension]
  public let limits: [Dimension]
  public let strides: [Int]

  public init(starts: [Dimension], limits: [Dimension], strides: [Int]) {
    self.starts = starts
    self.limits = limits
    self.strides = strides
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    try site.require(
      [starts.count, limits.count, strides.count].allSatisfy { $0 == x.rank }, "attribute",
      "needs a start, a limit and a stride for each of the operand's \(x.rank) axes")
    var sizes: [Dimension] = []
    for axis in 0..<x.rank {
      let (start, limit, stride) = (starts[axis], limits[axis], strides[axis])
      try site.require(stride > 0, "attribute", "strides must be at least 1, given \(stride)")
      let rule = "axis \(axis) of size \(x.shape[axis]) has no elements from \(start) to \(limit)"
      try site.requireAtLeast(start, 0, "slice-range", rule)
      try site.requireAtLeast(limit, start, "slice-range", rule)
      try site.requireAtLeast(x.shape[axis], limit, "slice-range", rule)
      sizes.append((limit - start).ceilingDivided(by: Dimension(stride)))
    }
    return [.tensor(x.element, Shape(sizes))]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    guard let known = site.knownElements(0) else { return nil }
    guard starts.count == 1 else { return known }
    guard let start = starts[0].constant, let limit = limits[0].constant else { return nil }
    return stride(from: start, to: limit, by: strides[0]).map { known[$0] }
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let first = try starts.map(site.size)
    return [
      try operands[0].gathered(site.resultShapes[0]) { index in
        index.indices.map { first[$0] + index[$0] * strides[$0] }
      }
    ]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (x, gradient) = (site.operands[0], site.gradient)
    let interior = strides.map { $0 - 1 }
    let high = x.shape.indices.map {
      x.shape[$0] - starts[$0] - Pad.spread(gradient.shape[$0], interior[$0])
    }
    let zero = try site.graph.scalar(0, x.elementType, site: CallSite())
    return [
      try site.graph.apply1(
        Pad(low: starts, high: high, interior: interior), [gradient, zero], site: CallSite())
    ]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let index = starts.indices.map {
      IndexExpression.axis($0) * Dimension(strides[$0]) + starts[$0]
    }
    return .compute(.view(site, index))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, [Dimension], [Dimension], [Int])] = [
        ([7], [2], [5], [1]), ([7], [1], [7], [3]), ([], [], [], []), ([5], [2], [2], [1]),
        ([3, 0], [1, 0], [3, 0], [1, 1]), ([4, 67], [1, 3], [4, 60], [2, 1]),
        ([2, 3, 4], [0, 1, 0], [1, 3, 4], [1, 1, 2]),
        ([running, 3], [1, 0], [running, 2], [2, 1]),
      ]
      return cases.map { shape, starts, limits, strides in
        Samples.Case(
          Slice(starts: starts, limits: limits, strides: strides), [TensorType(element, shape)])
      }
    }
  }
}

/// Along each axis, every `strides`-th element from `starts` up to, not including, `limits`.
///
/// - Throws: `slice-range` where an axis has no such elements, or `attribute`.
public func slice(
  _ x: Value, starts: [Dimension], limits: [Dimension], strides: [Int]? = nil,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    Slice(starts: starts, limits: limits, strides: strides ?? starts.map { _ in 1 }), [x],
    site: CallSite(fileID: fileID, line: line))
}

/// Along one axis, every `stride`-th element from `start` up to, not including, `limit` (the axis's
/// end by default); other axes stay whole.
///
/// - Throws: `axis`, or `slice-range` where the axis has no such elements.
public func slice(
  _ x: Value, axis: Int, from start: Dimension, to limit: Dimension? = nil, stride: Int = 1,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  let axis = try x.axis(axis, of: "slice", site: site)
  var starts = x.shape.map { _ in Dimension(0) }
  var limits = x.shape.dimensions
  var strides = x.shape.map { _ in 1 }
  starts[axis] = start
  if let limit { limits[axis] = limit }
  strides[axis] = stride
  return try x.graph.apply1(
    Slice(starts: starts, limits: limits, strides: strides), [x], site: site)
}
