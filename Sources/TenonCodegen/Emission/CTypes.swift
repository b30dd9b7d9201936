import TenonGraph
import TenonTensor

/// Names and type definitions of emitted C.
enum CTypes {
  /// The C type that holds one element of a tensor, and one lane of a value but `bool`.
  static func scalar(_ element: ElementType) -> String {
    switch element {
    case .f32, .f64, .i8, .u8, .i16, .u16, .i32, .u32, .i64, .u64: element.name
    case .f16, .bf16: "u16"
    case .bool, .i2, .i4, .u2, .u4, .f4e2m1fn, .f8e4m3fn, .f8e4m3fnuz, .f8e5m2, .f8e5m2fnuz,
      .f8e8m0fnu:
      "u8"
    case .complex64, .complex128, .string:
      preconditionFailure("internal: a kernel of \(element)")
    }
  }

  /// `f32x16`; the scalar type with one lane.
  static func name(_ type: LaneType) -> String {
    type.lanes == 1 ? scalar(type.element) : "\(scalar(type.element))x\(type.lanes)"
  }

  /// The signed integer of as many bytes.
  static func integer(bytes: Int) -> ElementType {
    switch bytes {
    case 1: .i8
    case 2: .i16
    case 4: .i32
    default: .i64
    }
  }

  /// The unsigned integer of as many bytes.
  static func unsigned(bytes: Int) -> ElementType {
    switch bytes {
    case 1: .u8
    case 2: .u16
    case 4: .u32
    default: .u64
    }
  }

  /// What every emitted file begins with.
  static let header = """
    typedef signed char i8;
    typedef unsigned char u8;
    typedef short i16;
    typedef unsigned short u16;
    typedef int i32;
    typedef unsigned int u32;
    typedef long i64;
    typedef unsigned long u64;
    typedef float f32;
    typedef double f64;
    #define INLINE static inline __attribute__((always_inline, unused))
    #define convert_scalar(x, T) ((T)(x))
    #define convert_vector(x, T) __builtin_convertvector(x, T)
    #define MINIMUM(a, b) ((a) < (b) ? (a) : (b))
    #define MAXIMUM(a, b) ((a) > (b) ? (a) : (b))
    INLINE i64 FLOOR_DIVIDE(i64 a, i64 b) { return a / b - (a % b < 0); }
    INLINE i64 FLOOR_REMAINDER(i64 a, i64 b) { return a % b + (a % b < 0 ? b : 0); }

    """

  /// A number as a C constant of the element type.
  static func literal(_ value: Double, _ element: ElementType) -> String {
    if element == .f64 {
      if value.isNaN { return "__builtin_nan(\"\")" }
      if value.isInfinite { return value < 0 ? "-__builtin_inf()" : "__builtin_inf()" }
      return "\(value)"
    }
    let value = Float(value)
    if value.isNaN { return "__builtin_nanf(\"\")" }
    if value.isInfinite { return value < 0 ? "-__builtin_inff()" : "__builtin_inff()" }
    return "\(value)f"
  }

  /// A number as a C constant of the element type; u64 by its bits.
  static func literal(_ value: Int64, _ element: ElementType) -> String {
    switch element {
    case .u64: "\(UInt64(bitPattern: value))ul"
    case .u32: "\(UInt32(truncatingIfNeeded: value))u"
    case .i64: value == .min ? "(-9223372036854775807l - 1)" : "\(value)l"
    case .i32:
      value == Int64(Int32.min)
        ? "(-2147483647 - 1)" : "\(Int32(truncatingIfNeeded: value))"
    case .bool: value == 0 ? "0" : "1"
    default: "(\(scalar(element)))\(value)"
    }
  }
}
