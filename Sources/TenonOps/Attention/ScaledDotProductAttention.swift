import TenonGraph
import TenonTensor

/// softmax(scale · Q Kᵀ + mask) V for each head (Vaswani et al., "Attention Is All You Need", NIPS
/// 2017).
///
/// Operands: query (batch, heads, length, depth), key (batch, groups, positions, depth), value
/// (batch, groups, positions, value depth), where the heads are a multiple of the groups; with
/// `hasMask` a mask that repeats to (batch, heads, length, positions), `bool` (true where a position
/// is seen) or a float that is added; with `hasPast` the key and value of earlier positions, which
/// come before.
///
/// Results: the output, log Σ exp of each row of scores (kept for the gradient) and, with `hasPast`,
/// the joined key and value. A row that sees nothing gives zeros.
public struct ScaledDotProductAttention: CompositeOp {
  public static let name = "attention"
  public static let signature = Signature(
    ["query", "key", "value", "more…"], ["result", "logSumExp", "presents…"])
  /// One over the root of the depth where nil.
  public let scale: Double?
  /// Whether the last query sees all positions, and each before it one fewer.
  public let isCausal: Bool
  public let hasMask: Bool
  public let hasPast: Bool

  public init(
    scale: Double? = nil, isCausal: Bool = false, hasMask: Bool = false, hasPast: Bool = false
  ) {
    self.scale = scale
    self.isCausal = isCausal
    self.hasMask = hasMask
    self.hasPast = hasPast
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let count = 3 + (hasMask ? 1 : 0) + (hasPast ? 2 : 0)
    try site.require(
      site.operandCount == count, "operand-count",
      "takes query, key, value\(hasMask ? ", mask" : "")\(hasPast ? ", past key and value" : ""), "
        + "given \(site.operandCount) operands")
    let (query, key, value) = (try site.requireFloat(), try site.tensor(1), try site.tensor(2))
    try site.requireSameElement(0..<3)
    for (name, type) in [("query", query), ("key", key), ("value", value)] {
      try site.require(
        type.rank == 4, "shape-mismatch",
        "\(name) must be (batch, heads, length, depth), not of rank \(type.rank)")
    }
    try site.requireEqual(
      Shape([query.shape[0], query.shape[3]]), Shape([key.shape[0], key.shape[3]]),
      "shape-mismatch", "query and key must agree in batch and depth")
    try site.requireEqual(
      Shape(Array(key.shape.prefix(3))), Shape(Array(value.shape.prefix(3))), "shape-mismatch",
      "key and value must agree in batch, heads and positions")
    try site.requireDivisible(
      query.shape[1], by: key.shape[1], "shape-mismatch",
      "\(query.shape[1]) query heads do not divide among \(key.shape[1]) key heads")
    var positions = key.shape[2]
    var presents: [ValueType] = []
    if hasPast {
      for (current, place) in [(key, count - 2), (value, count - 1)] {
        let past = try site.tensor(place)
        var expected = current.shape
        try site.require(
          past.rank == 4 && past.element == current.element, "shape-mismatch",
          "past key and value must be like key and value, not \(past)")
        expected[2] = past.shape[2]
        try site.requireEqual(
          past.shape, expected, "shape-mismatch",
          "past key and value must be like key and value but for their positions")
        expected[2] = past.shape[2] + current.shape[2]
        presents.append(.tensor(current.element, expected))
      }
      positions = try site.tensor(count - 2).shape[2] + positions
    }
    if hasMask { try checkMask(site, query, positions) }
    var shape = query.shape
    shape[3] = value.shape[3]
    let rows = Shape(Array(query.shape.prefix(3)))
    return [.tensor(query.element, shape), .tensor(query.element.computeType, rows)] + presents
  }

