import TenonGraph
import TenonTensor

/// x where it is over 0, else x times a slope.
public struct LeakyRelu: Activation {
  public static let name = "leaky_relu"
  public let slope: Double

  public init(slope: Double = 0.01) {
    self.slope = slope
  }

  public func callAsFunction(_ x: Value) throws -> Value {
    try select(greater(x, 0), x, x * slope)
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (x, gradient) = (site.operands[0], site.gradient)
    return [try select(greater(x, 0), gradient, gradient * slope)]
  }

  public static var variants: [LeakyRelu] { [LeakyRelu(), LeakyRelu(slope: 0.3)] }

  public static var examples: [Example] {
    [
      example(
        LeakyRelu(),
        gives: [-0.03, -0.01, -0.005, 0, 0.5, 1, 3],
        source: "PyTorch documentation, torch.nn.LeakyReLU: the formula, computed with NumPy")
    ]
  }
}

/// x brought between 0 and 6.
public struct Relu6: Activation {
  public static let name = "relu6"

  public init() {}

  public func callAsFunction(_ x: Value) throws -> Value {
    try clamp(x, 0, 6)
  }

  public static var variants: [Relu6] { [Relu6()] }

  public static var examples: [Example] {
    [
      Example(
        Relu6(), [Tensor([-1, 0, 3, 6, 8] as [Float])],
        gives: [Tensor([0, 0, 3, 6, 6] as [Float])],
        source: "PyTorch documentation, torch.nn.ReLU6: by hand")
    ]
  }
}

/// x where it is over 0, else x times a slope.
///
/// - Throws: `element-type` where the elements are no floats.
public func leakyRelu(
  _ x: Value, slope: Double = 0.01, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(LeakyRelu(slope: slope), [x], site: CallSite(fileID: fileID, line: line))
}

/// x brought between 0 and 6.
///
/// - Throws: `element-type` where the elements are no floats.
public func relu6(
  _ x: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(Relu6(), [x], site: CallSite(fileID: fileID, line: line))
}
