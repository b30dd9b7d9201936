import TenonTensor

/// The element type of an npy file: NumPy's type string, as in `<f4` or `|b1`.
enum NpyType: Equatable {
  case element(ElementType, bigEndian: Bool)
  /// Fixed-width text of 4-byte characters, padded with zeros.
  case unicode(length: Int, bigEndian: Bool)
  /// Fixed-width bytes, padded with zeros.
  case bytes(length: Int)

  /// Bytes of one element in the file.
  var byteWidth: Int {
    switch self {
    case .element(let type, _): type.byteWidth
    case .unicode(let length, _): 4 * length
    case .bytes(let length): length
    }
  }

  /// In the order of `ElementType`. NumPy has no bfloat16: the ml_dtypes package stores it as
  /// 2 bytes without a meaning, which are read as bfloat16.
  private static let names: [(String, ElementType)] = [
    ("b1", .bool), ("i1", .i8), ("u1", .u8), ("i2", .i16), ("u2", .u16), ("i4", .i32),
    ("u4", .u32), ("i8", .i64), ("u8", .u64), ("f2", .f16), ("V2", .bf16), ("f4", .f32),
    ("f8", .f64), ("c8", .complex64), ("c16", .complex128),
  ]

  /// The type of a type string; nil where Tenon has none for it.
  init?(_ text: String) {
    var rest = text[...]
    var bigEndian = false
    if let order = rest.first, "<>|=".contains(order) {
      bigEndian = order == ">"
      rest = rest.dropFirst()
    }
    if rest == "?" { rest = "b1" }
    if let type = NpyType.names.first(where: { $0.0 == rest })?.1 {
      self = .element(type, bigEndian: bigEndian && type.byteWidth > 1)
      return
    }
    guard let kind = rest.first, rest.dropFirst().utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
      let length = Int(rest.dropFirst()), length > 0, length <= NpyText.mostCharacters
    else { return nil }
    switch kind {
    case "U": self = .unicode(length: length, bigEndian: bigEndian)
    case "S", "a": self = .bytes(length: length)
    default: return nil
    }
  }

  /// The type string under which elements of `type` are written; nil where NumPy has none.
  static func text(_ type: ElementType) -> String? {
    names.first { $0.1 == type }.map { (type.byteWidth == 1 ? "|" : "<") + $0.0 }
  }
}
