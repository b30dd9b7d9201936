import TenonGraph
import TenonTensor

// Prelude functions built on log.
extension CSource {
  /// x = 2ᵏ (1 + f) with 1 + f near 1; log x = k ln 2 + log(1 + f).
  mutating func logarithmSingle(_ type: LaneType) -> String {
    needBits(type)
    return function("log", type) {
      """
      INLINE $T log_$s($T a) {
        const $T zero = ($T)(0.0f), infinity = ($T)(__builtin_inff());
        const $I tiny = a < ($T)(0x1p-126f);
        const $T x = tiny ? a * ($T)(0x1p23f) : a;
        const $U b = bits_$s(x) - ($U)(0x3f3504f3u);
        const $I k = (($I)b >> 23) - (tiny ? ($I)(23) : ($I)(0));
        const $T f = real_$s((b & ($U)(0x7fffffu)) + ($U)(0x3f3504f3u)) - ($T)(1.0f);
        const $T m = $convert(k, $T), z = f * f;
        const $T p = \(Polynomial.logarithmSingle.horner("f", .f32));
        $T y = MULTIPLY_ADD(f * z, p, m * ($T)(3.1946186e-05f));
        y = f + MULTIPLY_ADD(($T)(-0.5f), z, y);
        y = MULTIPLY_ADD(m, ($T)(0.693115234375f), y);
        y = a < infinity ? y : a;
        y = a == zero ? -infinity : y;
        return a < zero ? ($T)(__builtin_nanf("")) : y;
      }
      """
    }
  }

  mutating func logarithm(_ type: LaneType) -> String {
    let split = splitExponent(type)
    return function("log", type) {
      """
      INLINE $T log_$s($T a) {
        const $T zero = ($T)(0.0), infinity = ($T)(__builtin_inf()), half = ($T)(0.5);
        $T m;
        const $T f = \(split)(a, &m) - ($T)(1.0), s = f / (f + ($T)(2.0)), z = s * s;
        const $T p = z * \(Polynomial.logarithm.horner("z", .f64));
        const $T h = half * f * f;
        const $T low = MULTIPLY_ADD(s, h + p, m * ($T)(-4.2009150726810846e-11));
        $T y = MULTIPLY_ADD(m, ($T)(0.6931471806019545), f - (h - low));
        y = a < infinity ? y : a;
        y = a == zero ? -infinity : y;
        return a < zero ? ($T)(__builtin_nan("")) : y;
      }
      """
    }
  }

  /// x = 2ᵐ y with sqrt(1/2) <= y < sqrt 2; gives y.
  private mutating func splitExponent(_ type: LaneType) -> String {
    needBits(type)
    return function("split_exponent", type) {
      """
      INLINE $T split_exponent_$s($T a, $T *m) {
        const $I tiny = a < ($T)(0x1p-1022);
        const $T x = tiny ? a * ($T)(0x1p52) : a;
        const $U least = ($U)(0x3fe6a09e667f3bcdul), b = bits_$s(x) - least;
        const $I k = (($I)b >> 52) - (tiny ? ($I)(52) : ($I)(0));
        *m = $convert(k, $T);
        return real_$s((b & ($U)(0xffffffffffffful)) + least);
      }
      """
    }
  }

  /// log u + c / u, where u = 1 + x rounded and c what rounding lost.
  mutating func logarithmPlusOne(_ type: LaneType) -> String {
    let log = logarithm(type)
    return function("log_plus_one", type) {
      """
      INLINE $T log_plus_one_$s($T x) {
        const $T one = ($T)(1.0), zero = ($T)(0.0), u = one + x, d = u - one;
        const $T c = (one - (u - d)) + (x - d), l = \(log)(u);
        const $T r = u > zero ? l + c / u : l;
        return (x == zero) | (u == ($T)(__builtin_inf())) ? x : r;
      }
      """
    }
  }

  mutating func inverseHyperbolicSine(_ type: LaneType) -> String {
    let (log, log1p, abs) = (logarithm(type), logarithmPlusOne(type), floatFunction(.abs, type))
    let root = squareRoot(type)
    return function("inverse_hyperbolic_sine", type) {
      """
      INLINE $T inverse_hyperbolic_sine_$s($T x) {
        const $T a = \(abs)(x), one = ($T)(1.0), z = a * a;
        const $T large = \(log)(a) + ($T)(0.6931471805599453);
        const $T near = \(log1p)(a + z / (one + \(root)(z + one)));
        const $T r = a > ($T)(0x1p28) ? large : near;
        return real_$s(bits_$s(\(abs)(r)) | (bits_$s(x) & ($U)(0x8000000000000000ul)));
      }
      """
    }
  }

