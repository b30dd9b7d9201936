import TenonGraph
import TenonTensor

/// k tensors of one shape reordered together along an axis. The region takes two elements of each
/// tensor, pair by pair, and says whether the first goes before the second.
///
/// With a `limit` only so many elements of each row, the first, are kept.
public struct Sort: PrimitiveOp {
  public static let name = "sort"
  public static let signature = Signature(["inputs…"], ["results…"], regions: ["comparator"])
  public let dimension: Int
  public let isStable: Bool
  public let limit: Dimension?

  public init(dimension: Int, isStable: Bool = true, limit: Dimension? = nil) {
    self.dimension = dimension
    self.isStable = isStable
    self.limit = limit
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    try site.require(
      site.operandCount > 0 && site.regionCount == 1, "operand-count",
      "takes at least one tensor and a comparator")
    let tensors = try site.tensors()
    let first = tensors[0].shape
    for type in tensors {
      try site.requireEqual(
        type.shape, first, "shape-mismatch", "operands must have one shape")
    }
    try site.requireAxes([dimension], rank: first.rank)
    let scalars = tensors.flatMap { type -> [ValueType] in
      let scalar = ValueType.tensor(type.element, .scalar)
      return [scalar, scalar]
    }
    let region = site.region(0)
    try site.require(
      region.arguments == scalars && region.results == [.tensor(.bool, .scalar)], "region",
      "the comparator must take two scalars of each operand's type, pair by pair, and give bool")
    var shape = first
    if let limit {
      try site.requireAtLeast(
        first[dimension], limit, "slice-range",
        "cannot keep \(limit) elements of axis \(dimension) of size \(first[dimension])")
      shape[dimension] = limit
    }
    return tensors.map { .tensor($0.element, shape) }
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let kept = site.resultShapes[0]
    var chosen: [[Int]] = []
    for row in operands[0].rows(along: dimension) {
      let elements = try operands.map { operand in
        try row.map { try operand.element(at: $0) }
      }
      let order = try merged(Array(row.indices)) { a, b in
        try site.callRegion(0, elements.flatMap { [$0[a], $0[b]] })[0].scalar(as: Bool.self)
      }
      chosen.append(order.map { row[$0] })
    }
    // Where each result element comes from, by its row and its place in it.
    var source = [Int](repeating: 0, count: RowMajor.count(kept))
    let frame = try Tensor(.bool, shape: kept) { _ in }
    for (row, offsets) in frame.rows(along: dimension).enumerated() {
      for (place, offset) in offsets.enumerated() { source[offset] = chosen[row][place] }
    }
    return try operands.map { operand in
      let width = operand.elementType.byteWidth
      return try Tensor(operand.elementType, shape: kept) { target in
        operand.withUnsafeBytes { bytes in
          for (to, from) in source.enumerated() {
            for byte in 0..<width { target[to * width + byte] = bytes[from * width + byte] }
          }
        }
      }
    }
  }

  /// Merge sort: equal elements keep their order.
  private func merged(_ items: [Int], _ goesBefore: (Int, Int) throws -> Bool) throws -> [Int] {
    if items.count < 2 { return items }
    let middle = items.count / 2
    let left = try merged(Array(items[..<middle]), goesBefore)
    let right = try merged(Array(items[middle...]), goesBefore)
    var result: [Int] = []
    var (a, b) = (0, 0)
    while a < left.count, b < right.count {
      if try goesBefore(right[b], left[a]) {
        result.append(right[b])
        b += 1
      } else {
        result.append(left[a])
        a += 1
      }
    }
    return result + left[a...] + right[b...]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    // Sorting the places with the tensors says where each element came from.
    let graph = site.graph
    let first = site.operands[0]
    let places = try graph.iota(.i64, first.shape, dimension: dimension)
    let old = graph.arguments(site.regions[0]).map { graph.type($0) }
    let scalar = ValueType.tensor(.i64, .scalar)
    let region = try graph.recordClosedRegion(old + [scalar, scalar]) { values in
      try graph.recordCopy(of: site.regions[0], on: values.prefix(old.count).map(\.id))
        .map { Value(graph, $0) }
    }
    let sorted = try graph.apply(
      self, site.operands + [places], regions: [region], site: CallSite())
    return try site.operands.indices.map { position in
      guard site.wanted[position], let gradient = site.gradients[position] else { return nil }
      let zeros = try site.operands[position].filled(0, site: CallSite())
      return try scatterAlong(zeros, sorted[old.count / 2], gradient, axis: dimension)
    }
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    guard case .success(let comparator) = RegionExpressions.program(site.regions[0], of: site.graph)
    else { return .host }
    return .sort(
      TenonGraph.Sort(
        axis: dimension, comparator: comparator.program, result: comparator.results[0],
        isStable: isStable, limit: limit))
  }

