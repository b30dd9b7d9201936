import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `LinearAttention`: a matrix for each head that every position changes and then reads.
  static let linearAttention = ONNXOperator(many: "LinearAttention", since: [27]) { node in
    guard let heads = try node.integer("q_num_heads"),
      let groups = try node.integer("kv_num_heads"), heads > 0, groups > 0, heads % groups == 0
    else { throw node.fail("q_num_heads must be a multiple of kv_num_heads, both given") }
    let rule = try node.string("update_rule", default: "gated_delta")
    try node.require(
      ["linear", "gated", "delta", "gated_delta"].contains(rule),
      "update_rule must be linear, gated, delta or gated_delta, not \(rule)")
    let (isGated, isDelta) = (rule.contains("gated"), rule.contains("delta"))
    try node.require(
      node.has(4) == isGated && node.has(5) == isDelta,
      "update_rule \(rule) takes \(isGated ? "a" : "no") decay and \(isDelta ? "a" : "no") beta")
    let x = try node.input(0)
    let (batch, length) = (x.shape[0], x.shape[1])
    /// (batch, length, heads · depth) as (length, batch, heads, depth).
    func steps(_ position: Int, _ heads: Int) throws -> Value {
      let value = try convert(node.input(position), to: .f32)
      return try transpose(value.split(heads: heads, node), [2, 0, 1, 3])
    }
    let (query, key, value) = (try steps(0, heads), try steps(1, groups), try steps(2, groups))
    let (depth, width) = (key.shape[3], value.shape[3])
    var over = [query, key, value]
    if isGated {
      let decay = try steps(4, groups)
      over.append(
        try TenonOps.broadcast(exp(decay), to: [length, batch, Dimension(groups), depth]))
    }
    if isDelta {
      let beta = try node.input(5)
      let each = try steps(5, beta.shape[2] == 1 ? 1 : groups)
      over.append(
        try TenonOps.broadcast(each, to: [length, batch, Dimension(groups), width]))
    }
    let past = try node.optionalInput(3)
    let shape: Shape = [batch, Dimension(groups), depth, width]
    let first =
      try past.map { try convert($0, to: .f32) } ?? x.graph.scalar(0, .f32).repeated(to: shape)
    let given = try node.float("scale", default: 0)
    guard let number = depth.constant ?? (given == 0 ? nil : 1) else {
      throw node.fail("needs the attribute scale where the depth is not known")
    }
    let scale = given == 0 ? 1 / Double(number).squareRoot() : given
    let each = Dimension(heads / groups)
    let results = try scan([first], over: over) { states, slices in
      func along(_ value: Value, _ axes: [Int]) throws -> Value {
        try value.graph.apply1(
          BroadcastInDim(shape: shape, dimensions: axes), [value], site: CallSite())
      }
      var state = states[0]
      if isGated { state = try state * along(slices[3], [0, 1, 2]) }
      let key = slices[1]
      var written = slices[2]
      if isDelta {
        let found = try dotGeneral(
          key, state, lhsBatching: [0, 1], rhsBatching: [0, 1], lhsContracting: [2],
          rhsContracting: [2])
        written = try slices[slices.count - 1] * (written - found)
      }
      state = try state + along(key, [0, 1, 2]) * along(written, [0, 1, 3])
      let grouped = try TenonOps.reshape(
        slices[0], [batch, Dimension(groups), each, depth])
      let read = try dotGeneral(
        grouped, state, lhsBatching: [0, 1], rhsBatching: [0, 1], lhsContracting: [3],
        rhsContracting: [2])
      let output = try TenonOps.reshape(read * scale, [batch, Dimension(heads) * width])
      return ([state], [output])
    }
    let output = try transpose(results.stacked[0], [1, 0, 2])
    return [
      try convert(output, to: x.elementType),
      try convert(results.carried[0], to: past?.elementType ?? x.elementType),
    ]
  }
}
