import TenonGraph
import TenonTensor

/// x Φ(x), with Φ the normal distribution function, exactly or by tanh (Hendrycks and Gimpel,
/// "Gaussian Error Linear Units", 2016).
public struct Gelu: Activation {
  public static let name = "gelu"
  public let isApproximate: Bool

  public init(isApproximate: Bool = false) {
    self.isApproximate = isApproximate
  }

  public func callAsFunction(_ x: Value) throws -> Value {
    if isApproximate {
      let inner = try (x + x * x * x * 0.044715) * 0.797_884_560_802_865_4
      return try x * (tanh(inner) + 1) * 0.5
    }
    return try x * Gelu.distribution(x)
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    if isApproximate {
      let inner = try (x + x * x * x * 0.044715) * 0.797_884_560_802_865_4
      let t = try tanh(inner)
      let slope = try (x * x * 0.134145 + 1) * 0.797_884_560_802_865_4
      let own = try (t + 1) * 0.5 + x * (1 - t * t) * slope * 0.5
      return [try site.gradient * own]
    }
    let density = try exp(x * x * -0.5) * 0.398_942_280_401_432_7
    return [try site.gradient * (Gelu.distribution(x) + x * density)]
  }

  /// The normal distribution function.
  private static func distribution(_ x: Value) throws -> Value {
    try (erf(x * 0.707_106_781_186_547_6) + 1) * 0.5
  }

  public static var variants: [Gelu] { [Gelu(), Gelu(isApproximate: true)] }

  public static var examples: [Example] {
    [
      example(
        Gelu(),
        gives: [
          -0.00404969409, -0.158655254, -0.154268769, 0, 0.345731231, 0.841344746, 2.99595031,
        ],
        source: "PyTorch documentation, torch.nn.GELU: the formula, computed with SciPy"),
      example(
        Gelu(isApproximate: true),
        gives: [-0.00363739208, -0.158808009, -0.15428599, 0, 0.34571401, 0.841191991, 2.99636261],
        source: "PyTorch documentation, torch.nn.GELU, approximate tanh, computed with NumPy"),
    ]
  }
}

/// x times the logistic function of x, also called swish.
public struct Silu: Activation {
  public static let name = "silu"

  public init() {}

  public func callAsFunction(_ x: Value) throws -> Value {
    try x * sigmoid(x)
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    let s = try sigmoid(x)
    return [try site.gradient * (s * (x * (1 - s) + 1))]
  }

  public static var variants: [Silu] { [Silu()] }

  public static var examples: [Example] {
    [
      example(
        Silu(),
        gives: [-0.14227762, -0.268941421, -0.188770334, 0, 0.311229666, 0.731058579, 2.85772238],
        source: "PyTorch documentation, torch.nn.SiLU: the formula, computed with SciPy")
    ]
  }
}

/// x tanh(softplus(x)) (Misra, 2019).
public struct Mish: Activation {
  public static let name = "mish"

  public init() {}

  public func callAsFunction(_ x: Value) throws -> Value {
    try x * tanh(softplus(x))
  }

  public static var variants: [Mish] { [Mish()] }

  public static var examples: [Example] {
    [
      example(
        Mish(),
        gives: [-0.145647461, -0.303401461, -0.220743775, 0, 0.375245211, 0.865098388, 2.986535],
        source: "PyTorch documentation, torch.nn.Mish: the formula, computed with NumPy")
    ]
  }
}

/// log(1 + exp(beta x)) / beta, computed without overflow.
public struct Softplus: Activation {
  public static let name = "softplus"
  public let beta: Double

  public init(beta: Double = 1) {
    self.beta = beta
  }

  public func callAsFunction(_ x: Value) throws -> Value {
    let scaled = beta == 1 ? x : try x * beta
    let sum = try maximum(scaled, 0) + log1p(exp(-abs(scaled)))
    return beta == 1 ? sum : try sum / beta
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    return [try site.gradient * sigmoid(beta == 1 ? x : x * beta)]
  }

  public static var variants: [Softplus] { [Softplus(), Softplus(beta: 2)] }

  public static var examples: [Example] {
    [
      example(
        Softplus(),
        gives: [
          0.0485873516, 0.313261688, 0.474076984, 0.693147181, 0.974076984, 1.31326169, 3.04858735,
        ],
        source: "PyTorch documentation, torch.nn.Softplus: the formula, computed with NumPy"),
      example(
        Softplus(beta: 2),
        gives: [
          0.00123784257, 0.0634640055, 0.156630844, 0.34657359, 0.656630844, 1.06346401, 3.00123784,
        ],
        source: "PyTorch documentation, torch.nn.Softplus: the formula, computed with NumPy"),
    ]
  }
}

/// x / (1 + |x|).
public struct Softsign: Activation {
  public static let name = "softsign"

  public init() {}

  public func callAsFunction(_ x: Value) throws -> Value {
    try x / (abs(x) + 1)
  }

  public static var variants: [Softsign] { [Softsign()] }

  public static var examples: [Example] {
    [
      example(
        Softsign(),
        gives: [-0.75, -0.5, -0.333333333, 0, 0.333333333, 0.5, 0.75],
        source: "PyTorch documentation, torch.nn.Softsign: the formula, computed with NumPy")
    ]
  }
}

/// The logarithm of the logistic function of x, computed without overflow.
public struct LogSigmoid: Activation {
  public static let name = "log_sigmoid"

  public init() {}

  public func callAsFunction(_ x: Value) throws -> Value {
    try -softplus(-x)
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try site.gradient * sigmoid(-site.operands[0])]
  }

  public static var variants: [LogSigmoid] { [LogSigmoid()] }

  public static var examples: [Example] {
    [
      example(
        LogSigmoid(),
        gives: [
          -3.04858735, -1.31326169, -0.974076984, -0.693147181, -0.474076984, -0.313261688,
          -0.0485873516,
        ],
        source: "PyTorch documentation, torch.nn.LogSigmoid: the formula, computed with NumPy")
    ]
  }
}

/// x Φ(x), with Φ the normal distribution function, exactly or by tanh (Hendrycks and Gimpel,
/// "Gaussian Error Linear Units", 2016).
///
/// - Throws: `element-type` where the elements are no floats.
public func gelu(
  _ x: Value, isApproximate: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    Gelu(isApproximate: isApproximate), [x], site: CallSite(fileID: fileID, line: line))
}

/// x times the logistic function of x, also called swish.
///
/// - Throws: `element-type` where the elements are no floats.
public func silu(
  _ x: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(Silu(), [x], site: CallSite(fileID: fileID, line: line))
}

/// x tanh(softplus(x)) (Misra, 2019).
///
/// - Throws: `element-type` where the elements are no floats.
public func mish(
  _ x: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(Mish(), [x], site: CallSite(fileID: fileID, line: line))
}

/// log(1 + exp(beta x)) / beta, computed without overflow.
///
/// - Throws: `element-type` where the elements are no floats.
public func softplus(
  _ x: Value, beta: Double = 1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(Softplus(beta: beta), [x], site: CallSite(fileID: fileID, line: line))
}

/// x / (1 + |x|).
///
/// - Throws: `element-type` where the elements are no floats.
public func softsign(
  _ x: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(Softsign(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The logarithm of the logistic function of x, computed without overflow.
///
/// - Throws: `element-type` where the elements are no floats.
public func logSigmoid(
  _ x: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(LogSigmoid(), [x], site: CallSite(fileID: fileID, line: line))
}
