import TenonTensor

/// The names that the safetensors format has for element types.
enum SafetensorsType {
  /// In the order of the format's own list. The types under 8 bits are read, not written: Tenon
  /// stores them as packed `U8`.
  private static let names: [(String, ElementType)] = [
    ("BOOL", .bool), ("F4", .f4e2m1fn), ("U8", .u8), ("I8", .i8), ("F8_E5M2", .f8e5m2),
    ("F8_E4M3", .f8e4m3fn), ("F8_E8M0", .f8e8m0fnu), ("F8_E4M3FNUZ", .f8e4m3fnuz),
    ("F8_E5M2FNUZ", .f8e5m2fnuz), ("I16", .i16), ("U16", .u16), ("F16", .f16), ("BF16", .bf16),
    ("I32", .i32), ("U32", .u32), ("F32", .f32), ("C64", .complex64), ("F64", .f64),
    ("I64", .i64), ("U64", .u64),
  ]

  static func elementType(name: String) -> ElementType? {
    names.first { $0.0 == name }?.1
  }

  /// The name under which tensors of `type` are written; nil for those that must be packed or
  /// converted first.
  static func name(_ type: ElementType) -> String? {
    type.bitWidth < 8 ? nil : names.first { $0.1 == type }?.0
  }
}
