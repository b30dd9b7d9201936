import TenonGraph
import TenonTensor

/// A value brought to mean 0 and variance 1 along axes, with what it takes to differentiate that.
struct Normalized {
  /// The normalized value, in the type that was computed in.
  var value: Value
  /// With axes of size 1 where it was taken.
  var mean: Value
  var inverseDeviation: Value
  let axes: [Int]

  /// - Parameter x: of a float type; f16 and bf16 are computed in f32.
  init(_ x: Value, axes: [Int], epsilon: Double) throws {
    self.axes = axes
    let wide = try convert(x, to: x.elementType.computeType)
    mean = try TenonOps.mean(wide, axes: axes, keepingAxes: true)
    let centered = try wide - broadcast(mean, to: wide)
    let variance = try TenonOps.mean(centered * centered, axes: axes, keepingAxes: true)
    inverseDeviation = try rsqrt(variance + epsilon)
    value = try centered * broadcast(inverseDeviation, to: wide)
  }

  /// The same from a mean and inverse deviation that are kept.
  init(_ x: Value, axes: [Int], mean: Value, inverseDeviation: Value) throws {
    self.axes = axes
    (self.mean, self.inverseDeviation) = (mean, inverseDeviation)
    let wide = try convert(x, to: x.elementType.computeType)
    value = try (wide - broadcast(mean, to: wide)) * broadcast(inverseDeviation, to: wide)
  }

  /// The gradient of x from those of the normalized value, the mean and the inverse deviation.
  func gradient(_ own: Value, mean meanGradient: Value? = nil, inverseDeviation: Value? = nil)
    throws -> Value
  {
    func average(_ x: Value) throws -> Value {
      try broadcast(TenonOps.mean(x, axes: axes, keepingAxes: true), to: x)
    }
    let scale = try broadcast(self.inverseDeviation, to: own)
    var total = try (own - average(own) - value * average(own * value)) * scale
    let size = axes.map { own.shape[$0] }.reduce(1, *)
    let count = try own.graph.size(size, own.elementType, site: CallSite())
    func share(_ x: Value) throws -> Value {
      try broadcast(x, to: own) / broadcast(count, to: own)
    }
    if let meanGradient { total = try total + share(meanGradient) }
    if let inverseDeviation {
      // d(1/σ)/dx = -(x - μ) / (n σ³), with (x - μ) / σ the normalized value.
      let factor = try share(inverseDeviation) * scale * scale
      total = try total - factor * value
    }
    return total
  }
}

extension InferenceSite {
  /// Checks a float operand 0 and returns its type.
  func requireFloat() throws -> TensorType {
    let x = try tensor(0)
    try require(
      x.element.isFloat && !x.element.isStorageOnly, "element-type",
      "is not defined for \(x.element)")
    return x
  }

  /// Checks that further operands, where there are, have a shape and the element type of the first.
  func requireParameters(from first: Int, shape: Shape) throws {
    guard first < operandCount else { return }
    try requireSameElement(0..<operandCount)
    for position in first..<operandCount {
      let type = try tensor(position)
      try requireEqual(
        type.shape, shape, "shape-mismatch",
        "\(signature.operandName(position)) must have shape \(shape), not \(type.shape)")
    }
  }
}

extension Value {
  /// The operands of a normalization of the value: a bias without a scale gets one of ones.
  func withParameters(scale: Value?, bias: Value?, site: CallSite) throws -> [Value] {
    let factor = try scale ?? bias?.filled(1, site: site)
    return [self] + [factor, bias].compactMap { $0 }
  }
}

extension InferenceSite {
  /// Checks a normalization over the operand's last axes and its parameters, which have those axes.
  /// Gives the operand and the type of what is kept for each normalized part.
  func normalizedOverLast(_ rank: Int) throws -> (x: TensorType, kept: ValueType) {
    let x = try requireFloat()
    try require(
      rank >= 1 && rank <= x.rank, "axis",
      "cannot normalize over the last \(rank) axes of rank \(x.rank)")
    let inner = Array(x.shape.suffix(rank))
    try requireParameters(from: 1, shape: Shape(inner))
    let kept = Shape(x.shape.dropLast(rank) + inner.map { _ in 1 })
    return (x, .tensor(x.element.computeType, kept))
  }
}
