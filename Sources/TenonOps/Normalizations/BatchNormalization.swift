import TenonGraph
import TenonTensor

/// What the ops share that normalize by numbers of an axis's places.
public protocol BatchNormalizing: CompositeOp {
  /// The axis of channels; negative ones count from the last.
  var axis: Int { get }
  /// Added to the variance.
  var epsilon: Double { get }
  init(axis: Int, epsilon: Double)
}

extension BatchNormalizing {
  /// The axis counted from the first.
  fileprivate func place(in shape: Shape) -> Int { axis < 0 ? axis + shape.rank : axis }

  /// Checks x and its parameters; x and how many channels it has.
  fileprivate func inferOperands(_ site: InferenceSite) throws -> (
    x: TensorType, channels: Dimension
  ) {
    let x = try site.requireFloat()
    let channels = x.shape[try site.axis(axis, rank: x.rank)]
    try site.requireParameters(from: 1, shape: [channels])
    return (x, channels)
  }

  /// A case for each shape and axis.
  fileprivate static func samples(
    _ cases: [(Shape, Int)], range: ClosedRange<Double> = -4...4
  ) -> Samples {
    Samples(elements: ElementType.floats, range: range) { element in
      cases.map { shape, axis in
        let op = Self(axis: axis, epsilon: 1e-5)
        let parameter = TensorType(element, [shape[op.place(in: shape)]])
        return Samples.Case(
          op,
          [TensorType(element, shape)]
            + [TensorType](repeating: parameter, count: signature.operands.count - 1))
      }
    }
  }
}

/// x normalized by a mean and a variance given for each index of an axis, then scaled and shifted
/// (Ioffe and Szegedy, "Batch Normalization", ICML 2015): what a trained network does.
public struct BatchNormalization: BatchNormalizing {
  public static let name = "batch_norm"
  public static let signature = Signature(["x", "scale", "bias", "mean", "variance"])
  public let axis: Int
  public let epsilon: Double

  public init(axis: Int = 1, epsilon: Double = 1e-5) {
    self.axis = axis
    self.epsilon = epsilon
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    [.tensor(try inferOperands(site).x)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    let parameters = try operands.dropFirst().map {
      try convert($0, to: x.elementType.computeType)
    }
    // One multiplication and one addition for each element.
    let factor = try parameters[0] * rsqrt(parameters[3] + epsilon)
    let shift = try parameters[1] - parameters[2] * factor
    let wide = try convert(x, to: x.elementType.computeType)
    let result = try wide * factor.alongAxis(axis, of: x) + shift.alongAxis(axis, of: x)
    return [try convert(result, to: x.elementType)]
  }

  public static var samples: Samples {
    samples(
      [
        ([3, 4], 1), ([2, 3, 4], 1), ([2, 3, 4], -1), ([0, 2], 1), ([2, 67], 1),
        ([1, 3, 2, 5], 1), ([Dimension(.running("n", maximum: 9)), 3], 1),
      ], range: 0.25...3)
  }

  public static var examples: [Example] {
    [
      Example(
        BatchNormalization(),
        [
          Tensor.rows([[1, 2], [3, 4], [5, 9]]), Tensor([1, 2] as [Float]),
          Tensor([0, 1] as [Float]), Tensor([1, 2] as [Float]), Tensor([4, 0.25] as [Float]),
        ], gives: [Tensor.rows([[0, 1], [0.99999875, 8.99984], [1.9999975, 28.99944]])],
        source: "PyTorch documentation, torch.nn.BatchNorm1d, eval: computed with NumPy")
    ]
  }
}

/// x normalized over all axes but one, then scaled and shifted for each index of that axis: what
/// training does. Further results are the mean, the variance (over n) and the inverse of the
/// standard deviation.
public struct BatchNormalizationTraining: BatchNormalizing {
  public static let name = "batch_norm_training"
  public static let signature = Signature(
    ["x", "scale", "bias"], ["result", "mean", "variance", "inverseDeviation"])
  public let axis: Int
  public let epsilon: Double

  public init(axis: Int = 1, epsilon: Double = 1e-5) {
    self.axis = axis
    self.epsilon = epsilon
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, channels) = try inferOperands(site)
    let parameter = ValueType.tensor(x.element.computeType, [channels])
    return [.tensor(x), parameter, parameter, parameter]
  }

  private func others(_ x: Value) -> [Int] {
    x.shape.indices.filter { $0 != place(in: x.shape) }
  }

