import TenonGraph
import TenonTensor

/// x of (batch, channels, spatial…) brought to mean 0 and variance 1 over groups of channels and all
/// spatial axes, then scaled and shifted by channel (Wu and He, "Group Normalization", ECCV 2018).
/// With one group a channel it is instance normalization.
///
/// Further results, (batch, groups, 1), are the mean and the inverse of the standard deviation, kept
/// for the gradient.
public struct GroupNormalization: CompositeOp {
  public static let name = "group_norm"
  public static let signature = Signature(
    ["x", "scale?", "bias?"], ["result", "mean", "inverseDeviation"])
  public let groups: Int
  public let epsilon: Double

  public init(groups: Int, epsilon: Double = 1e-5) {
    self.groups = groups
    self.epsilon = epsilon
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.requireFloat()
    try site.require(
      x.rank >= 2, "shape-mismatch", "needs an operand of (batch, channels, spatial…)")
    try site.require(groups >= 1, "attribute", "groups must be at least 1, given \(groups)")
    try site.requireDivisible(
      x.shape[1], by: Dimension(groups), "shape-mismatch",
      "\(x.shape[1]) channels do not divide into \(groups) groups")
    try site.requireParameters(from: 1, shape: [x.shape[1]])
    let kind = ValueType.tensor(x.element.computeType, [x.shape[0], Dimension(groups), 1])
    return [.tensor(x.element, x.shape), kind, kind]
  }

  /// (batch, groups, elements of a group).
  private func grouped(_ x: Value) throws -> Value {
    let inner =
      x.shape.dropFirst(2).reduce(1, *) * x.shape[1].floorDivided(by: Dimension(groups))
    return try reshape(x, [x.shape[0], Dimension(groups), inner])
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    let normalized = try Normalized(grouped(x), axes: [2], epsilon: epsilon)
    var result = try reshape(normalized.value, x.shape)
    if operands.count > 1 {
      result =
        try result * convert(operands[1], to: result.elementType).alongAxis(1, of: result)
    }
    if operands.count > 2 {
      result =
        try result + convert(operands[2], to: result.elementType).alongAxis(1, of: result)
    }
    return [
      try convert(result, to: x.elementType), normalized.mean, normalized.inverseDeviation,
    ]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    let normalized = try Normalized(
      grouped(x), axes: [2], mean: site.results[1], inverseDeviation: site.results[2])
    let wide = normalized.value.elementType
    let gradient = try convert(
      site.gradients[0] ?? x.filled(0, site: CallSite()), to: wide)
    var own = gradient
    if site.operands.count > 1 {
      own = try own * convert(site.operands[1], to: wide).alongAxis(1, of: own)
    }
    var gradients = [Value?](repeating: nil, count: site.operands.count)
    if site.wanted[0] {
      let found = try normalized.gradient(
        grouped(own), mean: site.gradients[1], inverseDeviation: site.gradients[2])
      gradients[0] = try convert(reshape(found, x.shape), to: x.elementType)
    }
    let others = x.shape.indices.filter { $0 != 1 }
    if site.operands.count > 1, site.wanted[1] {
      let part = try gradient * reshape(normalized.value, x.shape)
      gradients[1] = try convert(sum(part, axes: others), to: x.elementType)
    }
    if site.operands.count > 2, site.wanted[2] {
      gradients[2] = try convert(sum(gradient, axes: others), to: x.elementType)
    }
    return gradients
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats) { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, Int, Int)] = [
        ([2, 4], 2, 2), ([1, 4, 3], 2, 2), ([2, 3, 4], 3, 1), ([2, 3, 2, 2], 1, 0),
        ([0, 2, 3], 2, 2), ([1, 6, 17], 2, 2), ([running, 4, 3], 2, 2),
      ]
      return cases.map { shape, groups, parameters in
        Samples.Case(
          GroupNormalization(groups: groups),
          [TensorType(element, shape)]
            + [TensorType](repeating: TensorType(element, [shape[1]]), count: parameters))
      }
    }
  }

  public static var examples: [Example] {
    let x = Tensor.shaped((0..<8).map { Float($0) }, [1, 4, 2])
    let row: [Float] = [-1.34163542, -0.447211807, 0.447211807, 1.34163542]
    return [
      Example(
        GroupNormalization(groups: 2), [x],
        gives: [
          Tensor.shaped(row + row, [1, 4, 2]), Tensor.shaped([1.5, 5.5], [1, 2, 1]),
          Tensor.shaped([0.894423613, 0.894423613], [1, 2, 1]),
        ], source: "PyTorch documentation, torch.nn.GroupNorm: the formula, computed with NumPy")
    ]
  }
}

/// x of (batch, channels, spatial…) normalized over groups of channels, then times `scale` plus
/// `bias`, one number for each channel.
///
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func groupNorm(
  _ x: Value, groups: Int, scale: Value? = nil, bias: Value? = nil, epsilon: Double = 1e-5,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.graph.apply(
    GroupNormalization(groups: groups, epsilon: epsilon),
    x.withParameters(scale: scale, bias: bias, site: site), site: site)[0]
}

/// x of (batch, channels, spatial…) normalized over the spatial axes of each channel, then times
/// `scale` plus `bias`, one number for each channel.
///
/// - Throws: `shape-mismatch` where the channels are no known number, or `element-type`.
public func instanceNorm(
  _ x: Value, scale: Value? = nil, bias: Value? = nil, epsilon: Double = 1e-5,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  guard x.rank >= 2, let channels = x.shape[1].constant else {
    throw TenonError.unknownChannels("instanceNorm", x, CallSite(fileID: fileID, line: line))
  }
  return try groupNorm(
    x, groups: channels, scale: scale, bias: bias, epsilon: epsilon, fileID: fileID, line: line)
}
