import TenonGraph
import TenonTensor

/// The ops that give the place of an extreme element share all but the direction.
public protocol ArgumentExtreme: CompositeOp {
  static var isMaximum: Bool { get }
  var axis: Int { get }
  /// Whether of equal elements the last is meant.
  var isLast: Bool { get }
  var index: ElementType { get }
  init(axis: Int, isLast: Bool, index: ElementType)
}

extension ArgumentExtreme {
  public static var signature: Signature { Signature(["x"]) }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    try site.require(
      !x.element.isStorageOnly, "element-type", "is not defined for \(x.element)")
    try site.require(
      index.isInteger && !index.isStorageOnly, "element-type",
      "indices must be integers, not \(index)")
    var sizes = x.shape.dimensions
    let removed = sizes.remove(at: try site.axis(axis, rank: x.rank))
    try site.requireAtLeast(removed, 1, "shape-mismatch", "an axis of size 0 has no such element")
    return [.tensor(index, Shape(sizes))]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    let axis = axis < 0 ? axis + x.rank : axis
    let places = try graph.iota(index, x.shape, dimension: axis)
    // Where all elements are the first value, the first of them is still before no element.
    let start = try graph.extreme(x.elementType, isLargest: !Self.isMaximum, site: CallSite())
    let nowhere = try graph.scalar(0, index, site: CallSite())
    let region = try graph.extremeWithPlace(
      x.elementType, isMaximum: Self.isMaximum, place: index, isLast: isLast)
    return [
      try graph.apply(
        Reduce(dimensions: [axis]), [x, places, start, nowhere], regions: [region],
        site: CallSite())[1]
    ]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }

  public static var samples: Samples {
    Samples { element in
      let cases: [(Shape, Int)] = [
        ([7], 0), ([3, 5], -1), ([5, 3], 0), ([1], 0), ([0, 4], 1), ([2, 67], 1), ([2, 3, 4], 1),
      ]
      return cases.enumerated().map { place, one in
        Samples.Case(
          Self(axis: one.1, isLast: place % 2 == 1, index: place % 3 == 0 ? .i32 : .i64),
          [TensorType(element, one.0)])
      }
    }
  }
}

/// The place of the largest element of each row along an axis, the first of equals unless `isLast`;
/// of the first NaN where there is one.
public struct ArgMax: ArgumentExtreme {
  public static let name = "arg_max"
  public static let isMaximum = true
  public let axis: Int
  public let isLast: Bool
  public let index: ElementType

  public init(axis: Int, isLast: Bool = false, index: ElementType = .i64) {
    self.axis = axis
    self.isLast = isLast
    self.index = index
  }

  public static var examples: [Example] {
    [
      Example(
        ArgMax(axis: 1),
        [
          Tensor.rows([
            [1.3398, 0.2663, -0.2686, 0.2450], [-0.7401, -0.8805, -0.3402, -1.1936],
            [0.4907, -1.3948, -1.0691, -0.3132], [-1.6092, 0.5419, -0.2993, 0.3195],
          ])
        ], gives: [Tensor([0, 2, 0, 1] as [Int64])], source: "PyTorch documentation, torch.argmax"),
      Example(
        ArgMax(axis: 0), [Tensor([1, .nan, 5, .nan] as [Float])], gives: [Tensor(Int64(1))],
        source: "NumPy documentation, numpy.argmax: the first NaN"),
    ]
  }
}

/// The place of the smallest element of each row along an axis; see `ArgMax`.
public struct ArgMin: ArgumentExtreme {
  public static let name = "arg_min"
  public static let isMaximum = false
  public let axis: Int
  public let isLast: Bool
  public let index: ElementType

  public init(axis: Int, isLast: Bool = false, index: ElementType = .i64) {
    self.axis = axis
    self.isLast = isLast
    self.index = index
  }

  public static var examples: [Example] {
    [
      Example(
        ArgMin(axis: 1),
        [
          Tensor.rows([
            [0.1139, 0.2254, -0.1381, 0.3687], [1.0100, -1.1975, -0.0102, -0.4732],
            [-0.9240, 0.1207, -0.7506, -1.0213], [1.7809, -1.2960, 0.9384, 0.1438],
          ])
        ], gives: [Tensor([2, 1, 3, 1] as [Int64])], source: "PyTorch documentation, torch.argmin")
    ]
  }
}

/// The place, as i64, of the largest element of each row along an axis, the first of equals; of the
/// first NaN where there is one.
///
/// - Throws: `axis`, or `shape-mismatch` for an axis of size 0.
public func argMax(
  _ x: Value, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(ArgMax(axis: axis), [x], site: CallSite(fileID: fileID, line: line))
}

/// The place, as i64, of the smallest element of each row along an axis; see `argMax`.
///
/// - Throws: `axis`, or `shape-mismatch` for an axis of size 0.
public func argMin(
  _ x: Value, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(ArgMin(axis: axis), [x], site: CallSite(fileID: fileID, line: line))
}
