import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators that bring values to a mean, a variance or a norm.
  static let normalizations: [ONNXOperator] = [
    batchNormalization,
    groupNormalization,
    ONNXOperator("InstanceNormalization", since: [1, 6, 22]) { node in
      let x = try node.plane()
      return try node.parametersAs(x, [1, 2]) { x, parameters in
        try instanceNorm(
          x, scale: parameters[0], bias: parameters[1],
          epsilon: node.float("epsilon", default: 1e-5))
      }
    },
    localResponseNormalization,
    layerNormalization,
    normNormalization,
    ONNXOperator("RMSNormalization", since: [23]) { node in
      try node.rootMeanSquareNormalization(node.input(0), scale: node.input(1))
    },
  ]

  /// `LayerNormalization`, with mean and inverse deviation as optional results.
  static let layerNormalization = ONNXOperator(many: "LayerNormalization", since: [1, 17]) { node in
    try node.layerNormalization(
      node.input(0), scale: node.optionalInput(1), bias: node.optionalInput(2),
      epsilon: node.float("epsilon", default: 1e-5))
  }

  /// `GroupNormalization`: one scale for each group in version 18, for each channel from 21 on.
  private static let groupNormalization = ONNXOperator(
    "GroupNormalization", since: [18, 21]
  ) { node in
    let x = try node.plane()
    guard let groups = try node.integer("num_groups"), groups > 0 else {
      throw node.fail("attribute num_groups must be given and over 0")
    }
    return try node.parametersAs(x, [1, 2]) { x, parameters in
      let all = try parameters.map { parameter -> Value in
        guard node.version < 21, parameter.shape == [Dimension(groups)] else { return parameter }
        let inGroup = x.shape[1].floorDivided(by: Dimension(groups))
        return try TenonOps.reshape(
          parameter.repeated(to: [Dimension(groups), inGroup], along: 0), [x.shape[1]])
      }
      return try groupNorm(
        x, groups: groups, scale: all[0], bias: all[1],
        epsilon: node.float("epsilon", default: 1e-5))
    }
  }

  /// `LpNormalization`: x over its norm along an axis; where that is 0, 0.
  private static let normNormalization = ONNXOperator("LpNormalization", since: [1, 22]) { node in
    let x = try node.input(0)
    let axis = try node.axis(node.integer("axis", default: -1), rank: x.rank)
    let power = try node.integer("p", default: 2)
    try node.require(power == 1 || power == 2, "p must be 1 or 2, given \(power)")
    let wide = try convert(x, to: x.elementType.computeType)
    let norm = try wide.rooted(Double(power)) { try sum($0, axes: [axis], keepingAxes: true) }
    let safe = try select(equal(norm, 0), norm.filled(1, site: CallSite()), norm)
    return try convert(wide / TenonOps.broadcast(safe, to: wide), to: x.elementType)
  }

  /// `LRN`: x over a power of the mean of squares of the channels around it.
  private static let localResponseNormalization = ONNXOperator("LRN", since: [1, 13]) { node in
    let x = try node.plane()
    guard let size = try node.integer("size"), size > 0 else {
      throw node.fail("attribute size must be given and over 0")
    }
    let alpha = try node.float("alpha", default: 0.0001)
    let (beta, bias) = (try node.float("beta", default: 0.75), try node.float("bias", default: 1))
    let wide = try convert(x, to: x.elementType.computeType)
    // The channels as a spatial axis, along which windows move.
    let plane = Shape(Array(x.shape.dropFirst(2))).elementCount
    let rows: Shape = [x.shape[0], 1, x.shape[1], plane]
    let squares = try TenonOps.reshape(wide * wide, rows)
    let sums = try sumPool(
      squares, window: [size, 1], strides: [1, 1],
      padding: [[(size - 1) / 2, size / 2], [0, 0]])
    let base = try TenonOps.reshape(sums, x.shape) * (alpha / Double(size)) + bias
    return try convert(wide / pow(base, beta), to: x.elementType)
  }

  /// `BatchNormalization`, with given means and variances or, with `training_mode`, with those of
  /// the batch, which then move the given ones.
  private static let batchNormalization = ONNXOperator(
    many: "BatchNormalization", since: [1, 6, 7, 9, 14, 15]
  ) { node in
    let x = try node.input(0)
    let isPerElement = try node.version < 9 && node.integer("spatial", default: 1) == 0
    try node.require(!isPerElement, "spatial = 0 is not supported")
    let epsilon = try node.float("epsilon", default: 1e-5)
    guard try node.flag("training_mode") else {
      let results = try (1..<5).contains { node.wants($0) }
      let isTest = try node.version >= 7 || node.flag("is_test")
      try node.require(
        !results && isTest, "training needs operator set 14 or newer, with training_mode")
      return [
        try node.parametersAs(x, [1, 2, 3, 4]) { x, parameters in
          try batchNorm(
            x, scale: parameters[0], bias: parameters[1], mean: parameters[2],
            variance: parameters[3], epsilon: epsilon)
        }
      ]
    }
    let momentum = try node.float("momentum", default: 0.9)
    let (oldMean, oldVariance) = (try node.input(3), try node.input(4))
    var found: [Value] = []
    let result = try node.parametersAs(x, [1, 2]) { x, parameters in
      let all = try batchNormTraining(
        x, scale: parameters[0], bias: parameters[1], epsilon: epsilon)
      found = [all.mean, all.variance]
      return all.result
    }
    func moved(_ old: Value, _ new: Value) throws -> Value {
      let wide = try convert(old, to: new.elementType)
      return try convert(wide * momentum + new * (1 - momentum), to: old.elementType)
    }
    return [result, try moved(oldMean, found[0]), try moved(oldVariance, found[1])]
  }
}

