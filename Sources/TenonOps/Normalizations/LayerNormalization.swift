import TenonGraph
import TenonTensor

/// x brought to mean 0 and variance 1 over its last axes, then scaled and shifted element by element
/// (Ba, Kiros and Hinton, "Layer Normalization", 2016).
///
/// Further results are the mean and the inverse of the standard deviation, kept for the gradient.
public struct LayerNormalization: CompositeOp {
  public static let name = "layer_norm"
  public static let signature = Signature(
    ["x", "scale?", "bias?"], ["result", "mean", "inverseDeviation"])
  /// How many of the last axes are normalized over.
  public let normalizedRank: Int
  public let epsilon: Double

  public init(normalizedRank: Int = 1, epsilon: Double = 1e-5) {
    self.normalizedRank = normalizedRank
    self.epsilon = epsilon
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, kept) = try site.normalizedOverLast(normalizedRank)
    return [.tensor(x.element, x.shape), kept, kept]
  }

  private func axes(_ x: Value) -> [Int] { Array(x.rank - normalizedRank..<x.rank) }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    let normalized = try Normalized(x, axes: axes(x), epsilon: epsilon)
    var result = normalized.value
    if operands.count > 1 {
      result = try result * broadcast(convert(operands[1], to: result.elementType), to: result)
    }
    if operands.count > 2 {
      result = try result + broadcast(convert(operands[2], to: result.elementType), to: result)
    }
    return [
      try convert(result, to: x.elementType), normalized.mean, normalized.inverseDeviation,
    ]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    let normalized = try Normalized(
      x, axes: axes(x), mean: site.results[1], inverseDeviation: site.results[2])
    let wide = normalized.value.elementType
    let gradient = try convert(
      site.gradients[0] ?? x.filled(0, site: CallSite()), to: wide)
    var gradients = [Value?](repeating: nil, count: site.operands.count)
    var own = gradient
    if site.operands.count > 1 {
      own = try own * broadcast(convert(site.operands[1], to: wide), to: own)
    }
    if site.wanted[0] {
      gradients[0] = try convert(
        normalized.gradient(
          own, mean: site.gradients[1], inverseDeviation: site.gradients[2]), to: x.elementType)
    }
    let outer = Array(0..<x.rank - normalizedRank)
    for (position, part) in [(1, try gradient * normalized.value), (2, gradient)].prefix(
      site.operands.count - 1)
    where site.wanted[position] {
      gradients[position] = try convert(sum(part, axes: outer), to: x.elementType)
    }
    return gradients
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats) { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, Int, Int)] = [
        ([7], 1, 2), ([3, 5], 1, 2), ([3, 5], 2, 1), ([2, 67], 1, 0), ([0, 3], 1, 2),
        ([2, 3, 4], 2, 2), ([running, 6], 1, 2), ([2, 2, 130], 1, 1),
      ]
      return cases.map { shape, rank, parameters in
        let inner = TensorType(element, Shape(Array(shape.suffix(rank))))
        return Samples.Case(
          LayerNormalization(normalizedRank: rank),
          [TensorType(element, shape)] + [TensorType](repeating: inner, count: parameters))
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        LayerNormalization(),
        [
          Tensor.rows([[1, 2, 3, 4], [2, 0, -2, 4]]), Tensor([1, 2, 0.5, 1] as [Float]),
          Tensor([0, 1, 0, -1] as [Float]),
        ],
        gives: [
          Tensor.rows([
            [-1.34163542, 0.105576387, 0.223605903, 0.34163542],
            [0.447213148, 0.105573703, -0.670819722, 0.341639445],
          ]), Tensor.rows([[2.5], [1]]), Tensor.rows([[0.894423613], [0.447213148]]),
        ], source: "PyTorch documentation, torch.nn.LayerNorm: the formula, computed with NumPy")
    ]
  }
}

/// The value brought to mean 0 and variance 1 over its last `normalizedRank` axes, then times
/// `scale` plus `bias`, which have those axes.
///
/// - Throws: `shape-mismatch`, `axis` or `element-type`.
public func layerNorm(
  _ x: Value, scale: Value? = nil, bias: Value? = nil, normalizedRank: Int = 1,
  epsilon: Double = 1e-5, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.graph.apply(
    LayerNormalization(normalizedRank: normalizedRank, epsilon: epsilon),
    x.withParameters(scale: scale, bias: bias, site: site), site: site)[0]
}
