import TenonGraph
import TenonOps
import TenonTensor
import Testing

@Suite struct MovementRefusalTests {
  @Test func views() {
    expectRefusals([
      (
        BroadcastInDim(shape: [2, 3], dimensions: []), ["f32[3]"],
        "needs one result axis for each of the operand's 1, given 0"
      ),
      (
        BroadcastInDim(shape: [2, 3], dimensions: [2]), ["f32[3]"],
        "axis 2 is out of range for rank 2"
      ),
      (
        BroadcastInDim(shape: [2, 3], dimensions: [1, 1]), ["f32[3, 3]"], "axis 1 is given twice"
      ),
      (
        BroadcastInDim(shape: [2, 3], dimensions: [0]), ["f32[3]"],
        "size 3 of axis 0 is neither 1 nor the result's 2"
      ),
      (Reshape(to: [2, 2]), ["f32[3]"], "[2, 2] holds 4 elements, the operand 3"),
      (Reshape(to: [-1, 3]), ["f32[3]"], "sizes must not be negative, given [-1, 3]"),
      (
        Transpose([0, 0]), ["f32[2, 3]"],
        "the permutation [0, 0] must name each of the 2 axes once"
      ),
      (Reverse(dimensions: [2]), ["f32[2, 3]"], "axis 2 is out of range for rank 2"),
      (Reverse(dimensions: [1, 1]), ["f32[2, 3]"], "axis 1 is given twice"),
      (
        Slice(starts: [0], limits: [1], strides: [1]), ["f32[2, 3]"],
        "needs a start, a limit and a stride for each of the operand's 2 axes"
      ),
      (
        Slice(starts: [0], limits: [1], strides: [0]), ["f32[2]"],
        "strides must be at least 1, given 0"
      ),
      (
        Slice(starts: [1], limits: [3], strides: [1]), ["f32[2]"],
        "axis 0 of size 2 has no elements from 1 to 3"
      ),
      (
        Slice(starts: [-1], limits: [1], strides: [1]), ["f32[2]"],
        "axis 0 of size 2 has no elements from -1 to 1"
      ),
      (
        Pad(low: [1], high: [1], interior: [0]), ["f32[2]", "f64[]"],
        "operands must have one element type; insert `convert` first"
      ),
      (
        Pad(low: [1], high: [1], interior: [0]), ["f32[2]", "f32[1]"],
        "the fill value must have rank 0"
      ),
      (
        Pad(low: [1], high: [], interior: [0]), ["f32[2]", "f32[]"],
        "needs low, high and interior amounts for each of the operand's 1 axes"
      ),
      (
        Pad(low: [1], high: [1], interior: [-1]), ["f32[2]", "f32[]"],
        "interior amounts must not be negative, given [-1]"
      ),
      (
        Pad(low: [-2], high: [-1], interior: [0]), ["f32[2]", "f32[]"],
        "axis 0 of size 2 would have size -1"
      ),
      (Concatenate(dimension: 0), [], "needs at least one operand"),
      (
        Concatenate(dimension: 1), ["f32[2]", "f32[2]"], "dimension 1 is out of range for rank 1"
      ),
      (
        Concatenate(dimension: 0), ["f32[2]", "f32[2, 2]"],
        "operands must have one rank, given 1 and 2"
      ),
      (
        Concatenate(dimension: 0), ["f32[2, 3]", "f32[2, 4]"],
        "sizes 3 and 4 of axis 1 must agree"
      ),
    ])
  }

  @Test func dynamicSlices() {
    let slice = DynamicSlice(sizes: [2, 2])
    expectRefusals([
      (
        slice, ["f32[3, 3]", "i32[]"], "needs one start for each of the operand's 2 axes, given 1"
      ),
      (slice, ["f32[3, 3]", "i32[1]", "i32[]"], "starts must be integers of rank 0"),
      (slice, ["f32[3, 3]", "f32[]", "f32[]"], "starts must be integers of rank 0"),
      (
        slice, ["f32[3, 3]", "i32[]", "i64[]"],
        "starts must have one element type; insert `convert` first"
      ),
      (slice, ["f32[3, 1]", "i32[]", "i32[]"], "a part of 2 does not fit into axis 1 of size 1"),
      (
        DynamicSlice(sizes: [2]), ["f32[3, 3]", "i32[]", "i32[]"],
        "needs one size for each of the operand's 2 axes, given 1"
      ),
      (
        DynamicUpdateSlice(), ["f32[3]", "f32[4]", "i32[]"],
        "an update of 4 does not fit into axis 0 of size 3"
      ),
      (
        DynamicUpdateSlice(), ["f32[3]", "f32[]", "i32[]"],
        "the update must have the operand's rank 1, not 0"
      ),
    ])
  }