  public static var samples: Samples {
    Samples { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, Sort)] = [
        ([9], Sort(dimension: 0)), ([3, 5], Sort(dimension: 1)), ([5, 3], Sort(dimension: 0)),
        ([0], Sort(dimension: 0)), ([2, 67], Sort(dimension: 1, limit: 5)),
        ([2, 4, 3], Sort(dimension: 1, limit: 2)), ([running, 2], Sort(dimension: 0)),
      ]
      return cases.enumerated().map { place, one in
        let isDescending = place % 2 == 1
        return Samples.Case(
          one.1, [TensorType(element, one.0), TensorType(.i32, one.0)],
          record: { graph, values in
            let region = try graph.comparator(values, isDescending: isDescending)
            return try graph.apply(one.1, values, regions: [region], site: CallSite())
          })
      }
    }
  }
}

extension Graph {
  /// A comparator of the first tensor's elements; of floats NaN goes last, with `nanFirst` first.
  func comparator(_ values: [Value], isDescending: Bool, nanFirst: Bool = false) throws -> RegionID
  {
    let types = values.flatMap { value -> [ValueType] in
      let scalar = ValueType.tensor(value.elementType, .scalar)
      return [scalar, scalar]
    }
    return try recordClosedRegion(types) { elements in
      let (a, b) = (elements[0], elements[1])
      let isBefore = isDescending ? try greater(a, b) : try less(a, b)
      guard a.elementType.isFloat else { return [isBefore] }
      let isNumber =
        nanFirst ? (try notEqual(a, a), try equal(b, b)) : (try equal(a, a), try notEqual(b, b))
      return [try or(isBefore, and(isNumber.0, isNumber.1))]
    }
  }
}

/// The elements in order along an axis, the last by default; NaN goes last either way, and equal
/// elements keep their order.
///
/// - Throws: `axis` or `element-type`.
public func sort(
  _ x: Value, axis: Int = -1, isDescending: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try sort(by: x, [], axis: axis, isDescending: isDescending, fileID: fileID, line: line)[0]
}

/// `keys` in order along an axis, then each of `values` in the same order; see `sort(_:axis:)`.
///
/// - Throws: `axis`, `shape-mismatch` or `element-type`.
public func sort(
  by keys: Value, _ values: [Value], axis: Int = -1, isDescending: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> [Value] {
  let site = CallSite(fileID: fileID, line: line)
  let operands = [keys] + values
  return try keys.graph.apply(
    Sort(dimension: keys.axis(axis, of: "sort", site: site)), operands,
    regions: [keys.graph.comparator(operands, isDescending: isDescending)], site: site)
}

/// The places, as i64, that `sort(_:axis:)` takes its elements from.
///
/// - Throws: `axis` or `element-type`.
public func argSort(
  _ x: Value, axis: Int = -1, isDescending: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  let axis = try x.axis(axis, of: "argSort", site: site)
  let places = try x.graph.iota(.i64, x.shape, dimension: axis, fileID: fileID, line: line)
  return try sort(
    by: x, [places], axis: axis, isDescending: isDescending, fileID: fileID, line: line)[1]
}
