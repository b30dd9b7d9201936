import Glibc
import TenonGraph
import TenonTensor

/// The sine of each element, in radians.
public struct Sine: ElementwiseUnary {
  public static let name = "sine"
  public static let function = UnaryFunction.sine
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.sin(x) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try site.gradient * cos(site.operands[0])]
  }
}

/// The cosine of each element, in radians.
public struct Cosine: ElementwiseUnary {
  public static let name = "cosine"
  public static let function = UnaryFunction.cosine
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.cos(x) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try -(site.gradient * sin(site.operands[0]))]
  }
}

/// The tangent of each element, in radians.
public struct Tangent: ElementwiseUnary {
  public static let name = "tan"
  public static let function = UnaryFunction.tangent
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.tan(x) }
  public static var samples: Samples { Samples(smoothRange: -1...1) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let y = site.results[0]
    return [try site.gradient * (y * y + 1)]
  }
}

/// The angle from -π/2 to π/2 whose sine each element is; beyond ±1 NaN.
public struct Arcsine: ElementwiseUnary {
  public static let name = "asin"
  public static let function = UnaryFunction.arcsine
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.asin(x) }
  public static var samples: Samples { Samples(range: -1...1, smoothRange: -0.8...0.8) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    return [try site.gradient * rsqrt(1 - x * x)]
  }
}

/// The angle from 0 to π whose cosine each element is; beyond ±1 NaN.
public struct Arccosine: ElementwiseUnary {
  public static let name = "acos"
  public static let function = UnaryFunction.arccosine
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.acos(x) }
  public static var samples: Samples { Samples(range: -1...1, smoothRange: -0.8...0.8) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    return [try -(site.gradient * rsqrt(1 - x * x))]
  }
}

/// The angle from -π/2 to π/2 whose tangent each element is.
public struct Arctangent: ElementwiseUnary {
  public static let name = "atan"
  public static let function = UnaryFunction.arctangent
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.atan(x) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    return [try site.gradient / (x * x + 1)]
  }
}

/// The sine of each element, in radians.
///
/// - Throws: `element-type` where the elements are no floats.
public func sin(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Sine(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The cosine of each element, in radians.
///
/// - Throws: `element-type` where the elements are no floats.
public func cos(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Cosine(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The tangent of each element, in radians.
///
/// - Throws: `element-type` where the elements are no floats.
public func tan(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Tangent(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The angle from -π/2 to π/2 whose sine each element is; beyond ±1 NaN.
///
/// - Throws: `element-type` where the elements are no floats.
public func asin(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Arcsine(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The angle from 0 to π whose cosine each element is; beyond ±1 NaN.
///
/// - Throws: `element-type` where the elements are no floats.
public func acos(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Arccosine(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The angle from -π/2 to π/2 whose tangent each element is.
///
/// - Throws: `element-type` where the elements are no floats.
public func atan(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Arctangent(), [x], site: CallSite(fileID: fileID, line: line))
}
