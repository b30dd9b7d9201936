import TenonGraph
import TenonTensor

/// The ops on the bits of integers; on `bool` those of logic.
public protocol BitwiseBinary: ElementwiseBinary {}

extension BitwiseBinary {
  public static func accepts(_ element: ElementType) -> Bool {
    !element.isStorageOnly && !element.isFloat
  }
  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil, nil] }
}

/// The bits set in both elements of each pair.
public struct And: BitwiseBinary {
  public static let name = "and"
  public static let function = BinaryFunction.and
  public init() {}
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 { a & b }
}

/// The bits set in either element of each pair.
public struct Or: BitwiseBinary {
  public static let name = "or"
  public static let function = BinaryFunction.or
  public init() {}
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 { a | b }
}

/// The bits set in one element of each pair.
public struct Xor: BitwiseBinary {
  public static let name = "xor"
  public static let function = BinaryFunction.xor
  public init() {}
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 { a ^ b }
}

/// Each element's bits turned; `bool` negated.
public struct Not: ElementwiseUnary {
  public static let name = "not"
  public static let function = UnaryFunction.not
  public init() {}
  public static func accepts(_ element: ElementType) -> Bool {
    !element.isStorageOnly && !element.isFloat
  }
  public static func integer(_ x: Int64, _ type: ElementType) -> Int64 {
    type == .bool ? 1 - x : ~x
  }
  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }
}

/// How many bits of each element are set.
public struct PopulationCount: ElementwiseUnary {
  public static let name = "popcnt"
  public static let function = UnaryFunction.populationCount
  public init() {}
  public static func accepts(_ element: ElementType) -> Bool {
    element.isInteger && !element.isStorageOnly
  }
  public static func integer(_ x: Int64, _ type: ElementType) -> Int64 {
    Int64(ReferenceArithmetic.bits(x, type).nonzeroBitCount)
  }
  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }
}

/// How many zero bits each element has above its highest set one.
public struct CountLeadingZeros: ElementwiseUnary {
  public static let name = "count_leading_zeros"
  public static let function = UnaryFunction.countLeadingZeros
  public init() {}
  public static func accepts(_ element: ElementType) -> Bool {
    element.isInteger && !element.isStorageOnly
  }
  public static func integer(_ x: Int64, _ type: ElementType) -> Int64 {
    Int64(ReferenceArithmetic.bits(x, type).leadingZeroBitCount - (64 - type.bitWidth))
  }
  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }
}

/// The bits set in both elements of each pair; on `bool`, where both hold.
///
/// - Throws: `shape-mismatch`, or `element-type` for floats.
public func and(_ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line) throws
  -> Value
{
  try x.graph.apply1(And(), [x, y], site: CallSite(fileID: fileID, line: line))
}

/// The bits set in either element of each pair; on `bool`, where either holds.
///
/// - Throws: `shape-mismatch`, or `element-type` for floats.
public func or(_ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line) throws
  -> Value
{
  try x.graph.apply1(Or(), [x, y], site: CallSite(fileID: fileID, line: line))
}

/// The bits set in one element of each pair; on `bool`, where the two differ.
///
/// - Throws: `shape-mismatch`, or `element-type` for floats.
public func xor(_ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line) throws
  -> Value
{
  try x.graph.apply1(Xor(), [x, y], site: CallSite(fileID: fileID, line: line))
}

/// Each element's bits turned; `bool` negated.
///
/// - Throws: `element-type` for floats.
public func not(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Not(), [x], site: CallSite(fileID: fileID, line: line))
}

/// How many bits of each element are set.
///
/// - Throws: `element-type` where the elements are no integers.
public func populationCount(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws
  -> Value
{
  try x.graph.apply1(PopulationCount(), [x], site: CallSite(fileID: fileID, line: line))
}

/// How many zero bits each element has above its highest set one.
///
/// - Throws: `element-type` where the elements are no integers.
public func countLeadingZeros(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws
  -> Value
{
  try x.graph.apply1(CountLeadingZeros(), [x], site: CallSite(fileID: fileID, line: line))
}
