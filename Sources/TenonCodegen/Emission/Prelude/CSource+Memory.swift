import TenonGraph
import TenonTensor

// Prelude functions for parts of vectors and for elements that do not lie side by side.
extension CSource {
  /// The first `count` elements of memory, zero in the other lanes.
  mutating func loadFirst(_ type: LaneType) -> String {
    let builtin = maskedBuiltin("load", type)
    return function("load_first", type) {
      """
      INLINE $T load_first_$s(const $S *p, i64 count) {\(builtin)
        $T v = ($T)(0);
        for (i64 l = 0; l < $n; ++l) if (l < count) v[l] = p[l];
        return v;
      }
      """
    }
  }

  /// Writes the first `count` lanes.
  mutating func storeFirst(_ type: LaneType) -> String {
    let builtin = maskedBuiltin("store", type)
    return function("store_first", type) {
      """
      INLINE void store_first_$s($S *p, $T v, i64 count) {\(builtin)
        for (i64 l = 0; l < $n; ++l) if (l < count) p[l] = v[l];
      }
      """
    }
  }

  /// Writes a whole vector past the caches, where it lies at a multiple of its size.
  mutating func storeStreamed(_ type: LaneType) -> String {
    function("store_streamed", type) {
      """
      INLINE void store_streamed_$s($S *p, $T v) {
        if (((u64)p & (sizeof v - 1)) == 0) {
          __builtin_nontemporal_store(v, ($T *)p);
        } else {
          *($T_at *)p = v;
        }
      }
      """
    }
  }

  /// Elements side by side where the mask, as wide as they are, holds; `fill` elsewhere.
  mutating func loadMasked(_ type: LaneType) -> String {
    var fast = ""
    if let moves = MaskedMoves(target, type) {
      fast = """

        #if __has_builtin(\(moves.load)) && __has_builtin(\(moves.mask))
          typedef \(moves.lane) moved __attribute__((vector_size(\(moves.bytes))));
          typedef \(moves.integer) masks __attribute__((vector_size(\(moves.bytes))));
          return ($T)\(moves.load)((const \(moves.lane) *)p, (moved)fill, \(moves.mask)((masks)mask));
        #endif
        """
    }
    return function("load_masked", type) {
      """
      INLINE $T load_masked_$s(const $S *p, $I mask, $T fill) {\(fast)
        if (__builtin_reduce_and(mask)) return *(const $T_at *)p;
        $T v = fill;
        for (i64 l = 0; l < $n; ++l) if (mask[l]) v[l] = p[l];
        return v;
      }
      """.replacing("$T_at", with: "\(CTypes.name(type))_at")
    }
  }

  /// First lines that use the target's masked moves where the compiler has them.
  private func maskedBuiltin(_ direction: String, _ type: LaneType) -> String {
    guard let moves = MaskedMoves(target, type) else { return "" }
    // Counts of all lanes or more leave no bit unset.
    let bits =
      type.lanes <= 16
      ? "(\(moves.bits))((1u << count) - 1)"
      : "(\(moves.bits))(count < \(type.lanes) ? (1ul << count) - 1 : ~0ul)"
    let call =
      direction == "load"
      ? "return ($T)\(moves.load)((const \(moves.lane) *)p, (moved){0}, \(bits));"
      : "\(moves.store)((\(moves.lane) *)p, (moved)v, \(bits));\n    return;"
    return """

      #if __has_builtin(\(direction == "load" ? moves.load : moves.store))
        typedef \(moves.lane) moved __attribute__((vector_size(\(moves.bytes))));
        \(call)
      #endif
      """
  }