extension ONNXNode {
  /// What `record` makes of x and the inputs at `positions` in one type, the widest of theirs, in
  /// x's type.
  func parametersAs(
    _ x: Value, _ positions: [Int], _ record: (Value, [Value]) throws -> Value
  ) throws -> Value {
    let parameters = try positions.map { try input($0) }
    return try inOneType(x, parameters, record)
  }

  /// What `record` makes of values in one type, the widest of theirs, in x's type.
  func inOneType(_ x: Value, _ others: [Value], _ record: (Value, [Value]) throws -> Value) throws
    -> Value
  {
    let types = others.map(\.elementType)
    if types.allSatisfy({ $0 == x.elementType }) { return try record(x, others) }
    let isWide = x.elementType == .f64 || types.contains(.f64)
    let type: ElementType = isWide ? .f64 : .f32
    return try convert(
      record(convert(x, to: type), others.map { try convert($0, to: type) }), to: x.elementType)
  }

  /// The type in which a normalization computes, as the attribute `stash_type` says.
  private func stashType() throws -> ElementType { try elementType("stash_type") ?? .f32 }

  /// A layer normalization from the attribute `axis` on: result, mean and inverse deviation.
  func layerNormalization(_ x: Value, scale: Value?, bias: Value?, epsilon: Double) throws
    -> [Value]
  {
    let axis = try self.axis(integer("axis", default: -1), rank: x.rank)
    let rank = x.rank - axis
    let inner = Shape(Array(x.shape.suffix(rank)))
    let parameters = try [scale, bias].compactMap { $0 }.map {
      $0.shape == inner ? $0 : try TenonOps.broadcast($0, to: inner)
    }
    var kept: [Value] = []
    let result = try inOneType(x, parameters) { x, parameters in
      var operands = [x]
      if scale == nil, let bias = parameters.first {
        operands += [try bias.filled(1, site: CallSite()), bias]
      } else {
        operands += parameters
      }
      let all = try x.graph.apply(
        TenonOps.LayerNormalization(normalizedRank: rank, epsilon: epsilon), operands,
        site: CallSite())
      kept = Array(all.dropFirst())
      return all[0]
    }
    let type = try stashType()
    return [result] + (try kept.map { try convert($0, to: type) })
  }

  /// A normalization by the root of the mean square from the attribute `axis` on.
  func rootMeanSquareNormalization(_ x: Value, scale: Value) throws -> Value {
    let axis = try self.axis(integer("axis", default: -1), rank: x.rank)
    let rank = x.rank - axis
    let inner = Shape(Array(x.shape.suffix(rank)))
    let repeated = try scale.shape == inner ? scale : TenonOps.broadcast(scale, to: inner)
    let epsilon = try float("epsilon", default: 1e-5)
    return try inOneType(x, [repeated]) { x, parameters in
      try rmsNorm(x, scale: parameters[0], normalizedRank: rank, epsilon: epsilon)
    }
  }
}
