import TenonGraph
import TenonTensor

// Prelude functions built on exp.
extension CSource {
  /// What is known of an exponential's argument.
  enum ExponentialDomain {
    case any
    /// Of at most 80 in magnitude: neither the argument nor the result needs care.
    case near
    /// Not positive. The result is 2⁶⁴ times the exponential, which no argument makes subnormal.
    case scaled
  }

  /// exp x = 2ⁿ exp r, n the integer nearest x / ln 2. The power of two is applied in two factors
  /// where results may be subnormal, so that these are rounded once, and large ones overflow late.
  /// What rounds to 0 is made 0 without a product: those of subnormal numbers take many times as
  /// long, and masked scores are such arguments.
  mutating func exponentialSingle(_ type: LaneType, _ domain: ExponentialDomain = .any) -> String {
    needBits(type)
    // The last bits of `t` are those of n, or at once of the exponent of 2ⁿ or 2ⁿ⁺⁶⁴.
    let (name, magic, bounded) =
      switch domain {
      case .any: ("exponential", "12582912.0f", "bounded > high ? high : bounded")
      case .near: ("exponential_near", "12583039.0f", "a")
      case .scaled: ("exponential_scaled", "12583103.0f", "bounded")
      }
    let power =
      if case .any = domain {
        """
        const $I n = ($I)bits_$s(t) - ($I)(0x4b400000), n1 = n >> 1, n2 = n - n1;
          const $U last = a < low ? ($U)(0) : ($U)(n2 + 127) << 23;
          return e * real_$s(($U)(n1 + 127) << 23) * real_$s(last);
        """
      } else {
        "return e * real_$s(bits_$s(t) << 23);"
      }
    let atOnce = domain == .scaled ? "" : scaledByPower(type)
    return function(name, type) {
      """
      INLINE $T \(name)_$s($T a) {
        const $T low = ($T)(-104.0f), high = ($T)(89.0f), magic = ($T)(\(magic)), one = ($T)(1.0f);
        const $T bounded = a < low ? low : a;
        (void)bounded; (void)high;
        const $T x = \(bounded);
        const $T t = MULTIPLY_ADD(x, ($T)(1.4426950f), magic), m = t - magic;
        const $T r = MULTIPLY_ADD(m, ($T)(-3.1946186e-05f), MULTIPLY_ADD(m, ($T)(-0.693115234375f), x));
        const $T p = \(Polynomial.exponentialSingle.horner("r", .f32));
        const $T e = MULTIPLY_ADD(MULTIPLY_ADD(p, r, one), r, one);\(atOnce)
        \(power)
      }
      """
    }
  }

  /// First lines that multiply by 2ⁿ at once, with the same result, where the compiler has it.
  private func scaledByPower(_ type: LaneType) -> String {
    guard target.instructionSet == .avx512, type == LaneType(.f32, lanes: 16) else { return "" }
    let (name, compare) = ("__builtin_ia32_scalefps512_mask", "__builtin_ia32_cmpps512_mask")
    return """

      #if __has_builtin(\(name))
        typedef float scaled __attribute__((vector_size(64)));
        const unsigned short kept = \(compare)((scaled)a, (scaled)low, 5, (unsigned short)-1, 4);
        return ($T)\(name)((scaled)e, (scaled)m, (scaled){0}, kept, 4);
      #endif
      """
  }

  mutating func exponential(_ type: LaneType) -> String {
    let reduce = reduceByLogarithm(type)
    return function("exponential", type) {
      """
      INLINE $T exponential_$s($T a) {
        $I n;
        const $T r = \(reduce)(a, -746.0, 710.0, &n);
        const $T p = \(Polynomial.exponential.horner("r", .f64));
        return scale_$s(MULTIPLY_ADD(r * r, p, r) + ($T)(1.0), n);
      }
      """
    }
  }

