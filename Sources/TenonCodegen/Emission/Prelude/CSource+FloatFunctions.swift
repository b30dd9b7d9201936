import TenonGraph
import TenonTensor

// Which prelude function computes which function of one float.
extension CSource {
  /// The function's name, defined.
  mutating func floatFunction(_ function: UnaryFunction, _ type: LaneType) -> String {
    switch function {
    case .negate:
      return self.function("negate", type) { "INLINE $T negate_$s($T x) { return -x; }" }
    case .abs:
      needBits(type)
      return self.function("abs", type) {
        "INLINE $T abs_$s($T x) { return real_$s(bits_$s(x) & (~($U)(0) >> 1)); }"
      }
    case .sign:
      return self.function("sign", type) {
        "INLINE $T sign_$s($T x) { return x > ($T)(0) ? ($T)(1) : x < ($T)(0) ? ($T)(-1) : x; }"
      }
    case .squareRoot: return squareRoot(type)
    case .reciprocalSquareRoot:
      let root = squareRoot(type)
      return self.function("reciprocal_square_root", type) {
        "INLINE $T reciprocal_square_root_$s($T x) { return ($T)(1) / \(root)(x); }"
      }
    case .floor: return rounding("floor", type)
    case .ceil: return rounding("ceil", type)
    case .roundHalfToEven: return rounding("round_even", type)
    case .roundHalfAwayFromZero: return rounding("round_away", type)
    case .not, .isFinite, .countLeadingZeros, .populationCount:
      preconditionFailure("internal: \(function.rawValue) of a float")
    default: return transcendental(function, type)
    }
  }

  mutating func squareRoot(_ type: LaneType) -> String {
    let scalar = type.element == .f32 ? "__builtin_sqrtf" : "__builtin_sqrt"
    return function("square_root", type) {
      type.lanes == 1
        ? "INLINE $T square_root_$s($T x) { return \(scalar)(x); }"
        : """
        INLINE $T square_root_$s($T x) {
        #if __has_builtin(__builtin_elementwise_sqrt)
          return __builtin_elementwise_sqrt(x);
        #else
          for (int l = 0; l < $n; ++l) x[l] = \(scalar)(x[l]);
          return x;
        #endif
        }
        """
    }
  }

  /// `floor`, `ceil`, `round_even`, `round_away` or `truncate`: a number past 2^fraction bits is
  /// whole already, and the result has the operand's sign.
  mutating func rounding(_ name: String, _ type: LaneType) -> String {
    needBits(type)
    let isSingle = type.element == .f32
    let whole = isSingle ? "0x1p23f" : "0x1p52"
    let body =
      switch name {
      case "floor": "r = r > a ? r - one : r;"
      case "ceil": "r = r < a ? r + one : r;"
      case "truncate": "r = abs_r > abs_a ? r - (a < ($T)(0) ? -one : one) : r;"
      case "round_away":
        "r = ((a - r == half) & (a > ($T)(0))) ? r + one : r;\n"
          + "  r = ((a - r == -half) & (a < ($T)(0))) ? r - one : r;"
      default: ""
      }
    _ = floatFunction(.abs, type)
    let builtins = [
      "floor": "floor", "ceil": "ceil", "truncate": "trunc", "round_even": "roundeven",
    ]
    let oneInstruction =
      builtins[name].map {
        """

        #if __has_builtin(__builtin_elementwise_\($0)) && (defined(__SSE4_1__) || defined(__aarch64__))
          return __builtin_elementwise_\($0)(a);
        #endif
        """
      } ?? ""
    return function(name, type) {
      """
      INLINE $T \(name)_$s($T a) {\(oneInstruction)
        const $T one = ($T)(1), half = one / ($T)(2), big = ($T)(\(whole)), abs_a = abs_$s(a);
        // Adding and taking away a large number rounds to nearest even.
        $T r = a < ($T)(0) ? (a - big) + big : (a + big) - big;
        const $T abs_r = abs_$s(r);
        (void)one; (void)half; (void)abs_r;
        \(body)
        // Written out, the sign's bits and the choice become one instruction with its operands
        // mistaken by some versions of clang.
      #if __has_builtin(__builtin_elementwise_copysign)
        return abs_a < big ? __builtin_elementwise_copysign(r, a) : a;
      #else
        const $U sign = bits_$s(a) & ~(~($U)(0) >> 1);
        return abs_a < big ? real_$s((bits_$s(r) & (~($U)(0) >> 1)) | sign) : a;
      #endif
      }
      """
    }
  }
}
