import TenonGraph
import TenonOps
import TenonTensor

extension ONNXNode {
  /// Indices into an axis, negative ones counted from its end.
  func places(_ input: Int, of size: Dimension) throws -> Value {
    try places(self.input(input), of: size)
  }

  /// Indices into an axis, negative ones counted from its end.
  func places(_ indices: Value, of size: Dimension) throws -> Value {
    if let known = try importer.constants.tensor(indices) {
      var numbers = try known.integers()
      if numbers.allSatisfy({ $0 >= 0 }) { return indices }
      if let size = size.constant {
        numbers = numbers.map { $0 < 0 ? $0 + Int64(size) : $0 }
        return try graph.constant(Tensor(.i64, shape: known.shape, integers: numbers))
      }
    }
    if indices.isUnsigned { return indices }
    let wide = try convert(indices, to: .i64)
    let whole = try TenonOps.broadcast(graph.size(size), to: indices.shape)
    return try select(less(wide, 0), wide + whole, wide)
  }

  /// How many parts each index has: the size of the last axis.
  func partCount(_ indices: Value) throws -> Int {
    guard let last = indices.shape.dimensions.last, let parts = last.constant else {
      throw fail("the last axis of the indices must have a known size")
    }
    try require(parts > 0, "indices must have at least one part")
    return parts
  }

  /// Indices whose parts, along the last axis, go into some axes of a value.
  func places(_ indices: Value, inAxes axes: [Int], of x: Value) throws -> Value {
    if let known = try importer.constants.tensor(indices),
      try known.integers().allSatisfy({ $0 >= 0 })
    {
      return indices
    }
    let wide = try convert(indices, to: .i64)
    let sizes = try vector(axes.map { x.shape[$0] })
    let whole = try sizes.repeated(along: indices.rank - 1, of: indices.shape)
    return try select(less(wide, 0), wide + whole, wide)
  }

  /// The attribute `reduction` of an operator that scatters.
  func combiner() throws -> ScatterCombiner {
    switch try string("reduction", default: "none") {
    case "none": return .replace
    case "add": return .add
    case "mul": return .multiply
    case "max": return .maximum
    case "min": return .minimum
    case let other: throw fail("reduction must be none, add, mul, max or min, not \(other)")
    }
  }
}
