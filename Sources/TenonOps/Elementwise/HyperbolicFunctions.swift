import Glibc
import TenonGraph
import TenonTensor

/// The hyperbolic sine of each element.
public struct HyperbolicSine: ElementwiseUnary {
  public static let name = "sinh"
  public static let function = UnaryFunction.hyperbolicSine
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.sinh(x) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try site.gradient * cosh(site.operands[0])]
  }
}

/// The hyperbolic cosine of each element.
public struct HyperbolicCosine: ElementwiseUnary {
  public static let name = "cosh"
  public static let function = UnaryFunction.hyperbolicCosine
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.cosh(x) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try site.gradient * sinh(site.operands[0])]
  }
}

/// The hyperbolic tangent of each element.
public struct HyperbolicTangent: ElementwiseUnary {
  public static let name = "tanh"
  public static let function = UnaryFunction.hyperbolicTangent
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.tanh(x) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let y = site.results[0]
    return [try site.gradient * (1 - y * y)]
  }
}

/// The number whose hyperbolic sine each element is.
public struct InverseHyperbolicSine: ElementwiseUnary {
  public static let name = "asinh"
  public static let function = UnaryFunction.inverseHyperbolicSine
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.asinh(x) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    return [try site.gradient * rsqrt(x * x + 1)]
  }
}

/// The number, not negative, whose hyperbolic cosine each element is; under 1 NaN.
public struct InverseHyperbolicCosine: ElementwiseUnary {
  public static let name = "acosh"
  public static let function = UnaryFunction.inverseHyperbolicCosine
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.acosh(x) }
  public static var samples: Samples { Samples(range: 1...8, smoothRange: 1.2...8) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    return [try site.gradient * (rsqrt(x - 1) * rsqrt(x + 1))]
  }
}

/// The number whose hyperbolic tangent each element is; beyond ±1 NaN.
public struct InverseHyperbolicTangent: ElementwiseUnary {
  public static let name = "atanh"
  public static let function = UnaryFunction.inverseHyperbolicTangent
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.atanh(x) }
  public static var samples: Samples { Samples(range: -1...1, smoothRange: -0.8...0.8) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    return [try site.gradient / (1 - x * x)]
  }
}

/// The hyperbolic sine of each element.
///
/// - Throws: `element-type` where the elements are no floats.
public func sinh(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(HyperbolicSine(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The hyperbolic cosine of each element.
///
/// - Throws: `element-type` where the elements are no floats.
public func cosh(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(HyperbolicCosine(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The hyperbolic tangent of each element.
///
/// - Throws: `element-type` where the elements are no floats.
public func tanh(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(HyperbolicTangent(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The number whose hyperbolic sine each element is.
///
/// - Throws: `element-type` where the elements are no floats.
public func asinh(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(InverseHyperbolicSine(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The number, not negative, whose hyperbolic cosine each element is; under 1 NaN.
///
/// - Throws: `element-type` where the elements are no floats.
public func acosh(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(InverseHyperbolicCosine(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The number whose hyperbolic tangent each element is; beyond ±1 NaN.
///
/// - Throws: `element-type` where the elements are no floats.
public func atanh(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(InverseHyperbolicTangent(), [x], site: CallSite(fileID: fileID, line: line))
}
