import TenonGraph
import TenonTensor

/// x where it is over 0, else alpha (exp(x) - 1).
public struct Elu: Activation {
  public static let name = "elu"
  public let alpha: Double

  public init(alpha: Double = 1) {
    self.alpha = alpha
  }

  public func callAsFunction(_ x: Value) throws -> Value {
    try select(greater(x, 0), x, expm1(minimum(x, 0)) * alpha)
  }

  public static var variants: [Elu] { [Elu(), Elu(alpha: 0.5)] }

  public static var examples: [Example] {
    [
      example(
        Elu(),
        gives: [-0.950212932, -0.632120559, -0.39346934, 0, 0.5, 1, 3],
        source: "PyTorch documentation, torch.nn.ELU: the formula, computed with NumPy")
    ]
  }
}

/// The exponential linear unit scaled so that activations keep mean 0 and variance 1 (Klambauer et al.,
/// "Self-Normalizing Neural Networks", NIPS 2017).
public struct Selu: Activation {
  public static let name = "selu"

  public init() {}

  public func callAsFunction(_ x: Value) throws -> Value {
    try Elu(alpha: 1.673_263_242_354_377_2)(x) * 1.050_700_987_355_480_5
  }

  public static var variants: [Selu] { [Selu()] }

  public static var examples: [Example] {
    [
      example(
        Selu(),
        gives: [-1.67056873, -1.11133074, -0.691758188, 0, 0.525350494, 1.05070099, 3.15210296],
        source: "PyTorch documentation, torch.nn.SELU: the formula, computed with NumPy")
    ]
  }
}

/// x where it is over 0, else alpha (exp(x / alpha) - 1).
public struct Celu: Activation {
  public static let name = "celu"
  public let alpha: Double

  public init(alpha: Double = 1) {
    self.alpha = alpha
  }

  public func callAsFunction(_ x: Value) throws -> Value {
    try select(greater(x, 0), x, expm1(minimum(x, 0) / alpha) * alpha)
  }

  public static var variants: [Celu] { [Celu(), Celu(alpha: 2)] }

  public static var examples: [Example] {
    [
      example(
        Celu(alpha: 2),
        gives: [-1.55373968, -0.786938681, -0.442398434, 0, 0.5, 1, 3],
        source: "PyTorch documentation, torch.nn.CELU: the formula, computed with NumPy")
    ]
  }
}

/// x where it is over 0, else alpha (exp(x) - 1).
///
/// - Throws: `element-type` where the elements are no floats.
public func elu(
  _ x: Value, alpha: Double = 1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(Elu(alpha: alpha), [x], site: CallSite(fileID: fileID, line: line))
}

/// The exponential linear unit scaled so that activations keep mean 0 and variance 1 (Klambauer et al.,
/// "Self-Normalizing Neural Networks", NIPS 2017).
///
/// - Throws: `element-type` where the elements are no floats.
public func selu(
  _ x: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(Selu(), [x], site: CallSite(fileID: fileID, line: line))
}

/// x where it is over 0, else alpha (exp(x / alpha) - 1).
///
/// - Throws: `element-type` where the elements are no floats.
public func celu(
  _ x: Value, alpha: Double = 1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(Celu(alpha: alpha), [x], site: CallSite(fileID: fileID, line: line))
}
