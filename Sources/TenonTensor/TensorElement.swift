/// A Swift type that can be an element of a tensor.
public protocol TensorElement: Sendable, Equatable {
  static var elementType: ElementType { get }
}

extension Bool: TensorElement { public static var elementType: ElementType { .bool } }
extension Int8: TensorElement { public static var elementType: ElementType { .i8 } }
extension UInt8: TensorElement { public static var elementType: ElementType { .u8 } }
extension Int16: TensorElement { public static var elementType: ElementType { .i16 } }
extension UInt16: TensorElement { public static var elementType: ElementType { .u16 } }
extension Int32: TensorElement { public static var elementType: ElementType { .i32 } }
extension UInt32: TensorElement { public static var elementType: ElementType { .u32 } }
extension Int64: TensorElement { public static var elementType: ElementType { .i64 } }
extension UInt64: TensorElement { public static var elementType: ElementType { .u64 } }
extension Int: TensorElement { public static var elementType: ElementType { .i64 } }
extension Float16: TensorElement { public static var elementType: ElementType { .f16 } }
extension Float: TensorElement { public static var elementType: ElementType { .f32 } }
extension Double: TensorElement { public static var elementType: ElementType { .f64 } }
extension BFloat16: TensorElement { public static var elementType: ElementType { .bf16 } }

/// The upper 16 bits of an IEEE 754 binary32: 8 exponent bits, 7 stored fraction bits.
public struct BFloat16: Hashable, Sendable {
  public var bitPattern: UInt16
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// The nearest bfloat16, ties to even; every NaN stays a NaN.
  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      bitPattern = UInt16(truncatingIfNeeded: bits >> 16) | 0x40
    } else {
      let bias = 0x7FFF + ((bits >> 16) & 1)
      bitPattern = UInt16(truncatingIfNeeded: (bits &+ bias) >> 16)
    }
  }

  /// The nearest bfloat16, ties to even, rounded once.
  public init(_ value: Double) {
    // Rounding to odd first keeps the second rounding from seeing a false tie.
    let nearest = Float(value)
    if value.isNaN || nearest.isInfinite || Double(nearest) == value {
      self.init(nearest)
    } else {
      let towardZero = Double(nearest.magnitude) > value.magnitude ? nearest.towardZero : nearest
      self.init(Float(bitPattern: towardZero.bitPattern | 1))
    }
  }

  public var float: Float { Float(bitPattern: UInt32(bitPattern) << 16) }
}

extension Float {
  fileprivate var towardZero: Float { self > 0 ? nextDown : nextUp }
}