  mutating func inverseHyperbolicCosine(_ type: LaneType) -> String {
    let (log, log1p) = (logarithm(type), logarithmPlusOne(type))
    let root = squareRoot(type)
    return function("inverse_hyperbolic_cosine", type) {
      """
      INLINE $T inverse_hyperbolic_cosine_$s($T x) {
        const $T one = ($T)(1.0), t = x - one;
        const $T large = \(log)(x) + ($T)(0.6931471805599453);
        const $T near = \(log1p)(t + \(root)(t + t + t * t));
        return x < one ? ($T)(__builtin_nan("")) : x > ($T)(0x1p28) ? large : near;
      }
      """
    }
  }

  mutating func inverseHyperbolicTangent(_ type: LaneType) -> String {
    let (log1p, abs) = (logarithmPlusOne(type), floatFunction(.abs, type))
    return function("inverse_hyperbolic_tangent", type) {
      """
      INLINE $T inverse_hyperbolic_tangent_$s($T x) {
        const $T a = \(abs)(x), one = ($T)(1.0);
        const $T r = ($T)(0.5) * \(log1p)((a + a) / (one - a));
        const $T n = a > one ? ($T)(__builtin_nan("")) : r;
        return real_$s(bits_$s(\(abs)(n)) | (bits_$s(x) & ($U)(0x8000000000000000ul)));
      }
      """
    }
  }
}

// Powers.
extension CSource {
  /// xʸ with the special cases of IEEE 754's pow.
  mutating func power(_ type: LaneType) -> String {
    let double = type.with(element: .f64)
    if type.element == .f32 { return throughDouble("power", powerOfDouble(double), type) }
    return powerOfDouble(type)
  }

  /// exp(y log |x|), the logarithm in two parts, with the sign and special cases put right.
  private mutating func powerOfDouble(_ type: LaneType) -> String {
    let log = logarithmInParts(type)
    let reduce = reduceForPower(type)
    let truncate = rounding("truncate", type)
    let abs = floatFunction(.abs, type)
    return function("power", type) {
      """
      INLINE $T power_$s($T x, $T y) {
        const $T zero = ($T)(0.0), one = ($T)(1.0), infinity = ($T)(__builtin_inf());
        const $T nan = ($T)(__builtin_nan("")), a = \(abs)(x), half = y * ($T)(0.5);
        const $I whole = (\(truncate)(y) == y) & (\(abs)(y) < infinity);
        const $I odd = whole & (\(truncate)(half) != half) & (\(abs)(y) < ($T)(0x1p53));
        $T low;
        const $T high = \(log)(a, &low);
        $T r = \(reduce)(y, high, low);
        r = (x < zero) & (\(abs)(x) < infinity) & (whole == ($I)(0)) ? nan : r;
        // 0 and infinity to a power: the result is 0 or infinity, by both signs.
        const $I grows = (a > one) == (y > zero);
        r = (a == zero) | (a == infinity) | (\(abs)(y) == infinity)
          ? (grows ? infinity : zero) : r;
        r = odd ? real_$s(bits_$s(r) ^ (bits_$s(x) & ($U)(0x8000000000000000ul))) : r;
        r = (a == one) & (\(abs)(y) == infinity) ? one : r;
        r = (x != x) | (y != y) ? nan : r;
        return (x == one) | (y == zero) ? one : r;
      }
      """
    }
  }

  /// `two_product` gives a product's rounded value and what rounding lost (Dekker; by one
  /// multiply-add where the target has it).
  private mutating func needTwoProduct(_ type: LaneType) {
    let hasFMA = target.hasFMA
    _ = function("two_product", type) {
      hasFMA
        ? """
        INLINE $T two_product_$s($T a, $T b, $T *low) {
          const $T p = a * b;
          *low = MULTIPLY_ADD(a, b, -p);
          return p;
        }
        """
        : """
        INLINE $T two_product_$s($T a, $T b, $T *low) {
          const $T c = ($T)(134217729.0), p = a * b;
          const $T a1 = a * c - (a * c - a), a2 = a - a1, b1 = b * c - (b * c - b), b2 = b - b1;
          *low = ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2;
          return p;
        }
        """
    }
  }

  /// log x as the sum of two numbers, good to about 65 bits: 2s (1 + s² (1/3 + s² q)), with
  /// s = f / (2 + f), and k ln 2, in pairs.
  private mutating func logarithmInParts(_ type: LaneType) -> String {
    let split = splitExponent(type)
    needTwoProduct(type)
    return function("log_in_parts", type) {
      """
      INLINE $T log_in_parts_$s($T a, $T *low) {
        $T m, e, e2, e3, e4;
        const $T f = \(split)(a, &m) - ($T)(1.0), d = f + ($T)(2.0);
        const $T dl = f - (d - ($T)(2.0)), s = f / d;
        const $T sd = two_product_$s(s, d, &e);
        const $T sl = (((f - sd) - e) - s * dl) / d;
        const $T z = two_product_$s(s, s, &e2), zl = e2 + ($T)(2.0) * s * sl;
        const $T q = \(Polynomial.logarithmTail.horner("z", .f64));
        // p = 1/3 + z q
        const $T third = ($T)(0.3333333333333333), zq = z * q, p = third + zq;
        const $T pl = (third - p) + zq + ($T)(1.850371707708594e-17);
        const $T w = two_product_$s(z, p, &e3), wl = e3 + z * pl + zl * p;
        // t = s (1 + w)
        const $T v = two_product_$s(s, w, &e4), vl = e4 + s * wl + sl * w;
        const $T t = s + v, tl = (s - t) + v + sl + vl;
        const $T h = m * ($T)(0.6931471806019545), t2 = t + t, r = h + t2;
        const $T c = (h - (r - (r - h))) + (t2 - (r - h));
        const $T l = c + (tl + tl) + m * ($T)(-4.2009150726810846e-11);
        const $T sum = r + l;
        *low = (r - sum) + l;
        return sum;
      }
      """
    }
  }

