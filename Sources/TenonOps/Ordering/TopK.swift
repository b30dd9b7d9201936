import TenonGraph
import TenonTensor

/// The `count` largest elements of each row along an axis, or smallest, in that order, and their
/// places. NaN counts as the largest; of equal elements the first goes first.
public struct TopK: CompositeOp {
  public static let name = "top_k"
  public static let signature = Signature(["x"], ["values", "indices"])
  public let count: Dimension
  public let axis: Int
  public let isLargest: Bool
  public let index: ElementType

  public init(
    count: Dimension, axis: Int, isLargest: Bool = true, index: ElementType = .i64
  ) {
    self.count = count
    self.axis = axis
    self.isLargest = isLargest
    self.index = index
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    try site.require(
      !x.element.isStorageOnly, "element-type", "is not defined for \(x.element)")
    try site.require(
      index.isInteger && !index.isStorageOnly, "element-type",
      "indices must be integers, not \(index)")
    let axis = try site.axis(axis, rank: x.rank)
    let rule = "cannot take \(count) elements of axis \(axis) of size \(x.shape[axis])"
    try site.requireAtLeast(count, 0, "slice-range", rule)
    try site.requireAtLeast(x.shape[axis], count, "slice-range", rule)
    var shape = x.shape
    shape[axis] = count
    return [.tensor(x.element, shape), .tensor(index, shape)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    let axis = axis < 0 ? axis + x.rank : axis
    let places = try graph.iota(index, x.shape, dimension: axis)
    let region = try graph.comparator(
      [x, places], isDescending: isLargest, nanFirst: isLargest)
    return try graph.apply(
      Sort(dimension: axis, limit: count), [x, places], regions: [region], site: CallSite())
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    guard let gradient = site.gradients[0] else { return [nil] }
    let zeros = try site.operands[0].filled(0, site: CallSite())
    return [try scatterAlong(zeros, site.results[1], gradient, axis: axis)]
  }

  public static var samples: Samples {
    Samples { element in
      let cases: [(Shape, Dimension, Int)] = [
        ([7], 3, 0), ([3, 5], 5, -1), ([5, 3], 2, 0), ([4], 0, 0), ([0, 4], 2, 1), ([2, 67], 4, 1),
      ]
      return cases.enumerated().map { place, one in
        Samples.Case(
          TopK(
            count: one.1, axis: one.2, isLargest: place % 2 == 0,
            index: place % 3 == 0 ? .i32 : .i64), [TensorType(element, one.0)])
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        TopK(count: 3, axis: 0), [Tensor([1, 2, 3, 4, 5] as [Float])],
        gives: [Tensor([5, 4, 3] as [Float]), Tensor([4, 3, 2] as [Int64])],
        source: "PyTorch documentation, torch.topk"),
      Example(
        TopK(count: 2, axis: 0, isLargest: false), [Tensor([2, .nan, 1, 2] as [Float])],
        gives: [Tensor([1, 2] as [Float]), Tensor([2, 0] as [Int64])],
        source: "by hand: NaN counts as the largest, the first of equals goes first"),
    ]
  }
}

/// The `count` largest elements of each row along an axis (the smallest where not `isLargest`), in
/// that order, and their places as i64.
///
/// - Throws: `axis`, or `slice-range` where the axis has fewer elements.
public func topK(
  _ x: Value, _ count: Dimension, axis: Int = -1, isLargest: Bool = true,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> (values: Value, indices: Value) {
  let results = try x.graph.apply(
    TopK(count: count, axis: axis, isLargest: isLargest), [x],
    site: CallSite(fileID: fileID, line: line))
  return (results[0], results[1])
}