  @Test func gathersAndScatters() throws {
    func gather(
      offset: [Int] = [1], collapsed: [Int] = [0], map: [Int] = [0], vector: Int = 1,
      sizes: [Dimension] = [1, 3], batching: ([Int], [Int]) = ([], [])
    ) -> Gather {
      Gather(
        offsetDims: offset, collapsedSliceDims: collapsed, operandBatchingDims: batching.0,
        startIndicesBatchingDims: batching.1, startIndexMap: map, indexVectorDim: vector,
        sliceSizes: sizes)
    }
    let types = ["f32[5, 3]", "i32[4]"]
    expectRefusals([
      (gather(), ["f32[5, 3]", "f32[4]"], "indices must be integers, not f32"),
      (gather(vector: 2), types, "index vector axis 2 is out of range for indices of rank 1"),
      (gather(offset: [3]), types, "axis 3 is out of range for rank 2"),
      (gather(collapsed: [0, 0]), types, "axis 0 is given twice"),
      (
        gather(collapsed: []), types,
        "window, collapsed and batching axes must be the operand's 2 together"
      ),
      (gather(map: [0, 1]), types, "indices have 1 parts for 2 mapped axes"),
      (
        gather(offset: [], collapsed: [0], map: [0], batching: ([1], [])), types,
        "batching axes of operand and indices must pair, and not be indexed"
      ),
      (
        gather(offset: [], collapsed: [0], map: [0], sizes: [1, 1], batching: ([1], [0])), types,
        "batching sizes 3 and 4 differ"
      ),
      (gather(sizes: [1]), types, "needs one slice size for each of the operand's 2 axes"),
      (
        gather(sizes: [2, 3]), types,
        "the slice size of axis 0, collapsed or batching, must be 1, not 2"
      ),
      (gather(sizes: [1, 4]), types, "a slice of 4 does not fit into axis 1 of size 3"),
    ])
    let rows = Scatter(
      updateWindowDims: [1], insertedWindowDims: [0], scatterDimsToOperandDims: [0],
      indexVectorDim: 1)
    func scattered(_ types: [String], _ element: ElementType = .f32) -> String {
      refusal(rows, types) { graph, values in
        let scalar = ValueType.tensor(element, .scalar)
        let region = try graph.recordClosedRegion([scalar, scalar]) { [try $0[0] + $0[1]] }
        return try graph.apply(rows, values, regions: [region], site: CallSite())
      }
    }
    #expect(
      refusal(rows, types) == "scatter: takes the regions combiner, given 0")
    for (types, message) in [
      (["f32[5, 3]", "i32[4]", "f32[4]"], "updates must have rank 2, not 1"),
      (
        ["f32[5, 3]", "i32[4]", "f32[2, 3]"],
        "size 2 of the updates' axis 0 must be the indices' 4"
      ),
      (
        ["f32[5, 3]", "i32[4]", "f32[4, 7]"],
        "windows of 7 do not fit into axis 1 of size 3"
      ),
      (
        ["f32[5, 3]", "i32[4]", "f64[4, 3]"],
        "operand and updates must have one element type; insert `convert` first"
      ),
      (
        ["f64[5, 3]", "i32[4]", "f64[4, 3]"],
        "the combiner must take 2 scalars of the operands' types and give 1"
      ),
    ] { #expect(scattered(types) == "scatter: \(message)") }
  }

  @Test func lookups() {
    expectRefusals([
      (
        EmbeddingLookup(), ["f32[5]", "i32[2]"],
        "the table must have rank 2, (entries, features)"
      ),
      (EmbeddingLookup(), ["f32[5, 2]", "f32[2]"], "indices must be integers, not f32"),
      (OneHot(count: 3, element: .f32), ["f32[2]"], "indices must be integers, not f32"),
      (OneHot(count: 3, element: .string), ["i32[2]"], "is not defined for string"),
      (
        OneHot(count: 3, axis: 2, element: .f32), ["i32[2]"],
        "axis 2 is out of range for rank 2"
      ),
    ])
  }
}
