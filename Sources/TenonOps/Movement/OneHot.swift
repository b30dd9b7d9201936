import TenonGraph
import TenonTensor

/// Each integer as a row, along a new axis, that is 1 at that place and 0 elsewhere; all 0 for a
/// place that the row does not have.
public struct OneHot: CompositeOp {
  public static let name = "one_hot"
  public static let signature = Signature(["indices"])
  public let count: Dimension
  public let axis: Int
  public let element: ElementType

  public init(count: Dimension, axis: Int = -1, element: ElementType) {
    self.count = count
    self.axis = axis
    self.element = element
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let indices = try site.tensor(0)
    try site.require(
      indices.element.isInteger && !indices.element.isStorageOnly, "element-type",
      "indices must be integers, not \(indices.element)")
    try site.require(
      !element.isComplex && element != .string, "element-type", "is not defined for \(element)")
    var sizes = indices.shape.dimensions
    sizes.insert(count, at: try site.axis(axis, rank: sizes.count + 1))
    return [.tensor(element, Shape(sizes))]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let indices = operands[0]
    let axis = axis < 0 ? axis + indices.rank + 1 : axis
    var sizes = indices.shape.dimensions
    sizes.insert(count, at: axis)
    let places = try graph.iota(.i64, Shape(sizes), dimension: axis)
    let repeated = try graph.apply1(
      BroadcastInDim(shape: Shape(sizes), dimensions: sizes.indices.filter { $0 != axis }),
      [convert(indices, to: .i64)], site: CallSite())
    return [try convert(equal(places, repeated), to: element)]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }

  public static var samples: Samples {
    Samples(elements: ElementType.integers) { element in
      let cases: [(Shape, Dimension, Int, ElementType)] = [
        ([4], 5, -1, .f32), ([], 3, 0, .bool), ([2, 3], 4, 0, .i32), ([0], 3, -1, .f16),
        ([2, 3], 67, 1, .f64), ([3], 0, -1, .u8),
      ]
      return cases.map { shape, count, axis, result in
        Samples.Case(
          OneHot(count: count, axis: axis, element: result), [TensorType(element, shape)])
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        OneHot(count: 3, element: .f32), [Tensor([0, 2, 5] as [Int32])],
        gives: [Tensor.rows([[1, 0, 0], [0, 0, 1], [0, 0, 0]])],
        source: "JAX documentation, jax.nn.one_hot: by hand")
    ]
  }
}

/// Each integer as a row of `count` elements, along a new axis, that is 1 at that place and 0
/// elsewhere.
///
/// - Throws: `axis` or `element-type`.
public func oneHot(
  _ indices: Value, count: Dimension, axis: Int = -1, element: ElementType = .f32,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try indices.graph.apply1(
    OneHot(count: count, axis: axis, element: element), [indices],
    site: CallSite(fileID: fileID, line: line))
}
