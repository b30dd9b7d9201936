import TenonGraph
import TenonTensor

extension InferenceSite {
  /// Checks operands that are k tensors of one shape and k initial values of rank 0, and a region
  /// that combines two k-tuples of them.
  ///
  /// - Returns: the tensors' types.
  func requireCombiner() throws -> [TensorType] {
    let count = operandCount / 2
    try require(
      count > 0 && operandCount == 2 * count && regionCount == 1, "operand-count",
      "takes k tensors, k initial values and one combiner")
    let first = try tensor(0)
    var tensors: [TensorType] = []
    for position in 0..<count {
      let (operand, initial) = (try tensor(position), try tensor(position + count))
      try requireEqual(
        operand.shape, first.shape, "shape-mismatch", "operands must have one shape")
      try require(
        initial.rank == 0 && initial.element == operand.element, "shape-mismatch",
        "initial value \(position) must be \(operand.element)[], not \(initial)")
      tensors.append(operand)
    }
    try requireCombiner(of: tensors.map(\.element), region: 0)
    return tensors
  }

  /// Checks that a region combines two tuples of scalars into one.
  func requireCombiner(of elements: [ElementType], region position: Int) throws {
    let scalars = elements.map { ValueType.tensor($0, .scalar) }
    let region = region(position)
    try require(
      region.arguments == scalars + scalars && region.results == scalars, "region",
      "the combiner must take \(2 * scalars.count) scalars of the operands' types and give "
        + "\(scalars.count)")
  }

  /// Checks axes that must be in range and given once.
  func requireAxes(_ axes: [Int], rank: Int) throws {
    for (place, axis) in axes.enumerated() {
      try require(
        (0..<rank).contains(axis), "axis", "axis \(axis) is out of range for rank \(rank)")
      try require(!axes[..<place].contains(axis), "axis", "axis \(axis) is given twice")
    }
  }
}

extension Graph {
  /// A region that combines two scalars by a binary op.
  func combiner(_ op: any Op, _ element: ElementType) throws -> RegionID {
    let scalar = ValueType.tensor(element, .scalar)
    return try recordClosedRegion([scalar, scalar]) {
      try applyAny(op, $0, site: CallSite())
    }
  }
}
