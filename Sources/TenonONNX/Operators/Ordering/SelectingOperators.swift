import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators that select elements by their values: how many, what the values are decides, which
  /// must therefore be known.
  static let selecting: [ONNXOperator] = [
    compress,
    nonMaxSuppression,
    nonZero,
    unique,
  ]

  private static let nonZero = ONNXOperator("NonZero", since: [9, 13]) { node in
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
    let condition = try node.constant(1)
    try node.require(condition.rank == 1, "the condition must have rank 1")
    let chosen = try condition.integers().enumerated().filter { $0.element != 0 }
      .map { Int64($0.offset) }
    let axis: Int
    if let given = try node.integer("axis") {
      axis = try node.axis(given, rank: x.rank)
    } else {
      axis = 0
      x = try TenonOps.reshape(x, [x.shape.elementCount])
    }
    if let size = x.shape[axis].constant {
      try node.require(
        chosen.allSatisfy { $0 < size }, "the condition is longer than axis \(axis) of size \(size)"
      )
    }
    return try take(x, node.graph.constant(Tensor(chosen, shape: [chosen.count])), axis: axis)
  }

  /// `Unique`: elements, or slices along an axis, that are there once or more, sorted or as they
  /// first come; their first places; for each its place among them; how often each is there.
  private static let unique = ONNXOperator(many: "Unique", since: [11, 28]) { node in
    var x = try node.input(0)
    var known = try node.constant(0)
    let axis: Int
    if let given = try node.integer("axis") {
      axis = try node.axis(given, rank: x.rank)
    } else {
      axis = 0
      known = try known.reshaped([known.elementCount])
      x = try TenonOps.reshape(x, [x.shape.elementCount])
    }
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
    if try !node.flag("sorted", default: true) { groups.sort { $0[0] < $1[0] } }
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
    let (boxes, scores) = (try node.constant(0), try node.constant(1))
    try node.require(
      boxes.rank == 3 && scores.rank == 3 && boxes.shape[2] == 4
        && boxes.shape[0] == scores.shape[0] && boxes.shape[1] == scores.shape[2],
      "takes boxes of [batches, boxes, 4] and scores of [batches, classes, boxes]")
    func number(_ position: Int) throws -> Double? {
      try node.has(position) ? node.doubles(position).first : nil
    }
    let limit = Int(try number(2) ?? 0)
    let overlap = try number(3) ?? 0
    let least = try number(4) ?? -.infinity
    let isCentered = try node.flag("center_point_box")
    let (corners, values) = (try boxes.doubles(), try scores.doubles())
    let (classes, count) = (scores.shape[1], scores.shape[2])
    var selected: [Int64] = []
    for batch in 0..<scores.shape[0] {
      let areas = (0..<count).map { box in
        BoxArea(corners[((batch * count + box) * 4)...].prefix(4).map { $0 }, isCentered)
      }
      for one in 0..<classes {
        let row = Array(values[((batch * classes + one) * count)...].prefix(count))
        let order = (0..<count).filter { row[$0] > least }.sorted { a, b in
          row[a] == row[b] ? a < b : row[a] > row[b]
        }
        var kept: [Int] = []
        for box in order where kept.count < limit {
          if kept.contains(where: { areas[$0].overlap(areas[box]) > overlap }) { continue }
          kept.append(box)
          selected += [Int64(batch), Int64(one), Int64(box)]
        }
      }
    }
    return try node.graph.constant(Tensor(selected, shape: [selected.count / 3, 3]))
  }

  private static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    return strides
  }
}

/// A box by its edges.
private struct BoxArea {
  let (left, right, top, bottom): (Double, Double, Double, Double)

  /// Two corners as (y, x, y, x), or the centre and the sizes as (x, y, width, height).
  init(_ numbers: [Double], _ isCentered: Bool) {
    if isCentered {
      (left, right) = (numbers[0] - numbers[2] / 2, numbers[0] + numbers[2] / 2)
      (top, bottom) = (numbers[1] - numbers[3] / 2, numbers[1] + numbers[3] / 2)
    } else {
      (left, right) = (min(numbers[1], numbers[3]), max(numbers[1], numbers[3]))
      (top, bottom) = (min(numbers[0], numbers[2]), max(numbers[0], numbers[2]))
    }
  }

  private var area: Double { (right - left) * (bottom - top) }

  /// The area that both cover over the area that either does; -1 where there is no such.
  func overlap(_ other: BoxArea) -> Double {
    let width = min(right, other.right) - max(left, other.left)
    let height = min(bottom, other.bottom) - max(top, other.top)
    guard width > 0, height > 0, area > 0, other.area > 0 else { return -1 }
    return width * height / (area + other.area - width * height)
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
