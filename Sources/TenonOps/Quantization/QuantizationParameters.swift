import TenonGraph
import TenonTensor

/// Where the numbers of a scale or zero point belong: to the whole tensor (rank 0), to the indices
/// of an axis (rank 1), or to blocks of neighbours along it (rank of the tensor).
struct QuantizationParameters {
  var axis: Int
  var blockSize: Int?

  /// Checks a scale or zero point against the tensor.
  func check(_ site: InferenceSite, _ parameter: TensorType, _ x: TensorType, _ name: String)
    throws
  {
    if parameter.rank == 0 { return }
    let axis = try site.axis(axis, rank: x.rank)
    var expected: Shape = [x.shape[axis]]
    if let blockSize {
      try site.require(
        blockSize >= 1, "attribute", "the block size must be at least 1, given \(blockSize)")
      try site.requireDivisible(
        x.shape[axis], by: Dimension(blockSize), "shape-mismatch",
        "axis \(axis) of size \(x.shape[axis]) does not divide into blocks of \(blockSize)")
      expected = x.shape
      expected[axis] = expected[axis].floorDivided(by: Dimension(blockSize))
    }
    try site.requireEqual(
      parameter.shape, expected, "shape-mismatch",
      "the \(name) must be of rank 0 or \(expected), not \(parameter.shape)")
  }

  /// The tensor with its blocks apart: indices of a block are an axis of their own, after that of
  /// the blocks, so that each number belongs to whole axes.
  func inBlocks(_ x: Value, _ parameter: Value) throws -> Value {
    guard let blockSize, parameter.rank != 0 else { return x }
    var sizes = parameter.shape.dimensions
    sizes.insert(Dimension(blockSize), at: (axis < 0 ? axis + x.rank : axis) + 1)
    return try reshape(x, Shape(sizes))
  }

  /// A result with its blocks together again, as the tensor has them.
  func joined(_ value: Value, as x: Value) throws -> Value {
    value.rank == x.rank ? value : try reshape(value, x.shape)
  }

  /// The numbers repeated to the shape of the tensor, whose blocks are apart.
  func repeated(_ parameter: Value, to x: Value) throws -> Value {
    if parameter.rank == 0 { return try broadcast(parameter, to: x) }
    if blockSize == nil { return try parameter.alongAxis(axis, of: x) }
    let axis = axis < 0 ? axis + parameter.rank : axis
    return try parameter.graph.apply1(
      BroadcastInDim(shape: x.shape, dimensions: x.shape.indices.filter { $0 != axis + 1 }),
      [parameter], site: CallSite())
  }

  /// Where the number that belongs to an element of the tensor is.
  func index(_ element: [IndexExpression], _ parameter: TensorType, _ x: TensorType)
    -> [IndexExpression]
  {
    if parameter.rank == 0 { return [] }
    let axis = axis < 0 ? axis + x.rank : axis
    guard let blockSize else { return [element[axis]] }
    var index = element
    index[axis] = index[axis].floorDivided(by: Dimension(blockSize)) { x.shape[$0] }
    return index
  }

  /// Operand types for cases of an op.
  static let shapes: [(x: Shape, scale: Shape, axis: Int, block: Int?)] = [
    ([7], [], 0, nil), ([2, 3], [3], 1, nil), ([3, 2, 2], [3], 0, nil), ([0, 2], [2], -1, nil),
    ([4, 3], [2, 3], 0, 2), ([2, 67], [2], 0, nil), ([], [], 0, nil), ([2, 6], [2, 2], 1, 3),
  ]
}
