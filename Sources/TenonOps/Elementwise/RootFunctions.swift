import Glibc
import TenonGraph
import TenonTensor

/// The square root of each element; of negative numbers NaN.
public struct SquareRoot: ElementwiseUnary {
  public static let name = "sqrt"
  public static let function = UnaryFunction.squareRoot
  public init() {}
  public static func float(_ x: Double) -> Double { x.squareRoot() }
  public static var samples: Samples { Samples(range: 0.05...8) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try site.gradient / (site.results[0] * 2)]
  }
}

/// 1 / √x of each element; of negative numbers NaN.
public struct ReciprocalSquareRoot: ElementwiseUnary {
  public static let name = "rsqrt"
  public static let function = UnaryFunction.reciprocalSquareRoot
  public init() {}
  public static func float(_ x: Double) -> Double { 1 / x.squareRoot() }
  public static var samples: Samples { Samples(range: 0.05...8) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let y = site.results[0]
    return [try site.gradient * (y * y * y * -0.5)]
  }
}

/// The cube root of each element, of negative numbers negative.
public struct CubeRoot: ElementwiseUnary {
  public static let name = "cbrt"
  public static let function = UnaryFunction.cubeRoot
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.cbrt(x) }
  public static var samples: Samples { Samples(smoothRange: 0.1...4) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let y = site.results[0]
    return [try site.gradient / (y * y * 3)]
  }
}

/// The square root of each element; of negative numbers NaN.
///
/// - Throws: `element-type` where the elements are no floats.
public func sqrt(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(SquareRoot(), [x], site: CallSite(fileID: fileID, line: line))
}

/// 1 / √x of each element; of negative numbers NaN.
///
/// - Throws: `element-type` where the elements are no floats.
public func rsqrt(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(ReciprocalSquareRoot(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The cube root of each element, of negative numbers negative.
///
/// - Throws: `element-type` where the elements are no floats.
public func cbrt(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(CubeRoot(), [x], site: CallSite(fileID: fileID, line: line))
}
