import TenonGraph
import TenonTensor

/// How `scatter` and its relatives put an update where something is.
public enum ScatterCombiner: Sendable {
  /// The update takes the place of what was there; of several the last.
  case replace
  case add, multiply, maximum, minimum

  func region(_ graph: Graph, _ element: ElementType) throws -> RegionID {
    switch self {
    case .replace:
      let scalar = ValueType.tensor(element, .scalar)
      return try graph.recordClosedRegion([scalar, scalar]) { [$0[1]] }
    case .add: return try graph.combiner(Add(), element)
    case .multiply: return try graph.combiner(Multiply(), element)
    case .maximum: return try graph.combiner(Maximum(), element)
    case .minimum: return try graph.combiner(Minimum(), element)
    }
  }
}

/// `x` with, for each index of `indices` (of the value's rank, and its sizes but along `axis`), the
/// update combined into the element at that index with the axis's part replaced by the index's
/// number. Numbers outside are left out.
///
/// - Throws: `axis`, `shape-mismatch` or `element-type`.
public func scatterAlong(
  _ x: Value, _ indices: Value, _ updates: Value, axis: Int,
  by combiner: ScatterCombiner = .replace,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  let axis = try x.axis(axis, of: "scatterAlong", site: site)
  let others = x.shape.indices.filter { $0 != axis }
  return try x.graph.apply1(
    Scatter(
      updateWindowDims: [], insertedWindowDims: [axis], inputBatchingDims: others,
      scatterIndicesBatchingDims: others, scatterDimsToOperandDims: [axis],
      indexVectorDim: x.rank), [x, indices, updates],
    regions: [combiner.region(x.graph, x.elementType)], site: site)
}

/// `x` with slices along an axis combined with the updates: the k-th slice of the updates into the
/// slice that the k-th of a vector of integers names. Numbers outside are left out.
///
/// - Throws: `axis`, `shape-mismatch` or `element-type`.
public func scatter(
  _ x: Value, _ indices: Value, _ updates: Value, axis: Int = 0,
  by combiner: ScatterCombiner = .replace, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  let axis = try x.axis(axis, of: "scatter", site: site)
  return try x.graph.apply1(
    Scatter(
      updateWindowDims: updates.shape.indices.filter { $0 != axis }, insertedWindowDims: [axis],
      scatterDimsToOperandDims: [axis], indexVectorDim: indices.rank), [x, indices, updates],
    regions: [combiner.region(x.graph, x.elementType)], site: site)
}

/// `x` with updates combined into the places that index vectors name: the last axis of `indices`
/// has one number for each of the first axes of `x`, and the updates have the other sizes of the
/// indices, then the rest of those of `x`. Places outside are left out.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func scatterND(
  _ x: Value, _ indices: Value, _ updates: Value, by combiner: ScatterCombiner = .replace,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  let parts = indices.shape.dimensions.last?.constant ?? 0
  return try x.graph.apply1(
    Scatter(
      updateWindowDims: Array((0..<updates.rank).dropFirst(indices.rank - 1)),
      insertedWindowDims: Array(0..<parts), scatterDimsToOperandDims: Array(0..<parts),
      indexVectorDim: indices.rank - 1), [x, indices, updates],
    regions: [combiner.region(x.graph, x.elementType)], site: site)
}

extension Scatter {
  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      func one(
        _ operand: Shape, _ op: Scatter, _ indices: [Int], _ values: [Int64], _ updates: Shape,
        _ combiner: ScatterCombiner, _ type: ElementType = .i64
      ) -> Samples.Case {
        var literals: [Int: Tensor] = [:]
        literals[1] = try? Tensor(type, shape: indices, integers: values)
        let types = [
          TensorType(element, operand), TensorType(type, Shape(indices)),
          TensorType(element, updates),
        ]
        return Samples.Case(op, types, values: literals) { graph, values in
          try graph.apply(
            op, values, regions: [combiner.region(graph, element)], site: CallSite())
        }
      }
      let running = Dimension(.running("n", maximum: 9))
      let rows = Scatter(
        updateWindowDims: [1], insertedWindowDims: [0], scatterDimsToOperandDims: [0],
        indexVectorDim: 1)
      let vector = Scatter(
        updateWindowDims: [1], scatterDimsToOperandDims: [0], indexVectorDim: 1)
      return [
        one([5, 3], rows, [4], [0, 4, 9, 0], [4, 3], .replace, .i32),
        one([5, 3], rows, [4], [1, 4, -1, 1], [4, 3], .add, .i32),
        one([5, 3], rows, [0], [], [0, 3], .add, .i8),
        one([running, 3], rows, [3], [1, 200, 0], [3, 3], .replace, .u8),
        one([6], vector, [3], [0, 5, -1], [3, 2], .add),
        one([6], vector, [3], [1, 2, 5], [3, 2], .multiply),
        one(
          [4, 5],
          Scatter(updateWindowDims: [0, 2], scatterDimsToOperandDims: [1, 0], indexVectorDim: 1),
          [3, 2], [0, 0, 1, 2, 4, 3], [2, 3, 3], .replace),
        one(
          [3, 67],
          Scatter(
            updateWindowDims: [], insertedWindowDims: [1], inputBatchingDims: [0],
            scatterIndicesBatchingDims: [0], scatterDimsToOperandDims: [1], indexVectorDim: 2),
          [3, 2], [0, 66, 5, 99, 12, 12], [3, 2], .maximum, .u64),
        one([0], vector, [2], [0, 1], [2, 0], .minimum),
      ]
    }
  }
}
