import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators in which positions of a sequence look at each other.
  static let attention: [ONNXOperator] = [
    scaledAttention, causalConvolution, flexibleAttention, linearAttention, rotaryEmbedding,
  ]

  /// `Attention`: of (batch, heads, length, depth), or of three axes with heads side by side.
  private static let scaledAttention = ONNXOperator(
    many: "Attention", since: [23, 24, 25]
  ) { node in
    var inputs = try (0..<3).map(node.input)
    let isFlat = inputs[0].rank == 3
    if isFlat {
      guard let heads = try node.integer("q_num_heads"),
        let groups = try node.integer("kv_num_heads")
      else { throw node.fail("inputs of rank 3 need q_num_heads and kv_num_heads") }
      inputs = try zip(inputs, [heads, groups, groups]).map { try $0.split(heads: $1, node) }
    }
    var core = try AttentionCore(node, query: inputs[0], key: inputs[1], value: inputs[2])
    core.scale = try node.float("scale")
    core.isCausal = try node.flag("is_causal")
    core.cap = try node.float("softcap", default: 0)
    core.left = try node.windowSize("left_window_size")
    core.right = try node.windowSize("right_window_size")
    if let key = try node.optionalInput(4) { core.past = (key, try node.input(5)) }
    if let lengths = try node.optionalInput(6) {
      try node.require(core.past == nil, "nonpad_kv_seqlen excludes past_key")
      core.lengths = try convert(lengths, to: .i64)
    }
    if let mask = try node.optionalInput(3) { try core.add(mask: mask) }
    let precision = try node.elementType("softmax_precision")
    guard node.wants(3) || precision == .f64 else {
      let all = try core.recorded()
      return [try isFlat ? all.result.joinedHeads() : all.result, all.key, all.value]
    }
    let steps = try core.explicit(in: precision == .f64 ? .f64 : nil)
    let shown: Value
    switch try node.integer("qk_matmul_output_mode", default: 0) {
    case 0: shown = steps.raw
    case 1: shown = steps.capped
    case 2: shown = steps.biased
    case 3: shown = steps.weights
    case let other: throw node.fail("qk_matmul_output_mode must be 0 to 3, not \(other)")
    }
    return [
      try isFlat ? steps.result.joinedHeads() : steps.result, steps.key, steps.value,
      try convert(shown, to: core.query.elementType),
    ]
  }

  /// `FlexAttention`: attention whose scores and weights pass through graphs of the model.
  private static let flexibleAttention = ONNXOperator(
    "FlexAttention", domain: "ai.onnx.preview", since: [1]
  ) { node in
    let (query, value) = (try node.input(0), try node.input(2))
    var core = try AttentionCore(node, query: query, key: node.input(1), value: value)
    core.scale = try node.float("scale")
    let type = try node.elementType("softmax_precision") ?? query.elementType.computeType
    func function(_ name: String) throws -> ((Value) throws -> Value)? {
      guard node.attribute(name) != nil else { return nil }
      let body = try node.subgraph(name)
      return { x in
        let results = try node.importer.record(
          body, [.tensor(convert(x, to: type))], in: node.scope, node.frame)
        guard results.count == 1, case .tensor(let result) = results[0] else {
          throw node.fail("\(name) must give one tensor")
        }
        try node.require(
          result.shape == x.shape, "\(name) must keep the shape \(x.shape), not \(result.shape)")
        return try convert(result, to: x.elementType)
      }
    }
    let (scores, weights) = (try function("score_mod"), try function("prob_mod"))
    if scores == nil, weights == nil { return try core.recorded().result }
    return try core.explicit(
      scoreFunction: scores, weightFunction: weights,
      in: type == .f64 ? .f64 : query.elementType.computeType
    ).result
  }

  /// `RotaryEmbedding`: pairs of elements turned by an angle that depends on the position.
  private static let rotaryEmbedding = ONNXOperator("RotaryEmbedding", since: [23]) { node in
    let x = try node.input(0)
    let isFlat = x.rank == 3
    let heads = try node.integer("num_heads", default: 0)
    let split = try isFlat ? x.split(heads: heads, node) : x
    let result = try node.rotated(
      split, cosine: node.input(1), sine: node.input(2), positions: node.optionalInput(3),
      isInterleaved: node.flag("interleaved"),
      width: node.integer("rotary_embedding_dim", default: 0))
    return isFlat ? try result.joinedHeads() : result
  }

  /// `CausalConvWithState`: a convolution of each channel over the positions before it, with those
  /// of an earlier part of the sequence, and what the next part needs of this one.
  private static let causalConvolution = ONNXOperator(
    many: "CausalConvWithState", since: [27]
  ) { node in
    let (x, kernel) = (try node.input(0), try node.input(1))
    try node.require(
      x.rank == 3 && kernel.rank == 3, "the input must be (batch, channels, length)")
    let window = try node.window(of: kernel)[0]
    guard let channels = x.shape[1].constant else {
      throw node.fail("the channels must have a known number, not \(x.shape[1])")
    }
    let before =
      try node.optionalInput(3)
      ?? x.graph.scalar(0, x.elementType).repeated(
        to: [x.shape[0], x.shape[1], Dimension(window - 1)])
    let padded = try concatenate([before, x], axis: 2)
    var result = try x.graph.apply1(
      TenonOps.Convolution(
        axes: "nc0_oi0->nc0", strides: [1], padding: [[0, 0]], featureGroups: channels),
      [padded, kernel], site: CallSite())
    if let bias = try node.optionalInput(2) {
      result = try result + bias.repeated(to: result.shape, along: 1)
    }
    switch try node.string("activation", default: "none") {
    case "none": break
    case "silu", "swish": result = try silu(result)
    case let other: throw node.fail("activation must be none, silu or swish, not \(other)")
    }
    let end = padded.shape[2]
    return [result, try slice(padded, axis: 2, from: end - Dimension(window - 1), to: end)]
  }
}

