import TenonGraph
import TenonTensor

/// x over the root of its mean square over its last axes, then scaled element by element (Zhang and
/// Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019).
///
/// The second result is the inverse of that root, kept for the gradient.
public struct RMSNormalization: CompositeOp {
  public static let name = "rms_norm"
  public static let signature = Signature(["x", "scale?"], ["result", "inverseRoot"])
  /// How many of the last axes are normalized over.
  public let normalizedRank: Int
  public let epsilon: Double

  public init(normalizedRank: Int = 1, epsilon: Double = 1e-6) {
    self.normalizedRank = normalizedRank
    self.epsilon = epsilon
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, kept) = try site.normalizedOverLast(normalizedRank)
    return [.tensor(x.element, x.shape), kept]
  }

  private func axes(_ x: Value) -> [Int] { Array(x.rank - normalizedRank..<x.rank) }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    let wide = try convert(x, to: x.elementType.computeType)
    let square = try mean(wide * wide, axes: axes(x), keepingAxes: true)
    let inverse = try rsqrt(square + epsilon)
    var result = try wide * broadcast(inverse, to: wide)
    if operands.count > 1 {
      result = try result * broadcast(convert(operands[1], to: result.elementType), to: result)
    }
    return [try convert(result, to: x.elementType), inverse]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    let wide = try convert(x, to: x.elementType.computeType)
    let inverse = try broadcast(site.results[1], to: wide)
    let value = try wide * inverse
    let gradient = try convert(
      site.gradients[0] ?? x.filled(0, site: CallSite()), to: wide.elementType)
    var own = gradient
    if site.operands.count > 1 {
      own = try own * broadcast(convert(site.operands[1], to: own.elementType), to: own)
    }
    var gradients = [Value?](repeating: nil, count: site.operands.count)
    if site.wanted[0] {
      var along = try mean(own * value, axes: axes(x), keepingAxes: true)
      if let inverseGradient = site.gradients[1] {
        let size = axes(x).map { x.shape[$0] }.reduce(1, *)
        let count = try site.graph.size(size, wide.elementType, site: CallSite())
        along =
          try along + inverseGradient * site.results[1] / broadcast(count, to: inverseGradient)
      }
      gradients[0] = try convert(
        (own - value * broadcast(along, to: own)) * inverse, to: x.elementType)
    }
    if site.operands.count > 1, site.wanted[1] {
      let outer = Array(0..<x.rank - normalizedRank)
      gradients[1] = try convert(sum(gradient * value, axes: outer), to: x.elementType)
    }
    return gradients
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats) { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, Int, Int)] = [
        ([7], 1, 1), ([3, 5], 1, 1), ([3, 5], 2, 0), ([2, 67], 1, 0), ([0, 3], 1, 1),
        ([2, 3, 4], 2, 1), ([running, 6], 1, 1),
      ]
      return cases.map { shape, rank, parameters in
        let inner = TensorType(element, Shape(Array(shape.suffix(rank))))
        return Samples.Case(
          RMSNormalization(normalizedRank: rank),
          [TensorType(element, shape)] + [TensorType](repeating: inner, count: parameters))
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        RMSNormalization(),
        [Tensor.rows([[1, 2, 3, 4], [2, 0, -2, 4]]), Tensor([1, 2, 0.5, 1] as [Float])],
        gives: [
          Tensor.rows([
            [0.365148347, 1.46059339, 0.547722521, 1.46059339],
            [0.816496513, 0, -0.408248256, 1.63299303],
          ]), Tensor.rows([[0.365148347], [0.408248256]]),
        ], source: "PyTorch documentation, torch.nn.RMSNorm: the formula, computed with NumPy")
    ]
  }
}

/// The value over the root of its mean square over its last `normalizedRank` axes, times `scale`,
/// which has those axes.
///
/// - Throws: `shape-mismatch`, `axis` or `element-type`.
public func rmsNorm(
  _ x: Value, scale: Value? = nil, normalizedRank: Int = 1, epsilon: Double = 1e-6,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply(
    RMSNormalization(normalizedRank: normalizedRank, epsilon: epsilon),
    [x] + (scale.map { [$0] } ?? []), site: CallSite(fileID: fileID, line: line))[0]
}
