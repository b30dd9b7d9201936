import TenonGraph
import TenonTensor

// Prelude functions of narrow numbers whose products are summed.
extension CSource {
  /// The four bytes of a short vector as often as `lanes` take.
  mutating func repeated(_ part: LaneType, lanes: Int) -> String {
    precondition(
      part.lanes * part.element.byteWidth == 4, "internal: a repeated part of other bytes")
    let source = type(part)
    let words = type(LaneType(.i32, lanes: lanes / part.lanes))
    return function("repeat", part.with(lanes: lanes)) {
      """
      INLINE $T repeat_$s(\(source) x) {
        i32 word;
        __builtin_memcpy(&word, &x, 4);
        return ($T)(\(words))(word);
      }
      """
    }
  }

  /// `(a, b, c)` to `c` plus products of neighbours of `a` and `b`; `part` is the type of `a`.
  mutating func dotProduct(_ part: LaneType, _ type: LaneType) -> String {
    switch part.element {
    case .i16: dotProductOfPairs(type)
    case .bf16: dotProductOfFloats(type)
    default: dotProductOfBytes(type)
    }
  }

  /// Pairs of bf16, with the instruction for them or, for vectors of other widths, in f32.
  private mutating func dotProductOfFloats(_ type: LaneType) -> String {
    let pairs = self.type(LaneType(.bf16, lanes: type.lanes * 2))
    guard target.hasBFloat16DotProduct, type.lanes == 16 else {
      let words = self.type(LaneType(.u32, lanes: type.lanes))
      return function("dot_of_floats", type) {
        """
        INLINE $T dot_of_floats_$s(\(pairs) a, \(pairs) b, $T c) {
          const \(words) x = (\(words))a, y = (\(words))b;
          c = MULTIPLY_ADD(($T)(x & 0xffff0000u), ($T)(y & 0xffff0000u), c);
          return MULTIPLY_ADD(($T)(x << 16), ($T)(y << 16), c);
        }
        """
      }
    }
    return function("dot_of_floats", type) {
      """
      INLINE $T dot_of_floats_$s(\(pairs) a, \(pairs) b, $T c) {
        typedef __bf16 numbers __attribute__((vector_size(64)));
        typedef float sums __attribute__((vector_size(64)));
        return ($T)__builtin_ia32_dpbf16ps_512((sums)c, (numbers)a, (numbers)b);
      }
      """
    }
  }

  private mutating func dotProductOfPairs(_ type: LaneType) -> String {
    let pairs = self.type(LaneType(.i16, lanes: type.lanes * 2))
    let bytes = type.lanes * 4
    var text = "  typedef short pairs __attribute__((vector_size(\(bytes))));\n"
    text += "  typedef int sums __attribute__((vector_size(\(bytes))));\n"
    if target.hasByteDotProduct, bytes == 64 {
      text += "  return ($T)__builtin_ia32_vpdpwssd512((sums)c, (sums)a, (sums)b);"
    } else {
      let builtin = "__builtin_ia32_pmaddwd\(bytes * 8)"
      text += """
        #if __has_builtin(\(builtin)) && defined(__SSE2__)
          return c + ($T)\(builtin)((pairs)a, (pairs)b);
        #else
          const $T x = ($T)a, y = ($T)b;
          return c + (x << 16 >> 16) * (y << 16 >> 16) + (x >> 16) * (y >> 16);
        #endif
        """
    }
    return function("dot_of_pairs", type) {
      "INLINE $T dot_of_pairs_$s(\(pairs) a, \(pairs) b, $T c) {\n\(text)\n}"
    }
  }

  private mutating func dotProductOfBytes(_ type: LaneType) -> String {
    let (bytes, signed) = (
      LaneType(.u8, lanes: type.lanes * 4), LaneType(.i8, lanes: type.lanes * 4)
    )
    let arguments = "\(self.type(bytes)) a, \(self.type(signed)) b, $T c"
    let width = type.lanes * 4
    if target.hasByteDotProduct, width == 64 {
      return function("dot_of_bytes", type) {
        """
        INLINE $T dot_of_bytes_$s(\(arguments)) {
          typedef int sums __attribute__((vector_size(64)));
          return ($T)__builtin_ia32_vpdpbusd512((sums)c, (sums)a, (sums)b);
        }
        """
      }
    }
    // Even and odd bytes as pairs of 16-bit integers: their products and sums are exact.
    let pairs = dotProductOfPairs(type)
    let narrow = self.type(LaneType(.i16, lanes: type.lanes * 2))
    let natural = self.type(LaneType(.u16, lanes: type.lanes * 2))
    return function("dot_of_bytes", type) {
      """
      INLINE $T dot_of_bytes_$s(\(arguments)) {
        const \(natural) x = (\(natural))a;
        const \(narrow) y = (\(narrow))b;
        c = \(pairs)((\(narrow))(x & 255), y << 8 >> 8, c);
        return \(pairs)((\(narrow))(x >> 8), y >> 8, c);
      }
      """
    }
  }
}
