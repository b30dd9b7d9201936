import TenonGraph
import TenonOps
import TenonTensor
import Testing

@Suite struct ReductionRefusalTests {
  /// The refusal of an op whose one region combines two scalars of a type.
  private func combined(
    _ op: any Op, _ types: [String], by combiner: any Op = Add(), _ element: ElementType = .f32
  ) -> String {
    refusal(op, types) { graph, values in
      let scalar = ValueType.tensor(element, .scalar)
      let region = try graph.recordClosedRegion([scalar, scalar]) {
        try graph.applyAny(combiner, $0, site: CallSite())
      }
      return try graph.applyAny(op, values, regions: [region], site: CallSite())
    }
  }

  @Test func combinersAndAxes() {
    let window = ReduceWindow(windowDimensions: [2])
    for op in [Reduce(dimensions: [0]), Cumulative(axis: 0), window] as [any Op] {
      let name = type(of: op).name
      #expect(
        refusal(op, ["f32[2]", "f32[]"])
          == "\(name): takes the regions combiner, given 0")
      for (types, message) in [
        (["f32[2]"], "takes k tensors, k initial values and one combiner"),
        (["f32[2]", "f32[1]"], "initial value 0 must be f32[], not f32[1]"),
        (["f32[2]", "f64[]"], "initial value 0 must be f32[], not f64[]"),
        (["f32[2]", "f32[3]", "f32[]", "f32[]"], "operands must have one shape"),
        (
          ["f64[2]", "f64[]"], "the combiner must take 2 scalars of the operands' types and give 1"
        ),
      ] { #expect(combined(op, types) == "\(name): \(message)") }
    }
    #expect(
      combined(Reduce(dimensions: [1]), ["f32[2]", "f32[]"])
        == "reduce: axis 1 is out of range for rank 1")
    #expect(
      combined(Reduce(dimensions: [0, 0]), ["f32[2]", "f32[]"]) == "reduce: axis 0 is given twice")
    #expect(
      combined(Cumulative(axis: -1), ["f32[2]", "f32[]"])
        == "cumulative: axis -1 is out of range for rank 1")
  }

  /// What a selection of the largest, scattered by adding, says of operands.
  private func selected(_ types: [String]) -> String {
    let op = SelectAndScatter(windowDimensions: [2])
    return refusal(op, types) { graph, values in
      let scalar = ValueType.tensor(.f32, .scalar)
      let select = try graph.recordClosedRegion([scalar, scalar]) {
        [try greaterOrEqual($0[0], $0[1])]
      }
      let scatter = try graph.recordClosedRegion([scalar, scalar]) { [try $0[0] + $0[1]] }
      return try graph.apply(op, values, regions: [select, scatter], site: CallSite())
    }
  }

  @Test func windows() {
    #expect(
      combined(ReduceWindow(windowDimensions: [2, 2]), ["f32[2]", "f32[]"])
        == "reduce_window: window, strides, dilations and padding need one entry for each of 1 axes"
    )
    #expect(
      combined(ReduceWindow(windowDimensions: [0]), ["f32[2]", "f32[]"])
        == "reduce_window: window, strides and dilations must be at least 1")
    for (types, message) in [
      (
        ["f32[3]", "f32[2]", "f64[]"], "operands must have one element type; insert `convert` first"
      ),
      (["f32[3]", "f32[2]", "f32[1]"], "the initial value must have rank 0"),
      (
        ["f32[3]", "f32[3]", "f32[]"], "the source must have one element for each window: [2]"
      ),
    ] { #expect(selected(types) == "select_and_scatter: \(message)") }
    #expect(
      refusal(SelectAndScatter(windowDimensions: [2]), ["f32[3]", "f32[2]", "f32[]"])
        == "select_and_scatter: takes the regions select, scatter, given 0")
    expectRefusals([
      (MaxPool(window: [2]), ["bool[1, 1, 4]"], "is not defined for bool"),
      (MaxPool(window: [2]), ["f32[1, 4]"], "1 spatial axes need an operand of rank 3"),
      (
        MaxPool(window: [2], padding: [[-1, 0]]), ["f32[1, 1, 4]"],
        "window, strides, padding and dilation need one entry for each of 1 axes"
      ),
      (
        AveragePool(window: [2], strides: [0]), ["f32[1, 1, 4]"],
        "window, strides and dilations must be at least 1"
      ),
    ])
  }

  @Test func orders() {
    expectRefusals([
      (Sort(dimension: 0), ["f32[3]"], "takes the regions comparator, given 0"),
      (TopK(count: 4, axis: 0), ["f32[3]"], "cannot take 4 elements of axis 0 of size 3"),
      (TopK(count: 1, axis: 1), ["f32[3]"], "axis 1 is out of range for rank 1"),
      (TopK(count: 1, axis: 0), ["f8e5m2[3]"], "is not defined for f8e5m2"),
      (TopK(count: 1, axis: 0, index: .f32), ["f32[3]"], "indices must be integers, not f32"),
      (ArgMax(axis: 0), ["f32[0]"], "an axis of size 0 has no such element"),
      (ArgMin(axis: 2), ["f32[1]"], "axis 2 is out of range for rank 1"),
      (ArgMin(axis: 0, index: .bool), ["f32[1]"], "indices must be integers, not bool"),
    ])
    #expect(
      combined(Sort(dimension: 0), ["f32[3]"], by: Compare(.less)).hasPrefix("accepted"))
    for (op, types, message) in [
      (Sort(dimension: 1), ["f32[3]"], "axis 1 is out of range for rank 1"),
      (Sort(dimension: 0, limit: 4), ["f32[3]"], "cannot keep 4 elements of axis 0 of size 3"),
      (
        Sort(dimension: 0), ["f64[3]"],
        "the comparator must take two scalars of each operand's type, pair by pair, and give bool"
      ),
      (Sort(dimension: 0), ["f32[3]", "f32[2]"], "operands must have one shape"),
    ] { #expect(combined(op, types, by: Compare(.less)) == "sort: \(message)") }
  }
}
