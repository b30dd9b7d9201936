import Glibc
import TenonGraph
import TenonTensor

/// exp(x) - 1 of each element, exact near 0.
public struct ExponentialMinusOne: ElementwiseUnary {
  public static let name = "exponential_minus_one"
  public static let function = UnaryFunction.exponentialMinusOne
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.expm1(x) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try site.gradient * (site.results[0] + 1)]
  }
}

/// log(1 + x) of each element, exact near 0; under -1 NaN.
public struct LogPlusOne: ElementwiseUnary {
  public static let name = "log_plus_one"
  public static let function = UnaryFunction.logPlusOne
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.log1p(x) }
  public static var samples: Samples { Samples(range: -0.9...8) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try site.gradient / (site.operands[0] + 1)]
  }
}

/// 1 / (1 + exp(-x)) of each element.
public struct Logistic: ElementwiseUnary {
  public static let name = "logistic"
  public static let function = UnaryFunction.logistic
  public init() {}
  public static func float(_ x: Double) -> Double { 1 / (1 + Glibc.exp(-x)) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let y = site.results[0]
    return [try site.gradient * (y * (1 - y))]
  }
}

/// The error function of each element: 2/√π times the integral of exp(-t²) from 0.
public struct ErrorFunction: ElementwiseUnary {
  public static let name = "erf"
  public static let function = UnaryFunction.errorFunction
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.erf(x) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    return [try site.gradient * (exp(-(x * x)) * 1.128_379_167_095_512_6)]
  }
}

/// exp(x) - 1 of each element, exact near 0.
///
/// - Throws: `element-type` where the elements are no floats.
public func expm1(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(ExponentialMinusOne(), [x], site: CallSite(fileID: fileID, line: line))
}

/// log(1 + x) of each element, exact near 0; under -1 NaN.
///
/// - Throws: `element-type` where the elements are no floats.
public func log1p(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(LogPlusOne(), [x], site: CallSite(fileID: fileID, line: line))
}

/// 1 / (1 + exp(-x)) of each element.
///
/// - Throws: `element-type` where the elements are no floats.
public func sigmoid(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value
{
  try x.graph.apply1(Logistic(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The error function of each element: 2/√π times the integral of exp(-t²) from 0.
///
/// - Throws: `element-type` where the elements are no floats.
public func erf(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(ErrorFunction(), [x], site: CallSite(fileID: fileID, line: line))
}
