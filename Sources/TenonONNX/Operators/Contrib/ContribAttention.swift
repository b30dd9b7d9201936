import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// The attentions of `com.microsoft`.
  static let contribAttention: [ONNXOperator] = [
    contrib(many: "Attention", projectedAttention),
    contrib(many: "GroupQueryAttention", groupQueryAttention),
    contrib(many: "MultiHeadAttention", multiHeadAttention),
    contrib("RotaryEmbedding") { node in
      let x = try node.input(0)
      try node.require(
        !node.flag("is_packed_batching") && node.float("scale", default: 1) == 1,
        "is_packed_batching and scale are not supported")
      let width = try node.integer("rotary_embedding_dim", default: 0)
      let table = try node.input(2)
      var heads = try node.integer("num_heads", default: 0)
      if x.rank == 3, heads == 0 {
        guard let size = x.shape[2].constant, let half = table.shape[1].constant, half > 0 else {
          throw node.fail("needs num_heads where sizes are not known")
        }
        heads = size / (2 * half)
      }
      let split = try x.rank == 3 ? x.split(heads: heads, node) : x
      let result = try node.rotated(
        split, cosine: table, sine: node.input(3),
        positions: node.positions(node.input(1), split),
        isInterleaved: node.flag("interleaved"), width: width)
      return x.rank == 3 ? try result.joinedHeads() : result
    },
  ]

  /// `Attention`: query, key and value are projections of one input.
  private static let projectedAttention: @Sendable (ONNXNode) throws -> [Value] = { node in
    let (x, weight) = (try node.input(0), try node.input(1))
    guard let heads = try node.integer("num_heads"), heads > 0 else {
      throw node.fail("attribute num_heads must be given and over 0")
    }
    try node.require(
      x.rank == 3 && weight.rank == 2, "the input must be (batch, length, width)")
    try node.require(
      !node.flag("do_rotary") && !node.has(6), "rotary and shared buffers are not supported")
    var all = try dotGeneral(x, weight, lhsContracting: [2], rhsContracting: [0])
    if let bias = try node.optionalInput(2) {
      all = try all + bias.repeated(to: all.shape, along: 2)
    }
    var sizes = try node.integers("qkv_hidden_sizes")?.map { Dimension($0) } ?? []
    if sizes.isEmpty {
      sizes = [Dimension](repeating: weight.shape[1].floorDivided(by: 3), count: 3)
    }
    try node.require(sizes.count == 3, "qkv_hidden_sizes must have three sizes")
    var start: Dimension = 0
    let parts = try sizes.map { size -> Value in
      defer { start = start + size }
      return try slice(all, axis: 2, from: start, to: start + size).split(heads: heads, node)
    }
    var core = try AttentionCore(node, query: parts[0], key: parts[1], value: parts[2])
    core.scale = try node.float("scale")
    core.isCausal = try node.flag("unidirectional")
    if let past = try node.optionalInput(4) {
      let halves = try (0..<2).map { place in
        try TenonOps.reshape(
          slice(past, axis: 0, from: Dimension(place), to: Dimension(place + 1)),
          Shape(Array(past.shape.dropFirst())))
      }
      core.past = (halves[0], halves[1])
    }
    if let mask = try node.optionalInput(3) { try core.addPadding(mask) }
    if let bias = try node.optionalInput(5) { try core.add(mask: bias) }
    let result = try core.recorded()
    let output = try result.result.joinedHeads()
    return node.wants(1) ? [output, try stack([result.key, result.value])] : [output]
  }

  /// `MultiHeadAttention`: of projections, with heads side by side.
  private static let multiHeadAttention: @Sendable (ONNXNode) throws -> [Value] = { node in
    guard let heads = try node.integer("num_heads"), heads > 0 else {
      throw node.fail("attribute num_heads must be given and over 0")
    }
    let query = try node.input(0)
    guard query.rank == 3, let key = try node.optionalInput(1),
      let value = try node.optionalInput(2)
    else {
      throw node.fail("packed query, key and value are not supported; give three inputs of rank 3")
    }
    try node.require(!node.has(8) && !node.has(9), "shared caches are not supported")
    var inputs = [query, key, value]
    if let bias = try node.optionalInput(3) {
      var start: Dimension = 0
      inputs = try inputs.enumerated().map { place, input in
        let size = place < 2 ? query.shape[2] : bias.shape[0] - query.shape[2] * 2
        defer { start = start + size }
        guard input.rank == 3 else { return input }
        let part = try slice(bias, axis: 0, from: start, to: start + size)
        return try input + part.repeated(to: input.shape, along: 2)
      }
    }
    let split = try inputs.map { $0.rank == 4 ? $0 : try $0.split(heads: heads, node) }
    var core = try AttentionCore(node, query: split[0], key: split[1], value: split[2])
    core.scale = try node.float("scale").flatMap { $0 == 0 ? nil : $0 }
    core.isCausal = try node.flag("unidirectional")
    if let past = try node.optionalInput(6) { core.past = (past, try node.input(7)) }
    if let mask = try node.optionalInput(4) { try core.addPadding(mask) }
    if let bias = try node.optionalInput(5) { try core.add(mask: bias) }
    guard node.wants(3) else {
      let result = try core.recorded()
      return [try result.result.joinedHeads(), result.key, result.value]
    }
    let steps = try core.explicit()
    return [try steps.result.joinedHeads(), steps.key, steps.value, steps.capped]
  }

  /// `GroupQueryAttention`: causal, with key and value joined to a cache.
  private static let groupQueryAttention: @Sendable (ONNXNode) throws -> [Value] = { node in
    guard let heads = try node.integer("num_heads"), let groups = try node.integer("kv_num_heads"),
      heads > 0, groups > 0
    else { throw node.fail("num_heads and kv_num_heads must be given and over 0") }
    try node.require(
      (11..<17).allSatisfy { !node.has($0) } && !node.flag("smooth_softmax") && !node.wants(3),
      "sinks, quantized caches, norms of query and key, and scores as a result are not supported")
    var inputs = [try node.input(0)]
    if node.has(1) {
      inputs += [try node.input(1), try node.input(2)]
    } else {
      let all = inputs[0]
      let depth = all.shape[2].floorDivided(by: Dimension(heads + 2 * groups))
      let (first, second) = (depth * Dimension(heads), depth * Dimension(groups))
      inputs = [
        try slice(all, axis: 2, from: 0, to: first),
        try slice(all, axis: 2, from: first, to: first + second),
        try slice(all, axis: 2, from: first + second),
      ]
    }
    var (query, key, value) = (
      try inputs[0].split(heads: heads, node), try inputs[1].split(heads: groups, node),
      try inputs[2].split(heads: groups, node)
    )
    let (batch, length) = (query.shape[0], query.shape[2])
    // How many positions of each batch count, the new ones included.
    let last = try TenonOps.reshape(node.input(5), [batch])
    let lengths = try convert(last, to: .i64) + 1
    let before = try lengths - node.graph.size(length, .i64).repeated(to: [batch])
    if try node.flag("do_rotary") {
      let step = try node.graph.iota(.i64, [batch, length], dimension: 1)
      let places =
        try node.optionalInput(9)
        ?? maximum(step + before.repeated(to: [batch, length], along: 0), 0)
      func turned(_ x: Value) throws -> Value {
        try node.rotated(
          x, cosine: node.input(7), sine: node.input(8), positions: places,
          isInterleaved: node.flag("rotary_interleaved"),
          width: 2 * (node.input(7).shape[1].constant ?? 0))
      }
      (query, key) = (try turned(query), try turned(key))
    }
    var core = try AttentionCore(node, query: query, key: key, value: value)
    if let past = try node.optionalInput(3) {
      let total = try node.sizes(6)
      try node.require(total.count == 1, "total_sequence_length must be one number")
      let pastValue = try node.input(4)
      let isWhole = total[0] == past.shape[2] + length
      if isWhole, batch == 1 {
        core.past = (past, pastValue)
      } else {
        // Each batch's new positions come after those of its past that count.
        let size = isWhole ? total[0] : Dimension.maximum(past.shape[2], total[0])
        core.key = try node.cached(past, key, before, size)
        core.value = try node.cached(pastValue, value, before, size)
        core.lengths = lengths
      }
    }
    core.isCausal = try node.flag("causal", default: true)
    core.scale = try node.float("scale").flatMap { $0 == 0 ? nil : $0 }
    core.cap = try node.float("softcap", default: 0)
    let window = try node.integer("local_window_size", default: -1)
    if window > 0 { core.left = window - 1 }
    if let bias = try node.optionalInput(10) { try core.add(mask: bias) }
    let result = try core.recorded()
    return [try result.result.joinedHeads(), result.key, result.value]
  }
}

