import TenonGraph
import TenonTensor

/// alpha x + beta brought between 0 and 1; PyTorch has 1/6 and 0.5, ONNX 0.2 and 0.5.
public struct HardSigmoid: Activation {
  public static let name = "hard_sigmoid"
  public let alpha: Double
  public let beta: Double

  public init(alpha: Double = 1.0 / 6, beta: Double = 0.5) {
    self.alpha = alpha
    self.beta = beta
  }

  public func callAsFunction(_ x: Value) throws -> Value {
    try clamp(x * alpha + beta, 0, 1)
  }

  public static var variants: [HardSigmoid] { [HardSigmoid(), HardSigmoid(alpha: 0.2, beta: 0.5)] }

  public static var examples: [Example] {
    [
      example(
        HardSigmoid(),
        gives: [0, 0.333333333, 0.416666667, 0.5, 0.583333333, 0.666666667, 1],
        source: "PyTorch documentation, torch.nn.Hardsigmoid: the formula, computed with NumPy")
    ]
  }
}

/// x times x / 6 + 0.5 brought between 0 and 1.
public struct HardSwish: Activation {
  public static let name = "hard_swish"

  public init() {}

  public func callAsFunction(_ x: Value) throws -> Value {
    try x * clamp(x * (1.0 / 6) + 0.5, 0, 1)
  }

  public static var variants: [HardSwish] { [HardSwish()] }

  public static var examples: [Example] {
    [
      example(
        HardSwish(),
        gives: [-0, -0.333333333, -0.208333333, 0, 0.291666667, 0.666666667, 3],
        source: "PyTorch documentation, torch.nn.Hardswish: the formula, computed with NumPy")
    ]
  }
}

/// x brought between two numbers.
public struct HardTanh: Activation {
  public static let name = "hard_tanh"
  public let least: Double
  public let greatest: Double

  public init(least: Double = -1, greatest: Double = 1) {
    self.least = least
    self.greatest = greatest
  }

  public func callAsFunction(_ x: Value) throws -> Value {
    try clamp(x, least, greatest)
  }

  public static var variants: [HardTanh] { [HardTanh(), HardTanh(least: -2, greatest: 0.5)] }

  public static var examples: [Example] {
    [
      example(
        HardTanh(),
        gives: [-1, -1, -0.5, 0, 0.5, 1, 1],
        source: "PyTorch documentation, torch.nn.Hardtanh: the formula, computed with NumPy")
    ]
  }
}

/// alpha x + beta brought between 0 and 1; PyTorch has 1/6 and 0.5, ONNX 0.2 and 0.5.
///
/// - Throws: `element-type` where the elements are no floats.
public func hardSigmoid(
  _ x: Value, alpha: Double = 1.0 / 6, beta: Double = 0.5, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    HardSigmoid(alpha: alpha, beta: beta), [x], site: CallSite(fileID: fileID, line: line))
}

/// x times x / 6 + 0.5 brought between 0 and 1.
///
/// - Throws: `element-type` where the elements are no floats.
public func hardSwish(
  _ x: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(HardSwish(), [x], site: CallSite(fileID: fileID, line: line))
}

/// x brought between two numbers.
///
/// - Throws: `element-type` where the elements are no floats.
public func hardTanh(
  _ x: Value, least: Double = -1, greatest: Double = 1, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    HardTanh(least: least, greatest: greatest), [x], site: CallSite(fileID: fileID, line: line))
}
