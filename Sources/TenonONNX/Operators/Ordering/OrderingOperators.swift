import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators that sort or pick elements by their values.
  static let ordering: [ONNXOperator] = [
    topK
  ]

  /// `TopK`: of equal elements the first goes first; what need not be sorted is sorted too.
  private static let topK = ONNXOperator(many: "TopK", since: [1, 10, 11, 24]) { node in
    let x = try node.input(0)
    let axis = try node.axis(node.integer("axis", default: -1), rank: x.rank)
    let count: Dimension
    if node.version < 10 {
      count = Dimension(try node.integer("k") ?? 0)
    } else {
      let sizes = try node.sizes(1)
      try node.require(sizes.count == 1, "K must be one integer")
      count = sizes[0]
    }
    let found = try TenonOps.topK(
      x, count, axis: axis, isLargest: node.flag("largest", default: true))
    return [found.values, found.indices]
  }
}
