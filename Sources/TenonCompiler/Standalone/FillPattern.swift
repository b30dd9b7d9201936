import TenonTensor

/// Numbers for buffers whose contents nobody gave: floats of both signs from a half up to one,
/// integers and booleans 0 or 1. The same seed gives the same bytes here and in emitted C.
struct FillPattern {
  /// Bytes of one element.
  let width: Int
  /// The bits that every element has, the bits that are random, and where the sign goes.
  let fixed: UInt64
  let mask: UInt64
  let sign: UInt64

  init(_ type: ElementType) {
    width = max(1, type.byteWidth)
    switch type {
    case .f16: (fixed, mask, sign) = (0x3800, 0x3FF, 15)
    case .bf16: (fixed, mask, sign) = (0x3F00, 0x7F, 15)
    case .f32: (fixed, mask, sign) = (0x3F00_0000, 0x7F_FFFF, 31)
    case .f64: (fixed, mask, sign) = (0x3FE0_0000_0000_0000, 0xFF_FFFF, 63)
    default: (fixed, mask, sign) = (0, 0, 0)
    }
  }

  /// The bytes of as many elements.
  func bytes(count: Int, seed: Int) -> [UInt8] {
    var state = UInt64(seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * width)
    for _ in 0..<count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let element = fixed | ((state >> 40) & mask) | ((state >> 63) << sign)
      for byte in 0..<width {
        bytes.append(byte < 8 ? UInt8(truncatingIfNeeded: element >> UInt64(8 * byte)) : 0)
      }
    }
    return bytes
  }

  /// The same in C: `fill(memory, count, seed, width, fixed, mask, sign)`.
  static let source = """
    static void fill(u8 *memory, i64 count, u64 state, i64 width, u64 fixed, u64 mask, u64 sign) {
      for (i64 i = 0; i < count; i++) {
        state = state * 6364136223846793005ul + 1442695040888963407ul;
        u64 element = fixed | (state >> 40 & mask) | state >> 63 << sign;
        for (i64 byte = 0; byte < width; byte++)
          *memory++ = byte < 8 ? (u8)(element >> 8 * byte) : 0;
      }
    }

    """
}