  /// `reduce_by_log2` gives r = x - n ln 2 of x between bounds; `scale` multiplies by 2ⁿ.
  private mutating func reduceByLogarithm(_ type: LaneType) -> String {
    needBits(type)
    return function("reduce_by_log2", type) {
      """
      INLINE $T reduce_by_log2_$s($T a, f64 low, f64 high, $I *n) {
        const $T magic = ($T)(6755399441055744.0);
        $T x = a < ($T)(low) ? ($T)(low) : a;
        x = x > ($T)(high) ? ($T)(high) : x;
        const $T t = MULTIPLY_ADD(x, ($T)(1.4426950408889634), magic), m = t - magic;
        *n = ($I)bits_$s(t) - ($I)(0x4338000000000000);
        return MULTIPLY_ADD(m, ($T)(4.2009150726810846e-11),
                            MULTIPLY_ADD(m, ($T)(-0.6931471806019545), x));
      }
      INLINE $T power_of_two_$s($I n) { return real_$s(($U)(n + 1023) << 52); }
      INLINE $T scale_$s($T x, $I n) {
        const $I n1 = n >> 1;
        return x * power_of_two_$s(n1) * power_of_two_$s(n - n1);
      }
      """
    }
  }

  /// 2ⁿ (exp r - 1) + (2ⁿ - 1).
  mutating func exponentialMinusOne(_ type: LaneType) -> String {
    let reduce = reduceByLogarithm(type)
    return function("exponential_minus_one", type) {
      """
      INLINE $T exponential_minus_one_$s($T a) {
        $I n;
        const $T r = \(reduce)(a, -60.0, 710.0, &n), one = ($T)(1.0);
        const $T p = \(Polynomial.exponential.horner("r", .f64));
        const $T e = MULTIPLY_ADD(r * r, p, r);
        const $T s = power_of_two_$s(n < ($I)(60) ? n : ($I)(60));
        const $T small = MULTIPLY_ADD(s, e, s - one), large = scale_$s(e + one, n);
        return a == ($T)(0.0) ? a : n < ($I)(60) ? small : large;
      }
      """
    }
  }

  /// 1 / (1 + exp -x), with exp of a negative number alone.
  mutating func logistic(_ type: LaneType) -> String {
    let abs = floatFunction(.abs, type)
    if type.element == .f32, scaledByPower(type).isEmpty { return logisticSingle(type, abs) }
    let exponential = transcendental(.exponential, type)
    return function("logistic", type) {
      """
      INLINE $T logistic_$s($T x) {
        const $T one = ($T)(1), e = \(exponential)(-\(abs)(x));
        return (x < ($T)(0) ? e : one) / (one + e);
      }
      """
    }
  }

  /// With numerator and exponential times 2⁶⁴, which is taken off last.
  private mutating func logisticSingle(_ type: LaneType, _ abs: String) -> String {
    let exponential = exponentialSingle(type, .scaled)
    return function("logistic", type) {
      """
      INLINE $T logistic_$s($T x) {
        const $T e = \(exponential)(-\(abs)(x)), back = ($T)(0x1p-64f);
        const $T numerator = ($I)bits_$s(x) < ($I)(0) ? e : ($T)(0x1p64f);
        return numerator / MULTIPLY_ADD(e, back, ($T)(1.0f)) * back;
      }
      """
    }
  }

  /// An odd polynomial near 0, else 1 - 2 / (exp 2x + 1).
  mutating func hyperbolicTangentSingle(_ type: LaneType) -> String {
    let exponential = exponentialSingle(type, .near)
    let abs = floatFunction(.abs, type)
    return function("hyperbolic_tangent", type) {
      """
      INLINE $T hyperbolic_tangent_$s($T x) {
        const $T a = \(abs)(x), one = ($T)(1.0f), z = x * x;
        const $T t = a > ($T)(10.0f) ? ($T)(10.0f) : a;
        const $T large = one - ($T)(2.0f) / (\(exponential)(t + t) + one);
        const $T p = \(Polynomial.tangentSingle.horner("z", .f32));
        const $T small = MULTIPLY_ADD(z * p, x, x);
        const $T far = real_$s(bits_$s(large) | (bits_$s(x) & ($U)(0x80000000u)));
        const $T r = a < ($T)(0.625f) ? small : far;
        return x == ($T)(0.0f) ? x : r;
      }
      """
    }
  }

  /// With u = exp(-2|x|) - 1: -u / (u + 2).
  mutating func hyperbolicTangent(_ type: LaneType) -> String {
    let minusOne = exponentialMinusOne(type)
    let abs = floatFunction(.abs, type)
    return function("hyperbolic_tangent", type) {
      """
      INLINE $T hyperbolic_tangent_$s($T x) {
        const $T u = \(minusOne)(($T)(-2.0) * \(abs)(x)), r = -u / (u + ($T)(2.0));
        return real_$s(bits_$s(\(abs)(r)) | (bits_$s(x) & ($U)(0x8000000000000000ul)));
      }
      """
    }
  }