  /// exp(y (high + low)).
  private mutating func reduceForPower(_ type: LaneType) -> String {
    let exponential = exponential(type)
    needTwoProduct(type)
    return function("exponential_of_product", type) {
      """
      INLINE $T exponential_of_product_$s($T y, $T high, $T low) {
        $T e;
        const $T p = two_product_$s(y, high, &e), l = MULTIPLY_ADD(y, low, e);
        const $T r = \(exponential)(p);
        const $T limit = ($T)(745.0), in = (p < limit) & (p > -limit) ? l : ($T)(0.0);
        return (r < ($T)(__builtin_inf())) ? MULTIPLY_ADD(r, in, r) : r;
      }
      """
    }
  }

  /// A first guess from the exponent, then three steps of Halley's method and one of Newton's.
  mutating func cubeRoot(_ type: LaneType) -> String {
    needBits(type)
    let abs = floatFunction(.abs, type)
    return function("cube_root", type) {
      """
      INLINE $T cube_root_$s($T x) {
        const $T a = \(abs)(x), one = ($T)(1.0);
        const $I large = a > ($T)(0x1p300), small = a < ($T)(0x1p-300);
        const $T b = a * (large ? ($T)(0x1p-600) : small ? ($T)(0x1p600) : one);
        // A third of the bits, read as a number, is a third of the exponent.
        const $T third = $convert(bits_$s(b) >> 32, $T) * ($T)(0.3333333333333333);
        $T t = real_$s(($U)($convert(third, $I) + ($I)(715094163)) << 32);
        for (int i = 0; i < 3; ++i) {
          const $T c = t * t * t;
          t = t * ((c + b + b) / (c + c + b));
        }
        t = t - (t - b / (t * t)) * ($T)(0.3333333333333333);
        t = t * (large ? ($T)(0x1p200) : small ? ($T)(0x1p-200) : one);
        const $T r = real_$s(bits_$s(t) | (bits_$s(x) & ($U)(0x8000000000000000ul)));
        return (a == ($T)(0.0)) | (a - a != ($T)(0.0)) ? x : r;
      }
      """
    }
  }

  /// The remainder of the quotient truncated: exact, by long division of the fractions.
  mutating func floatRemainder(_ type: LaneType) -> String {
    let scalar = type.with(lanes: 1)
    needBits(scalar)
    let fraction = type.element == .f32 ? 23 : 52
    let one = self.remainderOfScalars(scalar, fraction)
    if type.lanes == 1 { return one }
    return function("remainder", type) {
      """
      INLINE $T remainder_$s($T a, $T b) {
        for (int l = 0; l < $n; ++l) a[l] = \(one)(a[l], b[l]);
        return a;
      }
      """
    }
  }

  private mutating func remainderOfScalars(_ type: LaneType, _ fraction: Int) -> String {
    let nan = type.element == .f32 ? "__builtin_nanf(\"\")" : "__builtin_nan(\"\")"
    return function("remainder", type) {
      """
      static $T remainder_$s($T a, $T b) {
        const $U one = 1, hidden = one << \(fraction), size = ~(($U)0) >> 1, sign = bits_$s(a) & ~size;
        $U x = bits_$s(a) & size, y = bits_$s(b) & size;
        const $U infinity = bits_$s(\(type.element == .f32 ? "__builtin_inff()" : "__builtin_inf()"));
        if (y == 0 || x >= infinity || y > infinity) return \(nan);
        if (x < y) return a;
        $I ex = x >> \(fraction), ey = y >> \(fraction);
        if (ex == 0) { for (ex = 1; x < hidden; --ex) x <<= 1; } else x = (x & (hidden - 1)) | hidden;
        if (ey == 0) { for (ey = 1; y < hidden; --ey) y <<= 1; } else y = (y & (hidden - 1)) | hidden;
        for (; ex > ey; --ex) {
          if (x >= y) x -= y;
          x <<= 1;
        }
        if (x >= y) x -= y;
        if (x == 0) return real_$s(sign);
        while (x < hidden) { x <<= 1; --ex; }
        x = ex > 0 ? (x - hidden) | (($U)ex << \(fraction)) : x >> (1 - ex);
        return real_$s(x | sign);
      }
      """
    }
  }
}
