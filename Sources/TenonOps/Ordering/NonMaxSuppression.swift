import TenonGraph
import TenonTensor

/// Non-maximum suppression: of boxes [batches, n, 4] with scores [batches, classes, n], for each
/// class those of the highest scores that overlap no box chosen before them by more than `overlap`
/// of the area that both cover (intersection over union), `limit` at most. A box is two opposite
/// corners (y, x, y, x); one whose score is minus infinity or NaN is not chosen.
///
/// Gives the chosen as rows (batch, class, box), by batch, class and falling score, of equal scores
/// the first box first, followed by rows that mean nothing; and how many are chosen. ONNX,
/// NonMaxSuppression.
public struct NonMaxSuppression: CompositeOp {
  public static let name = "non_max_suppression"
  public static let signature = Signature(["boxes", "scores"], ["rows", "count"])
  public let limit: Int
  public let overlap: Double

  public init(limit: Int, overlap: Double) {
    self.limit = limit
    self.overlap = overlap
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (boxes, scores) = (try site.tensor(0), try site.tensor(1))
    try site.require(
      boxes.element.isFloat && !boxes.element.isStorageOnly && boxes.element == scores.element,
      "element-type", "takes boxes and scores of one float type, not \(boxes) and \(scores)")
    try site.require(
      boxes.rank == 3 && scores.rank == 3 && boxes.shape[2] == 4
        && boxes.shape[0] == scores.shape[0] && boxes.shape[1] == scores.shape[2],
      "shape-mismatch",
      "takes boxes [batches, n, 4] and scores [batches, classes, n], not \(boxes) and \(scores)")
    try site.require(limit >= 0, "attribute", "the limit must be at least 0, given \(limit)")
    return [.tensor(.i64, [scores.shape.elementCount, 3]), .tensor(.i64, .scalar)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let (boxes, scores) = (operands[0], operands[1])
    let shape = scores.shape
    if shape.elementCount == 0 {
      return [
        try broadcast(graph.scalar(0, .i64), to: [0, 3]), try graph.scalar(0, .i64),
      ]
    }
    let places = try graph.iota(.i64, shape, dimension: 2)
    let sorted = try sort(by: scores, [places], axis: 2, isDescending: true)
    let area = try BoxEdges(boxes, order: sorted[1])
    let isAlive = try greater(sorted[0], -Double.infinity)
    let none = try broadcast(graph.scalar(0, .bool), to: shape)
    // Each trip chooses the first box left of every class and drops those that overlap it.
    let state = try whileLoop([graph.scalar(0, .i64), isAlive, none], maximumTrips: limit) {
      try and(less($0[0], limit), any($0[1]))
    } body: { state in
      let isAlive = state[1]
      let far = try broadcast(graph.size(shape[2]), to: shape)
      let first = try minimum(select(isAlive, places, far), axes: [2], keepingAxes: true)
      let isFirst = try equal(places, broadcast(first, to: shape))
      let drops = try area.overlap(with: area.only(isFirst), by: overlap)
      return [
        try state[0] + 1, try and(isAlive, not(or(isFirst, drops))), try or(state[2], isFirst),
      ]
    }
    let chosen = try graph.apply(Nonzero(), [state[2]], site: CallSite())
    let place = chosen[0]
    func whole(_ size: Dimension) throws -> Value {
      try maximum(broadcast(graph.size(size), to: place.shape), 1)
    }
    let (classes, boxCount) = (try whole(shape[1]), try whole(shape[2]))
    let row = try place / boxCount
    let box = try take(reshape(sorted[1], [shape.elementCount]), place)
    return [
      try stack([row / classes, remainder(row, classes), box], axis: 1), chosen[1],
    ]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil, nil] }

  public static var samples: Samples {
    Samples(elements: [.f32, .f64]) { element in
      func one(_ batches: Int, _ classes: Int, _ boxes: Int, _ limit: Int, _ overlap: Double)
        -> Samples.Case
      {
        Samples.Case(
          NonMaxSuppression(limit: limit, overlap: overlap),
          [
            TensorType(element, [Dimension(batches), Dimension(boxes), 4]),
            TensorType(element, [Dimension(batches), Dimension(classes), Dimension(boxes)]),
          ])
      }
      return [
        one(1, 1, 9, 9, 0.3), one(2, 3, 17, 4, 0.1), one(1, 2, 5, 0, 0.5), one(1, 2, 0, 3, 0),
      ]
    }
  }

