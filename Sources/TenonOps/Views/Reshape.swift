import TenonGraph
import TenonTensor

/// The same elements, in row-major order, under other sizes.
public struct Reshape: PrimitiveOp {
  public static let name = "reshape"
  public static let signature = Signature(["x"])
  public let shape: Shape

  public init(to shape: Shape) { self.shape = shape }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    for size in shape.dimensions.compactMap(\.constant) {
      try site.require(size >= 0, "shape-mismatch", "sizes must not be negative, given \(shape)")
    }
    try site.requireEqual(
      x.shape.elementCount, shape.elementCount, "shape-mismatch",
      "\(shape) holds \(shape.elementCount) elements, the operand \(x.shape.elementCount)")
    return [.tensor(x.element, shape)]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? { site.knownElements(0) }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    [try operands[0].reshaped(site.resultShapes[0])]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try reshape(site.gradient, site.operands[0].shape)]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    .compute(.view(site, Reshape.index(from: shape, to: site.operands[0].shape)))
  }

  /// The index in a tensor of shape `to` of the element at index (i₀ …) of one of shape `from`.
  static func index(from: Shape, to: Shape) -> [IndexExpression] {
    // Runs of axes whose products agree are matched separately, so that indices stay simple.
    var result: [IndexExpression] = []
    var (a, b) = (0, 0)
    while a < from.rank || b < to.rank {
      var (endA, endB) = (a, b)
      var (sizeA, sizeB) = (Dimension(1), Dimension(1))
      if endA < from.rank { (sizeA, endA) = (from[endA], endA + 1) }
      if endB < to.rank { (sizeB, endB) = (to[endB], endB + 1) }
      while sizeA != sizeB, endA < from.rank || endB < to.rank {
        let preferA = (sizeA - sizeB).constant.map { $0 < 0 } ?? (endA - a <= endB - b)
        if endA < from.rank && (preferA || endB == to.rank) {
          sizeA = sizeA * from[endA]
          endA += 1
        } else {
          sizeB = sizeB * to[endB]
          endB += 1
        }
      }
      result += split(linear(a..<endA, from), b..<endB, to, extents: { from[$0] })
      (a, b) = (endA, endB)
    }
    return result
  }

  private static func linear(_ axes: Range<Int>, _ shape: Shape) -> IndexExpression {
    var (offset, stride) = (IndexExpression(0), Dimension(1))
    for axis in axes.reversed() where shape[axis] != 1 {
      offset = offset + IndexExpression.axis(axis) * stride
      stride = stride * shape[axis]
    }
    return offset
  }

  private static func split(
    _ offset: IndexExpression, _ axes: Range<Int>, _ shape: Shape,
    extents: (Int) -> Dimension?
  ) -> [IndexExpression] {
    var indices: [IndexExpression] = []
    var stride = Dimension(1)
    for axis in axes.reversed() {
      let place = offset.floorDivided(by: stride, extents: extents)
      if shape[axis] == 1 {
        indices.append(IndexExpression(0))
      } else if axes.dropLast(axes.upperBound - axis).allSatisfy({ shape[$0] == 1 }) {
        indices.append(place)
      } else {
        indices.append(place.remainder(by: shape[axis], extents: extents))
      }
      stride = stride * shape[axis]
    }
    return indices.reversed()
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, Shape)] = [
        ([6], [2, 3]), ([2, 3], [3, 2]), ([], [1, 1]), ([1], []), ([0, 4], [2, 0]),
        ([2, 3, 5], [6, 5]), ([4, 67], [2, 2, 67]), ([3, 1, 5], [5, 3]),
        ([running, 4], [running, 2, 2]), ([running, 6], [running * 2, 3]),
      ]
      return cases.map { Samples.Case(Reshape(to: $1), [TensorType(element, $0)]) }
    }
  }
}

/// The same elements, in row-major order, under other sizes.
///
/// - Throws: `shape-mismatch` where the element counts differ.
public func reshape(
  _ x: Value, _ shape: Shape, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  if x.shape == shape { return x }
  return try x.graph.apply1(
    Reshape(to: shape), [x], site: CallSite(fileID: fileID, line: line))
}
