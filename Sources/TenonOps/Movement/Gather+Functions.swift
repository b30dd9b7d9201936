import TenonGraph
import TenonTensor

/// Along an axis, the slices that integers of any shape choose: the result has the indices' sizes in
/// the place of the axis. An index outside means the nearest inside.
///
/// - Throws: `axis`, or `element-type` where the indices are no integers.
public func take(
  _ x: Value, _ indices: Value, axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  let axis = try x.axis(axis, of: "take", site: site)
  var sizes = x.shape.dimensions
  sizes[axis] = 1
  let rank = x.rank - 1 + indices.rank
  return try x.graph.apply1(
    Gather(
      offsetDims: Array(0..<axis) + Array(axis + indices.rank..<rank), collapsedSliceDims: [axis],
      startIndexMap: [axis], indexVectorDim: indices.rank, sliceSizes: sizes), [x, indices],
    site: site)
}

/// For each index of `indices` (of the value's rank, and its sizes but along `axis`), the element at
/// that index with the axis's part replaced by the index's number.
///
/// - Throws: `axis`, `shape-mismatch`, or `element-type` where the indices are no integers.
public func takeAlong(
  _ x: Value, _ indices: Value, axis: Int, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  let axis = try x.axis(axis, of: "takeAlong", site: site)
  let others = x.shape.indices.filter { $0 != axis }
  return try x.graph.apply1(
    Gather(
      offsetDims: [], collapsedSliceDims: [axis], operandBatchingDims: others,
      startIndicesBatchingDims: others, startIndexMap: [axis], indexVectorDim: x.rank,
      sliceSizes: x.shape.map { _ in 1 }), [x, indices], site: site)
}

extension Gather {
  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      func one(
        _ operand: Shape, _ op: Gather, _ indices: [Int], _ values: [Int64],
        _ type: ElementType = .i64
      ) -> Samples.Case {
        var literals: [Int: Tensor] = [:]
        literals[1] = try? Tensor(type, shape: indices, integers: values)
        return Samples.Case(
          op, [TensorType(element, operand), TensorType(type, Shape(indices))], values: literals)
      }
      let running = Dimension(.running("n", maximum: 9))
      let rows = Gather(
        offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0], indexVectorDim: 1,
        sliceSizes: [1, 3])
      return [
        one([5, 3], rows, [4], [0, 4, 9, -2], .i32), one([5, 3], rows, [0], [], .i8),
        one([running, 3], rows, [3], [1, 200, 0], .u8),
        one(
          [6], Gather(offsetDims: [1], startIndexMap: [0], indexVectorDim: 1, sliceSizes: [2]),
          [3], [0, 5, 3]),
        one(
          [4, 5],
          Gather(
            offsetDims: [0, 2], startIndexMap: [1, 0], indexVectorDim: 1, sliceSizes: [2, 3]),
          [3, 2], [0, 0, 1, 2, 7, 1]),
        one(
          [3, 4, 2],
          Gather(
            offsetDims: [1], collapsedSliceDims: [0, 1], startIndexMap: [0, 1], indexVectorDim: 0,
            sliceSizes: [1, 1, 2]), [2, 3], [0, 2, 1, 3, 0, -1], .i16),
        one(
          [3, 67],
          Gather(
            offsetDims: [], collapsedSliceDims: [1], operandBatchingDims: [0],
            startIndicesBatchingDims: [0], startIndexMap: [1], indexVectorDim: 2,
            sliceSizes: [1, 1]), [3, 2], [0, 66, 5, 99, 12, 13], .u64),
        one(
          [3, 0],
          Gather(
            offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0], indexVectorDim: 1,
            sliceSizes: [1, 0]),
          [2], [0, 1]),
      ]
    }
  }
}
