import TenonGraph
import TenonTensor

/// Which axes of a gather or a scatter are what, with the walk from an index of the indexed tensor's
/// windows to an index of the tensor itself (StableHLO, `gather` and `scatter`).
///
/// "Windows" are what the indices choose: the slices of a gather, the updates of a scatter.
struct GatherAxes {
  /// Axes of the windowed tensor (gather's result, scatter's updates) that run inside a window.
  var window: [Int]
  /// Axes of the operand that windows do not have because their size there is 1.
  var collapsed: [Int]
  /// Axes of the operand, and of the indices, that run together.
  var operandBatching: [Int]
  var indexBatching: [Int]
  /// The operand axis that each part of an index is for.
  var map: [Int]
  /// The axis of the indices along which the parts of an index lie; their rank for indices of one
  /// part.
  var vector: Int

  /// Checks the axes against operand, indices and the windowed tensor's rank.
  ///
  /// - Throws: `axis`, `element-type` or `shape-mismatch`.
  func check(
    _ site: InferenceSite, operand: TensorType, indices: TensorType, windowedRank: Int
  ) throws {
    try site.require(
      indices.element.isInteger && !indices.element.isStorageOnly, "element-type",
      "indices must be integers, not \(indices.element)")
    try site.require(
      vector >= 0 && vector <= indices.rank, "axis",
      "index vector axis \(vector) is out of range for indices of rank \(indices.rank)")
    try site.requireAxes(window, rank: windowedRank)
    try site.requireAxes(collapsed + operandBatching, rank: operand.rank)
    try site.requireAxes(map, rank: operand.rank)
    try site.requireAxes(indexBatching, rank: indices.rank)
    try site.require(
      window.count + collapsed.count + operandBatching.count == operand.rank, "axis",
      "window, collapsed and batching axes must be the operand's \(operand.rank) together")
    try site.require(
      operandBatching.count == indexBatching.count && !indexBatching.contains(vector)
        && !operandBatching.contains { map.contains($0) }, "axis",
      "batching axes of operand and indices must pair, and not be indexed")
    let parts = vector < indices.rank ? indices.shape[vector] : 1
    try site.requireEqual(
      parts, Dimension(map.count), "shape-mismatch",
      "indices have \(parts) parts for \(map.count) mapped axes")
    for (a, b) in zip(operandBatching, indexBatching) {
      try site.requireEqual(
        operand.shape[a], indices.shape[b], "shape-mismatch",
        "batching sizes \(operand.shape[a]) and \(indices.shape[b]) differ")
    }
  }

  /// The axes of the windowed tensor that run over windows, in the order of the indices' axes.
  func batch(_ windowedRank: Int) -> [Int] {
    (0..<windowedRank).filter { !window.contains($0) }
  }

  /// The operand's axes that run inside a window, in order.
  func inside(_ operandRank: Int) -> [Int] {
    (0..<operandRank).filter { !collapsed.contains($0) && !operandBatching.contains($0) }
  }

  /// The index into the indices tensor of part `part`, for one of the windowed tensor.
  func place<Number>(_ windowed: [Number], part: Number?) -> [Number] {
    var place = batch(windowed.count).map { windowed[$0] }
    if let part { place.insert(part, at: vector) }
    return place
  }

  /// For each operand axis, what a window adds to where it starts.
  func offsets<Number>(_ windowed: [Number], operandRank: Int, zero: Number) -> [Number] {
    var offsets = [Number](repeating: zero, count: operandRank)
    for (axis, place) in zip(inside(operandRank), window.sorted()) {
      offsets[axis] = windowed[place]
    }
    let batch = batch(windowed.count)
    for (axis, index) in zip(operandBatching, indexBatching) {
      offsets[axis] = windowed[batch[index < vector ? index : index - 1]]
    }
    return offsets
  }

  /// Whether the indices have an axis of parts.
  func hasVector(_ indicesRank: Int) -> Bool { vector < indicesRank }

  /// The index expressions of a part of an index, for a lowering over the windowed tensor.
  func load(
    _ part: Int, of operand: Int, _ indices: TensorType, windowedRank: Int,
    _ program: inout ScalarProgram
  ) -> ScalarID {
    let windowed = (0..<windowedRank).map { IndexExpression.axis($0) }
    let place = place(
      windowed,
      part: hasVector(indices.rank) ? IndexExpression(Dimension(part)) : nil)
    return program.load(operand, indices.element, place)
  }
}
