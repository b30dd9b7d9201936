/// The type of one element of a tensor.
///
/// `bool`, the integers from 8 bits up, and `f16`, `bf16`, `f32`, `f64` take part in arithmetic.
/// The others are storage: they are converted, sliced and quantized, never added.
/// Eight-bit and narrower float formats follow the OCP "FP8" and "Microscaling Formats (MX)"
/// specifications, with the StableHLO names.
public enum ElementType: UInt8, CaseIterable, Hashable, Sendable {
  case bool
  case i2, u2, i4, u4
  case i8, u8, i16, u16, i32, u32, i64, u64
  case f4e2m1fn, f8e4m3fn, f8e4m3fnuz, f8e5m2, f8e5m2fnuz, f8e8m0fnu
  case f16, bf16, f32, f64
  case complex64, complex128
  case string

  /// The name in graph text, files and messages: `f32`, `i64`, `bool`.
  public var name: String { "\(self)" }

  /// The type called `name`, or nil.
  public init?(name: some StringProtocol) {
    guard let type = ElementType.allCases.first(where: { $0.name == name }) else { return nil }
    self = type
  }

  /// Bits of one element; 0 for `string`.
  public var bitWidth: Int {
    switch self {
    case .i2, .u2: 2
    case .i4, .u4, .f4e2m1fn: 4
    case .bool, .i8, .u8, .f8e4m3fn, .f8e4m3fnuz, .f8e5m2, .f8e5m2fnuz, .f8e8m0fnu: 8
    case .i16, .u16, .f16, .bf16: 16
    case .i32, .u32, .f32: 32
    case .i64, .u64, .f64, .complex64: 64
    case .complex128: 128
    case .string: 0
    }
  }

  /// Bytes of one element in dense storage; types under 8 bits take a whole byte in memory
  /// (files may pack them).
  public var byteWidth: Int { (bitWidth + 7) / 8 }

  /// True for f16, bf16, f32, f64 and the narrow storage floats.
  public var isFloat: Bool {
    switch self {
    case .f4e2m1fn, .f8e4m3fn, .f8e4m3fnuz, .f8e5m2, .f8e5m2fnuz, .f8e8m0fnu, .f16, .bf16, .f32,
      .f64:
      true
    default: false
    }
  }

  /// True for signed and unsigned integers of every width; not for `bool`.
  public var isInteger: Bool { isSignedInteger || isUnsignedInteger }

  public var isSignedInteger: Bool {
    switch self {
    case .i2, .i4, .i8, .i16, .i32, .i64: true
    default: false
    }
  }

  public var isUnsignedInteger: Bool {
    switch self {
    case .u2, .u4, .u8, .u16, .u32, .u64: true
    default: false
    }
  }

  public var isComplex: Bool { self == .complex64 || self == .complex128 }

  /// True where the type is storage only: no arithmetic is defined on it.
  public var isStorageOnly: Bool {
    switch self {
    case .i2, .u2, .i4, .u4, .f4e2m1fn, .f8e4m3fn, .f8e4m3fnuz, .f8e5m2, .f8e5m2fnuz, .f8e8m0fnu,
      .complex64, .complex128, .string:
      true
    default: false
    }
  }

  /// The type in which arithmetic on this one is done: f32 for the floats under it, else itself.
  public var computeType: ElementType { isFloat && bitWidth < 32 ? .f32 : self }

  /// The types that take part in arithmetic, `bool` included, in declaration order.
  public static let arithmetic: [ElementType] = allCases.filter { !$0.isStorageOnly }
  /// f16, bf16, f32, f64.
  public static let floats: [ElementType] = arithmetic.filter(\.isFloat)
  /// i8 … u64.
  public static let integers: [ElementType] = arithmetic.filter(\.isInteger)

  /// The smallest value of an integer type; for u64 and the rest of the unsigned, 0.
  public var minimumInteger: Int64 {
    isSignedInteger ? (bitWidth == 64 ? .min : -(1 << (bitWidth - 1))) : 0
  }

  /// The largest value of an integer type (1 for `bool`); nil for u64, whose largest exceeds
  /// `Int64`.
  public var maximumInteger: Int64? {
    switch self {
    case .bool: 1
    case .u64: nil
    case .i64: .max
    default:
      isSignedInteger ? (1 << (bitWidth - 1)) - 1 : (1 << bitWidth) - 1
    }
  }
}

extension ElementType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .bool: "bool"
    case .i2: "i2"
    case .u2: "u2"
    case .i4: "i4"
    case .u4: "u4"
    case .i8: "i8"
    case .u8: "u8"
    case .i16: "i16"
    case .u16: "u16"
    case .i32: "i32"
    case .u32: "u32"
    case .i64: "i64"
    case .u64: "u64"
    case .f4e2m1fn: "f4e2m1fn"
    case .f8e4m3fn: "f8e4m3fn"
    case .f8e4m3fnuz: "f8e4m3fnuz"
    case .f8e5m2: "f8e5m2"
    case .f8e5m2fnuz: "f8e5m2fnuz"
    case .f8e8m0fnu: "f8e8m0fnu"
    case .f16: "f16"
    case .bf16: "bf16"
    case .f32: "f32"
    case .f64: "f64"
    case .complex64: "complex64"
    case .complex128: "complex128"
    case .string: "string"
    }
  }
}