extension ONNXNode {
  /// A distance, of which -1 and nothing mean any.
  fileprivate func windowSize(_ name: String) throws -> Int? {
    let size = try integer(name, default: -1)
    try require(size >= -1, "\(name) must be -1 or not negative, given \(size)")
    return size < 0 ? nil : size
  }

  /// (batch, heads, length, depth) with pairs of the first `width` elements (all for 0) turned by
  /// the angles of their positions.
  ///
  /// - Parameters:
  ///   - cosine: (positions, width / 2) where positions are given, else (batch, length, width / 2);
  ///     the sine likewise.
  ///   - positions: (batch, length), or one number from which positions count.
  func rotated(
    _ x: Value, cosine: Value, sine: Value, positions: Value?, isInterleaved: Bool, width: Int
  ) throws -> Value {
    let size = width == 0 ? x.shape[3] : Dimension(width)
    let half = size.floorDivided(by: 2)
    let shape: Shape = [x.shape[0], x.shape[1], x.shape[2], half]
    func angles(_ table: Value) throws -> Value {
      let all = try positions.map { try take(table, $0) } ?? table
      try require(all.rank == 3, "cosines must be of (batch, length, angles)")
      let wide = try convert(all, to: x.elementType.computeType)
      let full = try TenonOps.broadcast(wide, to: [x.shape[0], x.shape[2], half])
      return try full.graph.apply1(
        BroadcastInDim(shape: shape, dimensions: [0, 2, 3]), [full], site: CallSite())
    }
    let (cosines, sines) = (try angles(cosine), try angles(sine))
    let wide = try convert(x, to: x.elementType.computeType)
    let turned = try slice(wide, axis: 3, from: 0, to: size)
    var parts: [Value]
    if isInterleaved {
      let pairs = try TenonOps.reshape(turned, Shape(shape.dimensions + [2]))
      parts = try (0..<2).map {
        try TenonOps.reshape(
          slice(pairs, axis: 4, from: Dimension($0), to: Dimension($0 + 1)), shape)
      }
    } else {
      parts = [
        try slice(turned, axis: 3, from: 0, to: half), try slice(turned, axis: 3, from: half),
      ]
    }
    parts = [
      try parts[0] * cosines - parts[1] * sines, try parts[0] * sines + parts[1] * cosines,
    ]
    let joined =
      try isInterleaved
      ? TenonOps.reshape(stack(parts, axis: 4), turned.shape) : concatenate(parts, axis: 3)
    let result = try convert(joined, to: x.elementType)
    if size == x.shape[3] { return result }
    return try concatenate([result, slice(x, axis: 3, from: size)], axis: 3)
  }
}
