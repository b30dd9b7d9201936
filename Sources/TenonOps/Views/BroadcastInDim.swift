import TenonGraph
import TenonTensor

/// The operand repeated along new axes: its axis k becomes axis `dimensions[k]` of the result, and
/// axes of size 1 are repeated to the result's size.
public struct BroadcastInDim: PrimitiveOp {
  public static let name = "broadcast_in_dim"
  public static let signature = Signature(["x"])
  public let shape: Shape
  public let dimensions: [Int]

  public init(shape: Shape, dimensions: [Int]) {
    self.shape = shape
    self.dimensions = dimensions
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    try site.require(
      dimensions.count == x.rank, "shape-mismatch",
      "needs one result axis for each of the operand's \(x.rank), given \(dimensions.count)")
    for (axis, dimension) in dimensions.enumerated() {
      try site.require(
        shape.indices.contains(dimension), "axis",
        "axis \(dimension) is out of range for rank \(shape.rank)")
      try site.require(
        !dimensions[..<axis].contains(dimension), "axis", "axis \(dimension) is given twice")
      if x.shape[axis] != 1 {
        try site.requireEqual(
          x.shape[axis], shape[dimension], "shape-mismatch",
          "size \(x.shape[axis]) of axis \(axis) is neither 1 nor the result's \(shape[dimension])")
      }
    }
    return [.tensor(x.element, shape)]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    guard let known = site.knownElements(0) else { return nil }
    guard shape.rank == 1 else { return known }
    return shape[0].constant.map { count in
      known.count == count ? known : [Dimension](repeating: known[0], count: count)
    }
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let sizes = operands[0].shape
    return [
      try operands[0].gathered(site.resultShapes[0]) { index in
        sizes.indices.map { sizes[$0] == 1 ? 0 : index[dimensions[$0]] }
      }
    ]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let from = site.operands[0].shape
    let repeated = shape.indices.filter { axis in
      guard let source = dimensions.firstIndex(of: axis) else { return true }
      return from[source] == 1 && shape[axis] != 1
    }
    let summed = try sum(site.gradient, axes: repeated, keepingAxes: true)
    // The kept axes, in the operand's order, then without the new ones.
    let added = shape.indices.filter { !dimensions.contains($0) }
    let ordered = try transpose(summed, added + dimensions)
    return [try reshape(ordered, from)]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let from = site.operands[0].shape
    let index = from.indices.map {
      from[$0] == 1 ? IndexExpression(0) : IndexExpression.axis(dimensions[$0])
    }
    return .compute(.view(site, index))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, Shape, [Int])] = [
        ([3], [2, 3], [1]), ([], [5], []), ([], [], []), ([2, 1], [2, 67], [0, 1]),
        ([0], [3, 0], [1]), ([1], [0], [0]), ([3, 2], [2, 4, 3], [2, 0]),
        ([1, 5], [7, 5], [0, 1]),
        ([running], [3, running], [1]),
      ]
      return cases.map { from, to, dimensions in
        Samples.Case(
          BroadcastInDim(shape: to, dimensions: dimensions), [TensorType(element, from)])
      }
    }
  }
}

/// The value repeated to a shape: axes are matched from the last, as NumPy does; sizes of 1 and
/// missing leading axes are repeated.
///
/// - Throws: `shape-mismatch` where a size is neither 1 nor the wanted one.
public func broadcast(
  _ x: Value, to shape: Shape, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  if x.shape == shape { return x }
  let first = max(0, shape.rank - x.rank)
  return try x.graph.apply1(
    BroadcastInDim(shape: shape, dimensions: x.shape.indices.map { first + $0 }), [x],
    site: CallSite(fileID: fileID, line: line))
}

/// The value repeated to another's shape, as `broadcast(_:to:)` with a shape.
///
/// - Throws: `shape-mismatch` where a size is neither 1 nor the wanted one.
public func broadcast(
  _ x: Value, to other: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try broadcast(x, to: other.shape, fileID: fileID, line: line)
}