extension ONNXNode {
  /// Positions of (batch, length) from such, or from one number from which they count.
  fileprivate func positions(_ given: Value, _ x: Value) throws -> Value {
    let shape: Shape = [x.shape[0], x.shape[2]]
    if given.rank == 2 { return given }
    try require(given.shape.elementCount == 1, "position_ids must be (batch, length) or one number")
    let step = try graph.iota(given.elementType, shape, dimension: 1)
    return try step + given.single(self).repeated(to: shape)
  }

  /// A cache of `size` positions: those of the past that count, then the new ones.
  ///
  /// - Parameter before: how many of the past count in each batch.
  fileprivate func cached(_ past: Value, _ new: Value, _ before: Value, _ size: Dimension) throws
    -> Value
  {
    let joined = try concatenate([past, new], axis: 2)
    let shape: Shape = [past.shape[0], past.shape[1], size, past.shape[3]]
    let place = try graph.iota(.i64, shape, dimension: 2)
    let count = try before.repeated(to: shape, along: 0)
    let (own, added) = (
      try graph.size(past.shape[2], .i64).repeated(to: shape),
      try graph.size(new.shape[2], .i64).repeated(to: shape)
    )
    let isNew = try and(greaterOrEqual(place, count), less(place, count + added))
    let index = try select(isNew, place - count + own, place)
    return try takeAlong(joined, index, axis: 2)
  }
}

