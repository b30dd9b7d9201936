import Glibc
import TenonGraph
import TenonTensor

/// e to the power of each element.
public struct Exponential: ElementwiseUnary {
  public static let name = "exponential"
  public static let function = UnaryFunction.exponential
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.exp(x) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try site.gradient * site.results[0]]
  }
}

/// e to the power of each element.
///
/// - Throws: `element-type` where the elements are no floats.
public func exp(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Exponential(), [x], site: CallSite(fileID: fileID, line: line))
}
