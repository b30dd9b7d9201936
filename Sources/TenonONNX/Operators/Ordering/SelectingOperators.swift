import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators that select elements by their values: how many, the values decide, when importing
  /// where they are known, else in a run.
  static let selecting: [ONNXOperator] = [
    compress,
    nonMaxSuppression,
    nonZero,
    unique,
  ]

  private static let nonZero = ONNXOperator("NonZero", since: [9, 13]) { node in
    if try node.isDecidedByRuns(0) {
      return try transpose(nonzero(node.input(0), node.newSize("nonzero")))
    }
    let x = try node.constant(0)
    let strides = rowMajorStrides(x.shape)
    let found = try x.doubles().enumerated().filter { $0.element != 0 }.map(\.offset)
    let places = x.shape.indices.flatMap { axis in
      found.map { Int64($0 / strides[axis] % x.shape[axis]) }
    }
    return try node.graph.constant(Tensor(places, shape: [x.rank, found.count]))
  }

  /// `Compress`: the slices, or without an axis the elements, whose condition holds.
  private static let compress = ONNXOperator("Compress", since: [9, 11, 28]) { node in
    var x = try node.input(0)
    let condition = try node.input(1)
    try node.require(condition.rank == 1, "the condition must have rank 1")
    let axis: Int
    if let given = try node.integer("axis") {
      axis = try node.axis(given, rank: x.rank)
    } else {
      axis = 0
      x = try TenonOps.reshape(x, [x.shape.elementCount])
    }
    if let size = x.shape[axis].constant, let length = condition.shape[0].constant {
      try node.require(
        length <= size, "the condition is longer than axis \(axis) of size \(size)")
    }
    let chosen: Value
    if try node.isDecidedByRuns(1) {
      chosen = try nonzeroPlaces(condition, node.newSize("compressed")).places
    } else {
      let places = try node.constant(1).integers().enumerated().filter { $0.element != 0 }
      chosen = try node.graph.constant(
        Tensor(places.map { Int64($0.offset) }, shape: [places.count]))
    }
    return try take(x, chosen, axis: axis)
  }

  /// `Unique`: elements, or slices along an axis, that are there once or more, sorted or as they
  /// first come; their first places; for each its place among them; how often each is there.
  private static let unique = ONNXOperator(many: "Unique", since: [11, 28]) { node in
    let x = try node.input(0)
    let isSorted = try node.flag("sorted", default: true)
    let axis = try node.integer("axis").map { try node.axis($0, rank: x.rank) }
    if axis == nil || x.rank == 1, try node.isDecidedByRuns(0) {
      let found = try TenonOps.unique(x, isSorted: isSorted, node.newSize("unique"))
      return [found.values, found.places, found.inverse, found.occurrences]
    }
    return try uniqueSlices(node, axis: axis, isSorted: isSorted)
  }

  private static func uniqueSlices(_ node: ONNXNode, axis: Int?, isSorted: Bool) throws -> [Value] {
    var (x, known) = (try node.input(0), try node.constant(0))
    if axis == nil {
      known = try known.reshaped([known.elementCount])
      x = try TenonOps.reshape(x, [x.shape.elementCount])
    }
    let axis = axis ?? 0
    let slices = try Slices(known, axis: axis)
    let order = (0..<slices.count).sorted { a, b in
      let comparison = slices.compare(a, b)
      return comparison == 0 ? a < b : comparison < 0
    }
    // Equal slices are neighbours now, the first of them in front.
    var groups: [[Int]] = []
    for slice in order {
      if let last = groups.last, slices.compare(last[0], slice) == 0 {
        groups[groups.count - 1].append(slice)
      } else {
        groups.append([slice])
      }
    }
    if !isSorted { groups.sort { $0[0] < $1[0] } }
    var inverse = [Int64](repeating: 0, count: slices.count)
    for (position, group) in groups.enumerated() {
      for slice in group { inverse[slice] = Int64(position) }
    }
    let first = try node.graph.constant(
      Tensor(groups.map { Int64($0[0]) }, shape: [groups.count]))
    return [
      try take(x, first, axis: axis), first,
      try node.graph.constant(Tensor(inverse, shape: [inverse.count])),
      try node.graph.constant(Tensor(groups.map { Int64($0.count) }, shape: [groups.count])),
    ]
  }

  /// `NonMaxSuppression`: boxes of the highest scores that do not overlap, by batch and class.
  private static let nonMaxSuppression = ONNXOperator(
    "NonMaxSuppression", since: [10, 11]
  ) { node in
    var (boxes, scores) = (try node.input(0), try node.input(1))
    try node.require(
      boxes.rank == 3 && scores.rank == 3 && boxes.shape[2] == 4
        && boxes.shape[0] == scores.shape[0] && boxes.shape[1] == scores.shape[2],
      "takes boxes of [batches, boxes, 4] and scores of [batches, classes, boxes]")
    func number(_ position: Int) throws -> Double? {
      try node.has(position) ? node.doubles(position).first : nil
    }
    let limit = try number(2) ?? 0
    if try node.flag("center_point_box") {
      // Centre and size as (x, y, width, height).
      let center = try slice(boxes, axis: 2, from: 0, to: 2)
      let half = try slice(boxes, axis: 2, from: 2) / 2
      boxes = try concatenate([center - half, center + half], axis: 2)
    }
    if let least = try number(4) {
      let none = try TenonOps.broadcast(
        node.graph.scalar(-Double.infinity, scores.elementType), to: scores.shape)
      scores = try select(greater(scores, least), scores, none)
    }
    // Where nothing bounds the number of boxes, the scores must be known.
    if scores.shape.elementCount.upperBound == nil { _ = try node.constant(1) }
    let most = boxes.shape[1].upperBound ?? 0
    return try TenonOps.nonMaxSuppression(
      boxes: boxes, scores: scores, limit: limit < Double(most) ? max(0, Int(limit)) : most,
      overlap: number(3) ?? 0, node.newSize("chosen"))
  }

  private static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    return strides
  }
}

/// The slices of a tensor along an axis, compared element by element; NaN comes last.
private struct Slices {
  let count: Int
  private let elements: Elements
  private let (outer, inner): (Int, Int)

  init(_ tensor: Tensor, axis: Int) throws {
    elements = try tensor.elements()
    count = tensor.shape[axis]
    outer = tensor.shape[..<axis].reduce(1, *)
    inner = tensor.shape[(axis + 1)...].reduce(1, *)
  }

  /// Below 0 where the first comes before the second, 0 where they are equal.
  func compare(_ a: Int, _ b: Int) -> Int {
    for row in 0..<outer {
      for column in 0..<inner {
        let (x, y) = ((row * count + a) * inner + column, (row * count + b) * inner + column)
        let order =
          switch elements {
          case .integers(let values): values[x] < values[y] ? -1 : values[x] > values[y] ? 1 : 0
          case .floats(let values): Slices.compare(values[x], values[y])
          }
        if order != 0 { return order }
      }
    }
    return 0
  }

  private static func compare(_ x: Double, _ y: Double) -> Int {
    if x.isNaN || y.isNaN { return x.isNaN ? (y.isNaN ? 0 : 1) : -1 }
    return x < y ? -1 : x > y ? 1 : 0
  }
}
