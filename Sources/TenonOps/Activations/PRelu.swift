import TenonGraph
import TenonTensor

/// x where it is over 0, else x times a slope, which is of rank 0 or has one number for each index
/// of an axis.
public struct PRelu: CompositeOp {
  public static let name = "prelu"
  public static let signature = Signature(["x", "slope"])
  public let axis: Int

  public init(axis: Int = 1) { self.axis = axis }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, slope) = (try site.tensor(0), try site.tensor(1))
    try site.requireSameElement(0..<2)
    try site.require(
      x.element.isFloat && !x.element.isStorageOnly, "element-type",
      "is not defined for \(x.element)")
    try site.require(slope.rank <= 1, "shape-mismatch", "the slope must have rank 0 or 1")
    if slope.rank == 1 {
      let size = x.shape[try site.axis(axis, rank: x.rank)]
      try site.requireEqual(
        slope.shape[0], size, "shape-mismatch",
        "\(slope.shape[0]) slopes for axis \(axis) of size \(size)")
    }
    return [.tensor(x.element, x.shape)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let (x, slope) = (operands[0], operands[1])
    return [try select(greater(x, 0), x, x * slope.alongAxis(axis, of: x))]
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats) { element in
      let cases: [(Shape, Shape, Int)] = [
        ([7], [], 0), ([2, 3], [3], 1), ([2, 3, 4], [3], 1), ([2, 3], [2], 0), ([0, 3], [3], -1),
        ([2, 67], [67], 1),
      ]
      return cases.map { shape, slope, axis in
        Samples.Case(
          PRelu(axis: axis), [TensorType(element, shape), TensorType(element, slope)])
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        PRelu(axis: 1), [Tensor.rows([[1, -2], [-3, 4]]), Tensor([0.25, 0.5] as [Float])],
        gives: [Tensor.rows([[1, -1], [-0.75, 4]])],
        source: "PyTorch documentation, torch.nn.PReLU: by hand")
    ]
  }
}

extension Value {
  /// The value of rank 0 or 1 repeated to another's shape, its axis lying along `axis`.
  func alongAxis(_ axis: Int, of other: Value) throws -> Value {
    try graph.apply1(
      BroadcastInDim(
        shape: other.shape, dimensions: rank == 0 ? [] : [axis < 0 ? axis + other.rank : axis]),
      [self], site: CallSite())
  }
}

/// x where it is over 0, else x times `slope`, which is of rank 0 or has one number for each index
/// of an axis.
///
/// - Throws: `shape-mismatch`, `axis` or `element-type`.
public func prelu(
  _ x: Value, _ slope: Value, axis: Int = 1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    PRelu(axis: axis), [x, slope], site: CallSite(fileID: fileID, line: line))
}