  public static var examples: [Example] {
    let boxes: [Float] = [
      0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, -0.1, 1, 0.9, 0, 10, 1, 11, 0, 10.1, 1, 11.1, 0, 100, 1, 101,
    ]
    let scores: [Float] = [0.9, 0.75, 0.6, 0.95, 0.5, 0.3]
    let rows: [Int64] = [0, 0, 3, 0, 0, 0, 0, 0, 5, 0, 0, 3, 0, 0, 3, 0, 0, 3]
    return [
      Example(
        NonMaxSuppression(limit: 3, overlap: 0.5),
        [
          Tensor.certain { try Tensor(boxes, shape: [1, 6, 4]) },
          Tensor.certain { try Tensor(scores, shape: [1, 1, 6]) },
        ], gives: [Tensor.certain { try Tensor(rows, shape: [6, 3]) }, Tensor(Int64(3))],
        source: "ONNX, test_nonmaxsuppression_suppress_by_IOU")
    ]
  }
}

/// The edges of boxes, each in the place that an order gives it.
private struct BoxEdges {
  let (top, left, bottom, right): (Value, Value, Value, Value)

  private init(_ top: Value, _ left: Value, _ bottom: Value, _ right: Value) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
  }

  /// - Parameters:
  ///   - boxes: two corners each, [batches, n, 4].
  ///   - order: which box stands where, [batches, classes, n].
  init(_ boxes: Value, order: Value) throws {
    let (batches, count) = (boxes.shape[0], boxes.shape[1])
    func edges(_ corner: Int) throws -> Value {
      let part = try slice(boxes, axis: 2, from: Dimension(corner), to: Dimension(corner + 1))
      let row = try reshape(part, [batches, 1, count])
      return try takeAlong(broadcast(row, to: order.shape), order, axis: 2)
    }
    let (y, x, otherY, otherX) = (try edges(0), try edges(1), try edges(2), try edges(3))
    self.init(
      try minimum(y, otherY), try minimum(x, otherX), try maximum(y, otherY),
      try maximum(x, otherX))
  }

  private func area() throws -> Value { try (bottom - top) * (right - left) }

  /// For each class the one box where `isOne` holds: [batches, classes, 1]; without area where it
  /// holds nowhere.
  func only(_ isOne: Value) throws -> BoxEdges {
    func one(_ edge: Value) throws -> Value {
      let zeros = try broadcast(edge.graph.scalar(0, edge.elementType), to: edge.shape)
      return try sum(select(isOne, edge, zeros), axes: [2], keepingAxes: true)
    }
    return BoxEdges(try one(top), try one(left), try one(bottom), try one(right))
  }

  /// Whether each box shares more than a part of what it and the class's `other` cover with it.
  func overlap(with other: BoxEdges, by part: Double) throws -> Value {
    let shape = top.shape
    func wide(_ value: Value) throws -> Value { try broadcast(value, to: shape) }
    let height = try minimum(bottom, wide(other.bottom)) - maximum(top, wide(other.top))
    let width = try minimum(right, wide(other.right)) - maximum(left, wide(other.left))
    let both = try height * width
    let either = try area() + wide(other.area()) - both
    let meets = try and(and(greater(height, 0), greater(width, 0)), greater(either, 0))
    return try and(meets, greater(both / either, part))
  }
}

/// The boxes that non-maximum suppression chooses, see `NonMaxSuppression`: i64 rows (batch, class,
/// box) of shape [m, 3], with `name` as the size m that a run decides.
///
/// - Throws: `element-type` or `shape-mismatch`; `symbol-conflict` where the graph has a size of that
///   name; `size-unbounded` where the shapes have no largest size.
public func nonMaxSuppression(
  boxes: Value, scores: Value, limit: Int, overlap: Double, _ name: String,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  var (boxes, scores) = (boxes, scores)
  guard let bound = scores.shape.elementCount.upperBound,
    boxes.rank == 3, scores.rank == 3, let most = boxes.shape[1].upperBound
  else { throw TenonError.unboundedSize("nonMaxSuppression", scores, site) }
  // Boxes without area and with no score stand where there are fewer than there may be.
  let rest = Dimension(most) - boxes.shape[1]
  if !boxes.shape[1].isConstant, boxes.shape[1] == scores.shape[2] {
    boxes = try pad(boxes, low: [0, 0, 0], high: [0, rest, 0], fileID: fileID, line: line)
    scores = try pad(
      scores, low: [0, 0, 0], high: [0, 0, rest], with: -Double.infinity, fileID: fileID, line: line
    )
  }
  let found = try boxes.graph.apply(
    NonMaxSuppression(limit: limit, overlap: overlap), [boxes, scores], site: site)
  let size = try runningSize(found[1], name, maximum: bound, fileID: fileID, line: line)
  return try slice(found[0], axis: 0, from: 0, to: size, fileID: fileID, line: line)
}