  private func checkMask(_ site: InferenceSite, _ query: TensorType, _ positions: Dimension) throws
  {
    let mask = try site.tensor(3)
    try site.require(
      mask.element == .bool || mask.element == query.element, "element-type",
      "the mask must be bool or \(query.element), not \(mask.element)")
    let scores = Shape([query.shape[0], query.shape[1], query.shape[2], positions])
    try site.require(mask.rank <= 4, "shape-mismatch", "the mask must have rank 4 or less")
    for axis in mask.shape.indices where mask.shape[axis] != 1 {
      let size = scores[axis + 4 - mask.rank]
      try site.requireEqual(
        mask.shape[axis], size, "shape-mismatch",
        "the mask \(mask.shape) does not repeat to the scores' \(scores)")
    }
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    guard let depth = site.operands[0].shape[3].constant, site.operands[2].shape[3].isConstant,
      !hasPast
    else { return nil }
    return .attention(
      Attention(
        scale: scale ?? 1 / Double(depth).squareRoot(), isCausal: isCausal, hasMask: hasMask,
        hasPast: hasPast))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats, range: -2...2) { element in
      let running = Dimension(.running("n", maximum: 9))
      func one(
        _ query: Shape, _ key: Shape, _ op: ScaledDotProductAttention,
        mask: (Shape, ElementType)? = nil, past: Dimension? = nil, value: Dimension? = nil
      ) -> Samples.Case {
        var values = key
        values[3] = value ?? key[3]
        var types = [query, key, values].map { TensorType(element, $0) }
        if let mask { types.append(TensorType(mask.1, mask.0)) }
        if let past {
          var (a, b) = (key, values)
          (a[2], b[2]) = (past, past)
          types += [TensorType(element, a), TensorType(element, b)]
        }
        return Samples.Case(op, types)
      }
      typealias Op = ScaledDotProductAttention
      return [
        one([1, 2, 3, 4], [1, 2, 5, 4], Op()),
        one([2, 4, 3, 2], [2, 2, 3, 2], Op(isCausal: true), value: 3),
        one([1, 2, 2, 3], [1, 1, 4, 3], Op(scale: 0.5, hasMask: true), mask: ([2, 4], .bool)),
        one([1, 2, 2, 3], [1, 2, 4, 3], Op(hasMask: true), mask: ([1, 2, 1, 4], element)),
        one([1, 1, 1, 4], [1, 1, 1, 4], Op(isCausal: true, hasPast: true), past: 5),
        one([1, 2, running, 2], [1, 1, running, 2], Op(isCausal: true)),
        one([1, 1, 1, 2], [1, 1, 1, 2], Op(hasPast: true), past: running),
        one([0, 1, 2, 2], [0, 1, 2, 2], Op()),
        one([1, 1, 17, 8], [1, 1, 19, 8], Op()),
      ]
    }
  }

  public static var examples: [Example] {
    let (q, k) = (
      Tensor.shaped([1, 0, 0, 2], [1, 1, 2, 2]),
      Tensor.shaped([1, 1, 0, 1, 2, 0], [1, 1, 3, 2])
    )
    let v = Tensor.shaped([1, 2, 3, 4, 5, 6], [1, 1, 3, 2])
    return [
      Example(
        ScaledDotProductAttention(), [q, k, v],
        gives: [
          Tensor.shaped([3.58395987, 4.58395987, 2.32515036, 3.32515036], [1, 1, 2, 2]),
          Tensor.shaped([1.96590399, 2.22207986], [1, 1, 2]),
        ], source: "the formula of Vaswani et al., section 3.2.1, computed with NumPy"),
      Example(
        ScaledDotProductAttention(isCausal: true),
        [
          q, Tensor.shaped([1, 1, 0, 1], [1, 1, 2, 2]), Tensor.shaped([1, 2, 3, 4], [1, 1, 2, 2]),
        ],
        gives: [
          Tensor.shaped([1, 2, 2, 3], [1, 1, 2, 2]),
          Tensor.shaped([0.707106781, 2.10736074], [1, 1, 2]),
        ], source: "the formula of Vaswani et al., section 3.2.1, computed with NumPy"),
    ]
  }
}

/// softmax(scale · Q Kᵀ + mask) V for each head; see `ScaledDotProductAttention`.
///
/// - Parameters:
///   - mask: repeats to (batch, heads, length, positions); `bool`, true where a position is seen, or
///     a float that is added.
///   - isCausal: whether the last query sees all positions, and each before it one fewer.
///   - scale: one over the root of the depth where nil.
/// - Throws: `shape-mismatch` or `element-type`.
public func attention(
  query: Value, key: Value, value: Value, mask: Value? = nil, isCausal: Bool = false,
  scale: Double? = nil, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try query.graph.apply(
    ScaledDotProductAttention(scale: scale, isCausal: isCausal, hasMask: mask != nil),
    [query, key, value] + (mask.map { [$0] } ?? []), site: CallSite(fileID: fileID, line: line))[0]
}

/// Attention over earlier positions and these: `past` holds their keys and values, and the result
/// with all of them joined is what the next call takes.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func attention(
  query: Value, key: Value, value: Value, past: (key: Value, value: Value), mask: Value? = nil,
  isCausal: Bool = true, scale: Double? = nil, fileID: StaticString = #fileID, line: UInt = #line
) throws -> (result: Value, key: Value, value: Value) {
  let results = try query.graph.apply(
    ScaledDotProductAttention(
      scale: scale, isCausal: isCausal, hasMask: mask != nil, hasPast: true),
    [query, key, value] + (mask.map { [$0] } ?? []) + [past.key, past.value],
    site: CallSite(fileID: fileID, line: line))
  return (results[0], results[2], results[3])
}
