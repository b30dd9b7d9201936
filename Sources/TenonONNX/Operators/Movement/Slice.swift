import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `Slice`: starts and ends, negative ones counted from the end, are brought into the axis.
  static let slicing = ONNXOperator("Slice", since: [1, 10, 11, 13]) { node in
    let x = try node.input(0)
    let (starts, ends): ([Dimension], [Dimension])
    if node.version < 10 {
      starts = (try node.integers("starts") ?? []).map { Dimension($0) }
      ends = (try node.integers("ends") ?? []).map { Dimension($0) }
    } else {
      (starts, ends) = (try node.sizes(1), try node.sizes(2))
    }
    let given = try node.integers("axes", orInput: 3, since: 10) ?? Array(starts.indices)
    let axes = try node.axes(given, rank: x.rank)
    let steps = try node.has(4) ? node.integers(4) : starts.map { _ in 1 }
    try node.require(
      [ends.count, axes.count, steps.count].allSatisfy { $0 == starts.count },
      "starts, ends, axes and steps must be of one length")
    try node.require(steps.allSatisfy { $0 != 0 && $0 > -Int.max }, "steps must not be 0")
    var first = x.shape.map { _ in Dimension(0) }
    var limits = x.shape.dimensions
    var strides = x.shape.map { _ in 1 }
    var reversed: [Int] = []
    for (position, axis) in axes.enumerated() {
      let size = x.shape[axis]
      var start = starts[position].counted(from: size)
      var end = ends[position].counted(from: size)
      if steps[position] < 0 {
        // The same elements, counted from the end of the axis.
        reversed.append(axis)
        (start, end) = (size - 1 - start, size - 1 - end)
      }
      first[axis] = start.brought(between: 0, and: size)
      limits[axis] = .maximum(first[axis], end.brought(between: 0, and: size))
      strides[axis] = Swift.abs(steps[position])
    }
    let ordered = reversed.isEmpty ? x : try TenonOps.reverse(x, axes: reversed.sorted())
    return try TenonOps.slice(ordered, starts: first, limits: limits, strides: strides)
  }
}

extension Dimension {
  /// An index into an axis from its front; a negative one counts from the end.
  func counted(from size: Dimension) -> Dimension {
    switch isNotNegative {
    case .some(true): return self
    case .some(false): return self + size
    // 1 where it is negative, else 0, times the size.
    case nil: return self + size * .minimum(1, .maximum(-self, 0))
    }
  }

  /// Whether the number is at least 0 whatever the sizes, or never; nil where that depends.
  private var isNotNegative: Bool? {
    if let constant { return constant >= 0 }
    if let range {
      if range.lowerBound >= 0 { return true }
      if range.upperBound < 0 { return false }
    }
    // Sizes are at least 0.
    let isPlain = terms.allSatisfy { term in
      term.factors.allSatisfy { if case .symbol = $0 { true } else { false } }
    }
    guard isPlain else { return nil }
    if constantPart >= 0, terms.allSatisfy({ $0.coefficient > 0 }) { return true }
    if constantPart <= 0, terms.allSatisfy({ $0.coefficient < 0 }) {
      // 0 only where a size is 0: then the index counts from the front or from the end alike.
      return false
    }
    return nil
  }

  /// The number brought between two sizes, of which the first is the smaller.
  fileprivate func brought(between least: Dimension, and greatest: Dimension) -> Dimension {
    .minimum(.maximum(self, least), greatest)
  }
}
