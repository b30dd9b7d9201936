import Glibc
import TenonGraph
import TenonOps
import TenonTensor

/// An attention as operators describe it, recorded as the composite op where that says all of it.
struct AttentionCore {
  let node: ONNXNode
  /// (batch, heads, length, depth); key and value may have fewer heads, each for as many of the
  /// query's.
  var query: Value
  var key: Value
  var value: Value
  /// Key and value of earlier positions, which come before.
  var past: (key: Value, value: Value)?
  var scale: Double?
  /// Whether query i sees position j where j ≤ i + offset.
  var isCausal = false
  /// How far a query sees back and ahead of its own position; nil for any distance.
  var left: Int?
  var right: Int?
  /// How many positions of each batch count, (batch); nil for all. Queries are then the last of them.
  var lengths: Value?
  /// What is seen: `bool`, repeating to (batch, heads, length, positions).
  var allowed: Value?
  /// What is added to the scores.
  var bias: Value?
  /// Scores become cap · tanh(scores / cap).
  var cap: Double = 0

  var length: Dimension { query.shape[2] }
  var positions: Dimension { (past?.key.shape[2] ?? 0) + key.shape[2] }
  var wide: ElementType { query.elementType.computeType }

  init(_ node: ONNXNode, query: Value, key: Value, value: Value) throws {
    self.node = node
    (self.query, self.key, self.value) = (query, key, value)
    try node.require(
      query.rank == 4 && key.rank == 4 && value.rank == 4,
      "query, key and value must be (batch, heads, length, depth)")
  }

  /// Adds a mask, `bool` or added to the scores, whose last axis may be shorter than the positions:
  /// what it lacks is not seen.
  mutating func add(mask: Value) throws {
    var mask = mask
    if mask.rank > 0, mask.shape[mask.rank - 1] != positions,
      mask.shape[mask.rank - 1] != 1
        || mask.elementType == .bool && mask.rank == 1
    {
      let missing = positions - mask.shape[mask.rank - 1]
      if let number = missing.constant { try node.require(number >= 0, "the mask is too long") }
      let none = mask.shape.map { _ in Dimension(0) }
      let fill =
        try mask.elementType == .bool
        ? node.graph.scalar(0, .bool) : node.graph.scalar(-Double.infinity, mask.elementType)
      mask = try pad(mask, low: none, high: none.dropLast() + [missing], fill: fill)
    }
    if mask.elementType == .bool {
      allowed = try allowed.map { try intersected($0, mask) } ?? mask
    } else {
      let own = try convert(mask, to: query.elementType)
      if let bias {
        let both = try node.broadcast(bias, own)
        self.bias = try both.0 + both.1
      } else {
        bias = own
      }
    }
  }

  private func intersected(_ a: Value, _ b: Value) throws -> Value {
    let both = try node.broadcast(a, b)
    return try and(both.0, both.1)
  }

  /// What causality, window and lengths let be seen, beside the mask; nil where that is all.
  private func structure() throws -> Value? {
    var result: Value?
    let graph = query.graph
    if isCausal || left != nil || right != nil {
      var shape: Shape = [length, positions]
      var axes = (0, 1)
      if lengths != nil { (shape, axes) = ([query.shape[0], 1, length, positions], (2, 3)) }
      var place = try graph.iota(.i64, shape, dimension: axes.0)
      if let lengths {
        let offset = try lengths - graph.size(length, .i64).repeated(to: lengths.shape)
        place = try place + offset.repeated(to: shape, along: 0)
      } else if let past {
        place = try place + graph.size(past.key.shape[2], .i64).repeated(to: shape)
      }
      let position = try graph.iota(.i64, shape, dimension: axes.1)
      func narrow(_ seen: Value) throws { result = try result.map { try and($0, seen) } ?? seen }
      if isCausal { try narrow(lessOrEqual(position, place)) }
      if let left { try narrow(lessOrEqual(place - position, left)) }
      if let right { try narrow(lessOrEqual(position - place, right)) }
    }
    if let lengths {
      let shape: Shape = [query.shape[0], 1, 1, positions]
      let counts = try less(
        graph.iota(.i64, shape, dimension: 3), lengths.repeated(to: shape, along: 0))
      result = try result.map { try intersected($0, counts) } ?? counts
    }
    return result
  }

  /// Whether the composite's causality, by which the last query sees all, is the one meant.
  private var isPlainCausal: Bool {
    isCausal && left == nil && right == nil && lengths == nil && length == key.shape[2]
  }

  /// The result (batch, heads, length, depth of values) and the joined key and value.
  func recorded() throws -> (result: Value, key: Value, value: Value) {
    guard cap == 0 else {
      let parts = try explicit()
      return (parts.result, parts.key, parts.value)
    }
    var seen = allowed
    if !isPlainCausal, let structure = try structure() {
      seen = try seen.map { try intersected($0, structure) } ?? structure
    }
    let mask = try bias.map { try masked($0, seen) } ?? seen
    let operands = [query, key, value] + (mask.map { [$0] } ?? [])
    let results = try query.graph.apply(
      ScaledDotProductAttention(
        scale: scale, isCausal: isPlainCausal, hasMask: mask != nil, hasPast: past != nil),
      operands + (past.map { [$0.key, $0.value] } ?? []), site: CallSite())
    return past == nil ? (results[0], key, value) : (results[0], results[2], results[3])
  }