extension AttentionCore {
  /// Adds a mask of positions: how many count in each batch (batch), whether each counts (batch,
  /// positions), or for each query (batch, length, positions). What does not count has the
  /// attribute `mask_filter_value` added.
  mutating func addPadding(_ mask: Value) throws {
    let counts: Value
    switch mask.rank {
    case 1:
      try node.require(
        mask.shape[0] == query.shape[0], "a mask of rank 1 must have one length for each batch")
      let shape: Shape = [query.shape[0], 1, 1, positions]
      counts = try less(
        node.graph.iota(mask.elementType, shape, dimension: 3),
        mask.repeated(to: shape, along: 0))
    case 2:
      counts = try notEqual(
        TenonOps.reshape(mask, [mask.shape[0], 1, 1, mask.shape[1]]), 0)
    case 3:
      counts = try notEqual(
        TenonOps.reshape(mask, [mask.shape[0], 1, mask.shape[1], mask.shape[2]]), 0)
    default: throw node.fail("the mask must have rank 1, 2 or 3, not \(mask.rank)")
    }
    let filter = try node.float("mask_filter_value", default: -10000)
    let zero = try node.graph.scalar(0, query.elementType).repeated(to: counts.shape)
    let far = try node.graph.scalar(
      query.elementType == .f16 ? max(filter, -65504) : filter, query.elementType)
    try add(mask: select(counts, zero, far.repeated(to: counts.shape)))
  }
}
