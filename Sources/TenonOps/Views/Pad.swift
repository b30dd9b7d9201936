import TenonGraph
import TenonTensor

/// The operand with a fill value around it: `low` before and `high` after each axis, which remove
/// elements where negative, and `interior` between neighbours.
public struct Pad: PrimitiveOp {
  public static let name = "pad"
  public static let signature = Signature(["x", "fill"])
  public let low: [Dimension]
  public let high: [Dimension]
  public let interior: [Int]

  public init(low: [Dimension], high: [Dimension], interior: [Int]) {
    self.low = low
    self.high = high
    self.interior = interior
  }

  /// The size of an axis with `interior` elements between neighbours.
  static func spread(_ size: Dimension, _ interior: Int) -> Dimension {
    if interior == 0 { return size }
    return Dimension.maximum(size - 1, 0) * Dimension(interior) + size
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, fill) = (try site.tensor(0), try site.tensor(1))
    try site.requireSameElement(0..<2)
    try site.require(fill.rank == 0, "shape-mismatch", "the fill value must have rank 0")
    try site.require(
      [low.count, high.count, interior.count].allSatisfy { $0 == x.rank }, "attribute",
      "needs low, high and interior amounts for each of the operand's \(x.rank) axes")
    try site.require(
      interior.allSatisfy { $0 >= 0 }, "attribute",
      "interior amounts must not be negative, given \(interior)")
    var sizes: [Dimension] = []
    for axis in 0..<x.rank {
      let size = low[axis] + Pad.spread(x.shape[axis], interior[axis]) + high[axis]
      try site.requireAtLeast(
        size, 0, "slice-range", "axis \(axis) of size \(x.shape[axis]) would have size \(size)")
      sizes.append(size)
    }
    return [.tensor(x.element, Shape(sizes))]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let first = try low.map(site.size)
    let sizes = operands[0].shape
    return [
      try operands[0].gathered(site.resultShapes[0], fill: operands[1]) { index in
        var source: [Int] = []
        for axis in index.indices {
          let place = index[axis] - first[axis]
          let step = interior[axis] + 1
          guard place >= 0, place % step == 0, place / step < sizes[axis] else { return nil }
          source.append(place / step)
        }
        return source
      }
    ]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (x, graph) = (site.operands[0], site.graph)
    let zero = try graph.scalar(0, x.elementType, site: CallSite())
    var inner: Value?
    if site.wanted[0] {
      // What was cut off gets zeros; then the operand's places are read.
      let none = low.map { _ in 0 }
      let whole = try graph.apply1(
        Pad(
          low: low.map { Dimension.maximum(-$0, 0) }, high: high.map { Dimension.maximum(-$0, 0) },
          interior: none), [site.gradient, zero], site: CallSite())
      let starts = low.map { Dimension.maximum($0, 0) }
      let limits = starts.indices.map { starts[$0] + Pad.spread(x.shape[$0], interior[$0]) }
      let places = try slice(
        whole, starts: starts, limits: limits, strides: interior.map { $0 + 1 })
      // The same sizes, in the operand's words where they are symbols.
      inner = try reshape(places, x.shape)
    }
    var fill: Value?
    if site.wanted[1] {
      let one = try graph.scalar(1, x.elementType, site: CallSite())
      let isFill = try graph.apply1(self, [x.filled(0, site: CallSite()), one], site: CallSite())
      fill = try sum(site.gradient * isFill)
    }
    return [inner, fill]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let (from, to) = (site.operands[0].shape, site.results[0].shape)
    var guards: [Guard] = []
    let index = low.indices.map { axis -> IndexExpression in
      let place = IndexExpression.axis(axis) + -low[axis]
      let step = interior[axis] + 1
      if step > 1 {
        guards.append(.within(place, Pad.spread(from[axis], interior[axis])))
        guards.append(.multiple(place, of: step))
        return place.floorDivided(by: Dimension(step)) { to[$0] }
      }
      if !place.isWithin(from[axis], extents: { to[$0] }) {
        guards.append(.within(place, from[axis]))
      }
      return place
    }
    return .compute(.view(site, index, guards: guards, fill: guards.isEmpty ? nil : 1))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, [Dimension], [Dimension], [Int])] = [
        ([7], [2], [1], [0]), ([7], [-2], [1], [0]), ([], [], [], []), ([5], [0], [-1], [2]),
        ([0], [2], [1], [3]), ([2, 3], [1, 0], [0, 0], [1, 0]),
        ([3, 67], [0, 1], [-2, 3], [0, 1]),
        ([2, 3, 4], [0, -1, 2], [1, -1, 0], [0, 2, 0]), ([running, 3], [1, 0], [2, -1], [0, 0]),
        ([running], [-1], [1], [1]), ([4], [-6], [3], [0]),
      ]
      return cases.map { shape, low, high, interior in
        Samples.Case(
          Pad(low: low, high: high, interior: interior),
          [TensorType(element, shape), TensorType(element, .scalar)])
      }
    }
  }
}

/// The value with `fill` (rank 0) around it; see `Pad`.
///
/// - Throws: `attribute`, `element-type`, or `slice-range` where a size would be negative.
public func pad(
  _ x: Value, low: [Dimension], high: [Dimension], interior: [Int]? = nil, fill: Value,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    Pad(low: low, high: high, interior: interior ?? low.map { _ in 0 }), [x, fill],
    site: CallSite(fileID: fileID, line: line))
}

/// The value with a number around it; see `Pad`.
///
/// - Throws: `attribute`, `scalar`, or `slice-range` where a size would be negative.
public func pad(
  _ x: Value, low: [Dimension], high: [Dimension], interior: [Int]? = nil,
  with number: some Scalar = 0, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let fill = try x.graph.scalar(
    number, x.elementType, site: CallSite(fileID: fileID, line: line))
  return try pad(
    x, low: low, high: high, interior: interior, fill: fill, fileID: fileID, line: line)
}