  /// The bias with minus infinity where nothing is seen.
  private func masked(_ bias: Value, _ seen: Value?) throws -> Value {
    guard let seen else { return bias }
    let shape = try node.broadcastShape([bias.shape, seen.shape])
    let all = try TenonOps.broadcast(bias, to: shape)
    return try select(
      TenonOps.broadcast(seen, to: shape), all, all.filled(-Double.infinity, site: CallSite()))
  }

  /// The attention step by step, each as (batch, heads, length, positions) in the type computed in:
  /// scores times scale, after the cap, with bias and mask, and the weights.
  func explicit(
    scoreFunction: ((Value) throws -> Value)? = nil,
    weightFunction: ((Value) throws -> Value)? = nil, in type: ElementType? = nil
  ) throws -> AttentionSteps {
    let (key, value) =
      try past.map {
        (
          try concatenate([$0.key, self.key], axis: 2),
          try concatenate([$0.value, self.value], axis: 2)
        )
      } ?? (self.key, self.value)
    let wide = type ?? self.wide
    let (batch, heads, groups) = (query.shape[0], query.shape[1], key.shape[1])
    let each = heads.floorDivided(by: groups)
    let grouped = try reshape(query, [batch, groups, each, length, query.shape[3]])
    let products = try dotGeneral(
      convert(grouped, to: wide), convert(key, to: wide), lhsBatching: [0, 1],
      rhsBatching: [0, 1], lhsContracting: [4], rhsContracting: [3])
    let shape: Shape = [batch, heads, length, key.shape[2]]
    let raw = try reshape(products, shape) * factor()
    let capped = try cap == 0 ? raw : tanh(raw / cap) * cap
    var seen = allowed
    if let structure = try structure() {
      seen = try seen.map { try intersected($0, structure) } ?? structure
    }
    var biased = capped
    var least = try raw.graph.scalar(0, wide).repeated(to: shape)
    if let bias {
      let added = try convert(TenonOps.broadcast(bias, to: shape), to: wide)
      (biased, least) = (try biased + added, added)
    }
    if let seen {
      let isSeen = try TenonOps.broadcast(seen, to: shape)
      let never = try biased.filled(-Double.infinity, site: CallSite())
      (biased, least) = (try select(isSeen, biased, never), try select(isSeen, least, never))
    }
    var scores = biased
    if let scoreFunction { scores = try scoreFunction(scores) }
    var weights = try softmax(scores, axis: 3)
    if bias != nil || seen != nil {
      // A row that sees nothing gives zeros.
      let most = try maximum(least, axes: [3], keepingAxes: true)
      let isEmpty = try TenonOps.broadcast(equal(most, -Double.infinity), to: shape)
      weights = try select(isEmpty, weights.filled(0, site: CallSite()), weights)
    }
    let unchanged = weights
    if let weightFunction { weights = try weightFunction(weights) }
    let result = try dotGeneral(
      reshape(weights, [batch, groups, each, length, key.shape[2]]), convert(value, to: wide),
      lhsBatching: [0, 1], rhsBatching: [0, 1], lhsContracting: [4], rhsContracting: [2])
    return AttentionSteps(
      raw: raw, capped: capped, biased: biased, weights: unchanged,
      result: try convert(
        reshape(result, [batch, heads, length, value.shape[3]]), to: query.elementType),
      key: key, value: value)
  }

  private func factor() throws -> Double {
    if let scale { return scale }
    guard let depth = query.shape[3].constant, depth > 0 else {
      throw node.fail("needs the attribute scale where the depth is not known")
    }
    return 1 / Double(depth).squareRoot()
  }
}

/// What an attention computes on its way.
struct AttentionSteps {
  let raw: Value
  let capped: Value
  let biased: Value
  let weights: Value
  let result: Value
  let key: Value
  let value: Value
}

extension Value {
  /// (batch, length, heads · depth) as (batch, heads, length, depth).
  func split(heads: Int, _ node: ONNXNode) throws -> Value {
    try node.require(
      rank == 3 && heads > 0 && (shape[2].constant.map { $0 % heads == 0 } ?? true),
      "an input of shape \(shape) does not divide into \(heads) heads")
    let depth = shape[2].floorDivided(by: Dimension(heads))
    return try transpose(
      reshape(self, [shape[0], shape[1], Dimension(heads), depth]), [0, 2, 1, 3])
  }

  /// (batch, heads, length, depth) as (batch, length, heads · depth).
  func joinedHeads() throws -> Value {
    try reshape(transpose(self, [0, 2, 1, 3]), [shape[0], shape[2], shape[1] * shape[3]])
  }
}
