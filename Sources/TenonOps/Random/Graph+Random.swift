import TenonGraph
import TenonTensor

extension Graph {
  /// The key and the step of a stream as values.
  func operands(of stream: RandomStream, site: CallSite) throws -> (key: Value, step: Value) {
    let key = try apply1(Constant(Tensor([stream.key.0, stream.key.1])), [], site: site)
    let step = try stream.step ?? apply1(Constant(Tensor(Int64(0))), [], site: site)
    return (key, step)
  }

  /// Numbers of the normal distribution, by the Box-Muller transform of two uniform ones.
  ///
  /// - Throws: `element-type` where `element` is no float.
  public func randomNormal(
    _ element: ElementType, _ shape: Shape, mean: Double = 0, deviation: Double = 1,
    stream: RandomStream, fileID: StaticString = #fileID, line: UInt = #line
  ) throws -> Value {
    let pair = try randomUniform(
      .f32, Shape([2] + shape.dimensions), stream: stream, fileID: fileID, line: line)
    func part(_ place: Int) throws -> Value {
      try reshape(
        slice(pair, axis: 0, from: Dimension(place), to: Dimension(place + 1)), shape,
        fileID: fileID, line: line)
    }
    // 1 - u lies over 0, so that its logarithm is finite.
    let radius = try sqrt(log1p(-part(0)) * -2)
    let normal = try radius * cos(part(1) * (2 * Double.pi))
    return try convert(normal * deviation + mean, to: element, fileID: fileID, line: line)
  }

  /// `true` with a probability.
  ///
  /// - Throws: `probability` where it is none.
  public func randomBernoulli(
    _ shape: Shape, probability: Double, stream: RandomStream, fileID: StaticString = #fileID,
    line: UInt = #line
  ) throws -> Value {
    guard probability >= 0, probability <= 1 else {
      throw TenonError.notProbability("randomBernoulli", probability)
    }
    let bits = try randomBits(.u32, shape, stream: stream, fileID: fileID, line: line)
    if probability == 1 { return try greaterOrEqual(bits, 0, fileID: fileID, line: line) }
    return try less(bits, Int(probability * 0x1p32), fileID: fileID, line: line)
  }
}
