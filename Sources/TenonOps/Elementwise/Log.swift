import Glibc
import TenonGraph
import TenonTensor

/// The natural logarithm of each element; of 0 minus infinity, of negative numbers NaN.
public struct Log: ElementwiseUnary {
  public static let name = "log"
  public static let function = UnaryFunction.log
  public init() {}
  public static func float(_ x: Double) -> Double { Glibc.log(x) }
  public static var samples: Samples { Samples(range: 0.01...8) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try site.gradient / site.operands[0]]
  }
}

/// The natural logarithm of each element.
///
/// - Throws: `element-type` where the elements are no floats.
public func log(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Log(), [x], site: CallSite(fileID: fileID, line: line))
}