  /// A parameter of the axis with the other axes at size 1.
  private func kept(_ parameter: Value, _ x: Value) throws -> Value {
    var sizes = x.shape.map { _ in Dimension(1) }
    sizes[place(in: x.shape)] = parameter.shape[0]
    return try reshape(parameter, Shape(sizes))
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    let wide = try convert(x, to: x.elementType.computeType)
    let average = try mean(wide, axes: others(x))
    let centered = try wide - average.alongAxis(axis, of: x)
    let variance = try mean(centered * centered, axes: others(x))
    let inverse = try rsqrt(variance + epsilon)
    let parameters = try operands.dropFirst().map { try convert($0, to: wide.elementType) }
    let result =
      try centered * (inverse * parameters[0]).alongAxis(axis, of: x)
      + parameters[1].alongAxis(axis, of: x)
    return [try convert(result, to: x.elementType), average, variance, inverse]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    let normalized = try Normalized(
      x, axes: others(x), mean: kept(site.results[1], x),
      inverseDeviation: kept(site.results[3], x))
    let wide = normalized.value.elementType
    let gradient = try convert(
      site.gradients[0] ?? x.filled(0, site: CallSite()), to: wide)
    var gradients: [Value?] = [nil, nil, nil]
    if site.wanted[0] {
      // The variance reaches the result only through 1/σ = (variance + ε)^(-1/2).
      var inverse = site.gradients[3]
      if let variance = site.gradients[2] {
        let cube = try site.results[3] * site.results[3] * site.results[3]
        let asInverse = try variance / (cube * -0.5)
        inverse = try inverse.map { try $0 + asInverse } ?? asInverse
      }
      let own = try gradient * convert(site.operands[1], to: wide).alongAxis(axis, of: x)
      gradients[0] = try convert(
        normalized.gradient(
          own, mean: site.gradients[1].map { try kept($0, x) },
          inverseDeviation: inverse.map { try kept($0, x) }), to: x.elementType)
    }
    if site.wanted[1] {
      gradients[1] = try convert(
        sum(gradient * normalized.value, axes: others(x)), to: x.elementType)
    }
    if site.wanted[2] {
      gradients[2] = try convert(sum(gradient, axes: others(x)), to: x.elementType)
    }
    return gradients
  }

  public static var samples: Samples {
    samples([
      ([3, 4], 1), ([2, 3, 4], 1), ([2, 3, 4], -1), ([3, 67], 1), ([2, 3, 2, 5], 1),
      ([Dimension(.running("n", maximum: 9)), 3], 1), ([1, 2, 9], 1),
    ])
  }

  public static var examples: [Example] {
    [
      Example(
        BatchNormalizationTraining(),
        [
          Tensor.rows([[1, 2], [3, 4], [5, 9]]), Tensor([1, 1] as [Float]),
          Tensor([0, 0] as [Float]),
        ],
        gives: [
          Tensor.rows([[-1.22474258, -1.01904874], [0, -0.339682914], [1.22474258, 1.35873166]]),
          Tensor([3, 5] as [Float]), Tensor([2.66666667, 8.66666667] as [Float]),
          Tensor([0.61237129, 0.33968291] as [Float]),
        ], source: "PyTorch documentation, torch.nn.BatchNorm1d, train: computed with NumPy")
    ]
  }
}

/// The value normalized by a mean and a variance given for each index of an axis, then times `scale`
/// plus `bias`: what a trained network does.
///
/// - Throws: `shape-mismatch`, `axis` or `element-type`.
public func batchNorm(
  _ x: Value, scale: Value, bias: Value, mean: Value, variance: Value, axis: Int = 1,
  epsilon: Double = 1e-5, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    BatchNormalization(axis: axis, epsilon: epsilon), [x, scale, bias, mean, variance],
    site: CallSite(fileID: fileID, line: line))
}

/// The value normalized over all axes but one, then times `scale` plus `bias`: what training does;
/// with the mean and the variance (over n) found.
///
/// - Throws: `shape-mismatch`, `axis` or `element-type`.
public func batchNormTraining(
  _ x: Value, scale: Value, bias: Value, axis: Int = 1, epsilon: Double = 1e-5,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> (result: Value, mean: Value, variance: Value) {
  let results = try x.graph.apply(
    BatchNormalizationTraining(axis: axis, epsilon: epsilon), [x, scale, bias],
    site: CallSite(fileID: fileID, line: line))
  return (results[0], results[1], results[2])
}
