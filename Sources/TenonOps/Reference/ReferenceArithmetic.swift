import Glibc
import TenonTensor

/// Scalar arithmetic as Docs/Semantics.md has it, for `evaluate`: floats as `Double` before one
/// rounding to their type, integers as `Int64` before wrapping to their width.
enum ReferenceArithmetic {
  /// An integer brought into the range of `type` by wrapping.
  static func wrapped(_ value: Int64, _ type: ElementType) -> Int64 {
    switch type {
    case .bool: value != 0 ? 1 : 0
    case .i8: Int64(Int8(truncatingIfNeeded: value))
    case .u8: Int64(UInt8(truncatingIfNeeded: value))
    case .i16: Int64(Int16(truncatingIfNeeded: value))
    case .u16: Int64(UInt16(truncatingIfNeeded: value))
    case .i32: Int64(Int32(truncatingIfNeeded: value))
    case .u32: Int64(UInt32(truncatingIfNeeded: value))
    default: value
    }
  }

  /// Whether a is before b among integers of `type`.
  static func isLess(_ a: Int64, _ b: Int64, _ type: ElementType) -> Bool {
    type == .u64 ? UInt64(bitPattern: a) < UInt64(bitPattern: b) : a < b
  }

  /// Toward zero; by zero gives -1 (all bits set for unsigned); the least by -1 gives the least.
  static func quotient(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 {
    if b == 0 { return wrapped(-1, type) }
    if type == .u64 {
      return Int64(bitPattern: UInt64(bitPattern: a) / UInt64(bitPattern: b))
    }
    return wrapped(a.dividedReportingOverflow(by: b).partialValue, type)
  }

  /// The sign of the dividend; by zero gives the dividend.
  static func remainder(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 {
    if b == 0 { return a }
    if type == .u64 {
      return Int64(bitPattern: UInt64(bitPattern: a) % UInt64(bitPattern: b))
    }
    return b == -1 ? 0 : a % b
  }

  /// Wrapping; a negative exponent gives 0 but for the bases 1 and -1.
  static func power(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 {
    if b < 0, type != .u64 { return a == 1 ? 1 : a == -1 ? (b & 1 == 0 ? 1 : -1) : 0 }
    var (result, base, exponent) = (Int64(1), a, UInt64(bitPattern: b))
    while exponent > 0 {
      if exponent & 1 == 1 { result = result &* base }
      base = base &* base
      exponent >>= 1
    }
    return wrapped(result, type)
  }

  /// The element's bits with zeros above its width.
  static func bits(_ value: Int64, _ type: ElementType) -> UInt64 {
    UInt64(bitPattern: value) & (type.bitWidth == 64 ? .max : (1 << UInt64(type.bitWidth)) - 1)
  }

  /// Whether a shift amount, read as unsigned, is less than the width.
  static func isShort(_ amount: Int64, _ type: ElementType) -> Bool {
    amount >= 0 && amount < Int64(type.bitWidth)
  }

  /// NaN if either is; +0 over -0.
  static func maximum(_ a: Double, _ b: Double) -> Double {
    if a.isNaN || b.isNaN { return .nan }
    if a == b { return a.sign == .minus ? b : a }
    return a > b ? a : b
  }

  /// NaN if either is; -0 under +0.
  static func minimum(_ a: Double, _ b: Double) -> Double {
    if a.isNaN || b.isNaN { return .nan }
    if a == b { return a.sign == .minus ? a : b }
    return a < b ? a : b
  }
}
