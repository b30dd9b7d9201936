import Glibc
import TenonGraph
import TenonTensor

/// The greatest integer not over each element.
public struct Floor: ElementwiseUnary {
  public static let name = "floor"
  public static let function = UnaryFunction.floor
  public init() {}
  public static func float(_ x: Double) -> Double { x.rounded(.down) }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }
}

/// The least integer not under each element.
public struct Ceil: ElementwiseUnary {
  public static let name = "ceil"
  public static let function = UnaryFunction.ceil
  public init() {}
  public static func float(_ x: Double) -> Double { x.rounded(.up) }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }
}

/// The nearest integer to each element, halves to the even one.
public struct RoundNearestEven: ElementwiseUnary {
  public static let name = "round_nearest_even"
  public static let function = UnaryFunction.roundHalfToEven
  public init() {}
  public static func float(_ x: Double) -> Double { x.rounded(.toNearestOrEven) }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }
}

/// The nearest integer to each element, halves away from zero.
public struct RoundNearestAfz: ElementwiseUnary {
  public static let name = "round_nearest_afz"
  public static let function = UnaryFunction.roundHalfAwayFromZero
  public init() {}
  public static func float(_ x: Double) -> Double { x.rounded(.toNearestOrAwayFromZero) }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }
}

/// The greatest integer not over each element.
///
/// - Throws: `element-type` where the elements are no floats.
public func floor(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Floor(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The least integer not under each element.
///
/// - Throws: `element-type` where the elements are no floats.
public func ceil(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Ceil(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The nearest integer to each element, halves to the even one.
///
/// - Throws: `element-type` where the elements are no floats.
public func round(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(RoundNearestEven(), [x], site: CallSite(fileID: fileID, line: line))
}

/// The nearest integer to each element, halves away from zero.
///
/// - Throws: `element-type` where the elements are no floats.
public func roundHalfAwayFromZero(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line)
  throws -> Value
{
  try x.graph.apply1(RoundNearestAfz(), [x], site: CallSite(fileID: fileID, line: line))
}
