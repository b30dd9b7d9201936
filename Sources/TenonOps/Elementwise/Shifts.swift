import TenonGraph
import TenonTensor

/// The ops that move the bits of integers; the amount is read as unsigned.
public protocol Shift: ElementwiseBinary {}

extension Shift {
  public static func accepts(_ element: ElementType) -> Bool {
    element.isInteger && !element.isStorageOnly
  }
  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil, nil] }
}

/// The first element's bits moved up by the second; by the width or more gives 0.
public struct ShiftLeft: Shift {
  public static let name = "shift_left"
  public static let function = BinaryFunction.shiftLeft
  public init() {}
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 {
    ReferenceArithmetic.isShort(b, type) ? a << b : 0
  }
}

/// The first element's bits moved down by the second, the highest bit repeated (also that of an
/// unsigned type); by the width or more gives that bit everywhere.
public struct ShiftRightArithmetic: Shift {
  public static let name = "shift_right_arithmetic"
  public static let function = BinaryFunction.shiftRightArithmetic
  public init() {}
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 {
    let unused = Int64(64 - type.bitWidth)
    let signed = (a << unused) >> unused
    return ReferenceArithmetic.isShort(b, type) ? signed >> b : signed >> 63
  }
}

/// The first element's bits moved down by the second, zeros above; by the width or more gives 0.
public struct ShiftRightLogical: Shift {
  public static let name = "shift_right_logical"
  public static let function = BinaryFunction.shiftRightLogical
  public init() {}
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 {
    guard ReferenceArithmetic.isShort(b, type) else { return 0 }
    return Int64(bitPattern: ReferenceArithmetic.bits(a, type) >> UInt64(b))
  }
}

/// The bits of `x` moved up by `amount`; by the width or more gives 0.
///
/// - Throws: `shape-mismatch`, or `element-type` where the elements are no integers.
public func shiftLeft(
  _ x: Value, _ amount: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(ShiftLeft(), [x, amount], site: CallSite(fileID: fileID, line: line))
}

/// The bits of `x` moved down by `amount`, the highest bit repeated.
///
/// - Throws: `shape-mismatch`, or `element-type` where the elements are no integers.
public func shiftRightArithmetic(
  _ x: Value, _ amount: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    ShiftRightArithmetic(), [x, amount], site: CallSite(fileID: fileID, line: line))
}

/// The bits of `x` moved down by `amount`, zeros above.
///
/// - Throws: `shape-mismatch`, or `element-type` where the elements are no integers.
public func shiftRightLogical(
  _ x: Value, _ amount: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(ShiftRightLogical(), [x, amount], site: CallSite(fileID: fileID, line: line))
}