  mutating func hyperbolicSine(_ type: LaneType) -> String {
    let exponential = exponential(type)
    let minusOne = exponentialMinusOne(type)
    let abs = floatFunction(.abs, type)
    return function("hyperbolic_sine", type) {
      """
      INLINE $T hyperbolic_sine_$s($T x) {
        const $T a = \(abs)(x), half = ($T)(0.5), u = \(minusOne)(a), e = \(exponential)(half * a);
        const $T near = half * (u + u / (u + ($T)(1.0)));
        const $T r = a > ($T)(700.0) ? half * e * e : near;
        return real_$s(bits_$s(r) | (bits_$s(x) & ($U)(0x8000000000000000ul)));
      }
      """
    }
  }

  mutating func hyperbolicCosine(_ type: LaneType) -> String {
    let exponential = exponential(type)
    let abs = floatFunction(.abs, type)
    return function("hyperbolic_cosine", type) {
      """
      INLINE $T hyperbolic_cosine_$s($T x) {
        const $T a = \(abs)(x), half = ($T)(0.5), far = ($T)(700.0);
        const $T e = \(exponential)(a > far ? half * a : a);
        return a > far ? half * e * e : half * e + half / e;
      }
      """
    }
  }

  /// Near 0 a polynomial; else 1 - exp(-q(|x|)), where q fits -log(1 - erf).
  mutating func errorFunctionSingle(_ type: LaneType) -> String {
    let exponential = exponentialSingle(type, .near)
    let abs = floatFunction(.abs, type)
    return function("error_function", type) {
      """
      INLINE $T error_function_$s($T x) {
        const $T a = \(abs)(x), t = a > ($T)(4.0f) ? ($T)(4.0f) : a, z = x * x;
        const $T q = \(Polynomial.errorLogarithmSingle.horner("t", .f32));
        const $T large = ($T)(1.0f) - \(exponential)(-q);
        const $T far = real_$s(bits_$s(large) | (bits_$s(x) & ($U)(0x80000000u)));
        const $T p = \(Polynomial.errorSingle.horner("z", .f32));
        return a < ($T)(0.9296875f) ? MULTIPLY_ADD(p, x, x) : far;
      }
      """
    }
  }

  /// 1 + erf(x) within the rounding of the two one after the other, in one branch: exp(-q(|x|)) of
  /// negative numbers, 2 less it of others.
  mutating func onePlusErrorFunction(_ type: LaneType) -> String {
    let exponential = exponentialSingle(type, .near)
    let abs = floatFunction(.abs, type)
    return function("one_plus_error_function", type) {
      """
      INLINE $T one_plus_error_function_$s($T x) {
        const $T a = \(abs)(x), far = ($T)(4.0f), zero = ($T)(0.0f), t = a > far ? far : a;
        const $T q = \(Polynomial.errorComplementLogarithmSingle.horner("t", .f32));
        const $T e = \(exponential)(-(q * t)), tail = a >= far ? zero : e;
        return x < zero ? tail : ($T)(2.0f) - tail;
      }
      """
    }
  }

  /// Near 0 a polynomial; else 1 - exp(-x²) g(x), where g fits exp(x²) (1 - erf x).
  mutating func errorFunction(_ type: LaneType) -> String {
    let exponential = exponential(type)
    let abs = floatFunction(.abs, type)
    return function("error_function", type) {
      """
      INLINE $T error_function_$s($T x) {
        const $T a = \(abs)(x), t = a > ($T)(6.0) ? ($T)(6.0) : a, z = x * x;
        const $T k = ($T)(2.6), v = ($T)(1.0) / (t + k), u = (t - k) * v;
        const $T g = \(Polynomial.errorComplement.horner("u", .f64));
        const $T large = ($T)(1.0) - \(exponential)(-(t * t)) * (g * v);
        const $T far = real_$s(bits_$s(large) | (bits_$s(x) & ($U)(0x8000000000000000ul)));
        const $T p = \(Polynomial.error.horner("z", .f64));
        const $T r = a < ($T)(1.0) ? MULTIPLY_ADD(p, x, x) : far;
        return x == x ? r : x;
      }
      """
    }
  }
}
