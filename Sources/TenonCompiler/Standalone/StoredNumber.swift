import TenonTensor

/// How the elements of a type are told apart: by their bits, but that any NaN stands for another,
/// since processors give NaN different signs.
struct StoredNumber {
  /// Bytes of one element.
  let width: Int
  /// The bits of infinity, past which a magnitude is NaN; all of a magnitude for other types.
  let infinity: UInt64

  init(_ type: ElementType) {
    switch type {
    case .f16: (width, infinity) = (2, 0x7C00)
    case .bf16: (width, infinity) = (2, 0x7F80)
    case .f32: (width, infinity) = (4, 0x7F80_0000)
    case .f64: (width, infinity) = (8, 0x7FF0_0000_0000_0000)
    default: (width, infinity) = (1, 0x7F)
    }
  }

  /// The 64-bit FNV-1a hash (Fowler, Noll, Vo) over the numbers of whole elements, for comparing
  /// what is too long to be written out.
  func hash(_ bytes: [UInt8]) -> UInt64 {
    let magnitude = UInt64.max >> UInt64(65 - 8 * width)
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    for start in stride(from: 0, through: bytes.count - width, by: width) {
      var bits: UInt64 = 0
      for place in 0..<width { bits |= UInt64(bytes[start + place]) << UInt64(8 * place) }
      if bits & magnitude > infinity { bits = infinity + 1 }
      value = (value ^ bits) &* 0x100_0000_01B3
    }
    return value
  }

  /// The same in C: `number(memory, width, infinity)` and `hash(memory, count, width, infinity)`.
  static let source = """
    static u64 number(const u8 *memory, i64 width, u64 infinity) {
      u64 bits = 0;
      for (i64 byte = 0; byte < width; byte++) bits |= (u64)memory[byte] << 8 * byte;
      return (bits & ~0ul >> (65 - 8 * width)) > infinity ? infinity + 1 : bits;
    }
    static u64 hash(const u8 *memory, i64 count, i64 width, u64 infinity) {
      u64 value = 0xcbf29ce484222325ul;
      for (i64 i = 0; i + width <= count; i += width)
        value = (value ^ number(memory + i, width, infinity)) * 0x100000001b3ul;
      return value;
    }

    """
}