  /// Every `step`-th element where the mask holds, `fill` elsewhere.
  mutating func loadStrided(_ type: LaneType, step: Int) -> String {
    let mask = self.type(type.with(element: .i32))
    var fast = ""
    if step == 2, type.lanes <= 16, let moves = MaskedMoves(target, type) {
      let even = (0..<type.lanes).map { "\(2 * $0)" }.joined(separator: ", ")
      fast = """

          #if __has_builtin(\(moves.load)) && __has_builtin(__builtin_ia32_cvtd2mask256)
            typedef \(moves.lane) moved __attribute__((vector_size(\(moves.bytes))));
            typedef int masks __attribute__((vector_size(\(type.lanes * 4))));
            const unsigned bits = __builtin_ia32_pdep_si(
              (unsigned)__builtin_ia32_cvtd2mask\(type.lanes * 32)((masks)mask), 0x55555555u);
            const moved a = (moved)\(moves.load)(
              (const \(moves.lane) *)p, (moved){0}, (\(moves.bits))bits);
            const moved b = (moved)\(moves.load)(
              (const \(moves.lane) *)p + $n, (moved){0}, (\(moves.bits))(bits >> $n));
            const $T apart = ($T)__builtin_shufflevector(a, b, \(even));
            const $I chosen = __builtin_convertvector(mask, $I);
            return ($T)((($I)apart & chosen) | (($I)fill & ~chosen));
          #endif
        """
    }
    return function("load_every_\(step)", type) {
      """
      INLINE $T load_every_\(step)_$s(const $S *p, \(mask) mask, $T fill) {\(fast)
        $T v;
        for (i64 l = 0; l < $n; ++l)
          v[l] = *(mask[l] ? p + l * \(step) : (const $S *)&fill + l);
        return v;
      }
      """
    }
  }

  mutating func gather(_ type: LaneType) -> String {
    let indices = self.type(type.with(element: .i64))
    let fast = gatherBuiltin(type, mask: "~0u", fill: "($T)(0)")
    return function("gather", type) {
      """
      INLINE $T gather_$s(const $S *p, \(indices) index) {\(fast)
        $T v;
        for (i64 l = 0; l < $n; ++l) v[l] = p[index[l]];
        return v;
      }
      """
    }
  }

  /// Elements where the mask holds, `fill` elsewhere.
  mutating func gatherMasked(_ type: LaneType) -> String {
    let indices = self.type(type.with(element: .i64))
    let mask = self.type(type.with(element: .i32))
    let bits = "(unsigned)__builtin_ia32_cvtd2mask\(type.lanes * 32)((masks)mask)"
    let fast = gatherBuiltin(type, mask: bits, fill: "fill")
    return function("gather_masked", type) {
      """
      INLINE $T gather_masked_$s(const $S *p, \(indices) index, \(mask) mask, $T fill) {\(fast)
        $T v;
        for (i64 l = 0; l < $n; ++l)
          v[l] = *(mask[l] ? p + index[l] : (const $S *)&fill + l);
        return v;
      }
      """
    }
  }

  /// First lines that use the target's gathers by 64-bit indices, 8 at once, where the compiler
  /// has them.
  private func gatherBuiltin(_ type: LaneType, mask: String, fill: String) -> String {
    guard let moves = MaskedMoves(target, type), let builtin = moves.gather else { return "" }
    let width = type.element.byteWidth
    let parts = (0..<type.lanes / 8).map { part -> String in
      let lanes = (0..<8).map { "\(part * 8 + $0)" }.joined(separator: ", ")
      return """
            part v\(part) = (part)\(builtin)(
              (part)__builtin_shufflevector(none, none, \(lanes)), p,
              (places)__builtin_shufflevector(index, index, \(lanes)),
              (u8)(bits >> \(part * 8)), \(width));
        """
    }
    let all = (0..<type.lanes).map { "\($0)" }.joined(separator: ", ")
    return """

      #if __has_builtin(\(builtin)) && __has_builtin(__builtin_ia32_cvtd2mask256)
        typedef \(moves.lane) part __attribute__((vector_size(\(8 * width))));
        typedef long long places __attribute__((vector_size(64)));
        typedef int masks __attribute__((vector_size(\(type.lanes * 4))));
        const unsigned bits = \(mask);
        const $T none = \(fill);
      \(parts.joined(separator: "\n"))
        return ($T)\(type.lanes == 8 ? "v0" : "__builtin_shufflevector(v0, v1, \(all))");
      #endif
      """
  }
}
