import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `Reshape`: 0 keeps a size (unless `allowzero`), one -1 takes what is left.
  static let reshape = ONNXOperator("Reshape", since: [1, 5, 13, 14, 19, 21, 23, 24, 25]) { node in
    let x = try node.input(0)
    let wanted =
      node.version < 5
      ? (try node.integers("shape") ?? []).map { Dimension($0) } : try node.sizes(1)
    let keepsZero = try node.flag("allowzero")
    var sizes: [Dimension] = []
    var open: Int?
    for (axis, size) in wanted.enumerated() {
      if size == -1 {
        try node.require(open == nil, "only one size may be -1, given \(wanted)")
        open = axis
        sizes.append(1)
      } else if size == 0, !keepsZero {
        try node.require(axis < x.rank, "size 0 on axis \(axis) has none of the input to keep")
        sizes.append(x.shape[axis])
      } else {
        sizes.append(size)
      }
    }
    if let open {
      let rest = Shape(sizes).elementCount
      try node.require(rest != 0, "a size of -1 beside 0 is not determined")
      sizes[open] = x.shape.elementCount.floorDivided(by: rest)
    }
    return try TenonOps.reshape(x, Shape(sizes))
  }
}
