import TenonGraph
import TenonTensor

// Prelude functions of angles, in f64.
extension CSource {
  /// sin, cos or tan: the angle less its nearest multiple of pi/2, in two parts, and a polynomial.
  mutating func trigonometric(_ name: String, _ type: LaneType) -> String {
    let reduce = reduceAngle(type)
    let result =
      switch name {
      case "sine":
        """
        const $T r = (q & 1) != ($I)(0) ? c : s;
          return x == ($T)(0.0) ? x : (q & 2) != ($I)(0) ? -r : r;
        """
      case "cosine":
        """
        const $T r = (q & 1) != ($I)(0) ? s : c;
          return ((q + 1) & 2) != ($I)(0) ? -r : r;
        """
      default:
        "return x == ($T)(0.0) ? x : (q & 1) != ($I)(0) ? -c / s : s / c;"
      }
    return function(name, type) {
      """
      INLINE $T \(name)_$s($T x) {
        $T low;
        $I q;
        const $T y = \(reduce)(x, &low, &q), z = y * y, half = ($T)(0.5), one = ($T)(1.0);
        const $T sp = \(Polynomial.sine.horner("z", .f64));
        const $T cp = \(Polynomial.cosine.horner("z", .f64));
        const $T s = y + MULTIPLY_ADD(z * y, sp, low * (one - half * z));
        const $T h = half * z, w = one - h;
        const $T c = w + (((one - w) - h) + MULTIPLY_ADD(z * z, cp, -(y * low)));
        \(result)
      }
      """
    }
  }

  /// x - q pi/2, between about -pi/4 and pi/4, as the sum of two numbers.
  private mutating func reduceAngle(_ type: LaneType) -> String {
    let scalar = type.with(lanes: 1)
    let large = reduceLargeAngle(scalar)
    needBits(type)
    let abs = floatFunction(.abs, type)
    let lanes =
      type.lanes == 1
      ? "if (far) y = \(large)(x, low, q);"
      : """
      if (__builtin_reduce_or(far))
          for (int l = 0; l < $n; ++l) if (far[l]) {
            f64 rest;
            i64 quadrant;
            y[l] = \(large)(x[l], &rest, &quadrant);
            (*low)[l] = rest;
            (*q)[l] = quadrant;
          }
      """
    return function("reduce_angle", type) {
      """
      INLINE $T reduce_angle_$s($T x, $T *low, $I *q) {
        // pi/2 in three parts; products of the first two with q are exact for |q| < 2^20.
        const $T magic = ($T)(6755399441055744.0);
        const $T t = x * ($T)(0.6366197723675814) + magic, n = t - magic;
        *q = ($I)bits_$s(t);
        const $T a = x - n * ($T)(1.5707963267341256), w = n * ($T)(6.077100506303966e-11);
        const $T b = a - w, v = n * ($T)(2.0222662487959506e-21) - ((a - b) - w);
        $T y = b - v;
        *low = (b - y) - v;
        const $I far = \(abs)(x) > ($T)(1000000.0);
        \(lanes)
        return y;
      }
      """
    }
  }

  /// The same for any number: the fraction of x 2/pi from 256 bits of 2/pi (Payne and Hanek).
  private mutating func reduceLargeAngle(_ type: LaneType) -> String {
    needBits(type)
    return function("reduce_large_angle", type) {
      """
      static __attribute__((noinline)) f64 reduce_large_angle_$s(f64 x, f64 *low, i64 *q) {
        // 64 zero bits, then the bits of 2/pi.
        static const u64 digits[] = {
          0, 0xa2f9836e4e441529ul, 0xfc2757d1f534ddc0ul, 0xdb6295993c439041ul,
          0xfe5163abdebbc561ul, 0xb7246e3a424dd2e0ul, 0x06492eea09d1921cul,
          0xfe1deb1cb129a73eul, 0xe88235f52ebb4484ul, 0xe99c7026b45f7e41ul,
          0x3991d639835339f4ul, 0x9c845f8bbdf9283bul, 0x1ff897ffde05980ful,
          0xef2f118b5a0a6d1ful, 0x6d367ecf27cb09b7ul, 0x4f463f669e5fea2dul,
          0x7527bac7ebe5f17bul, 0x3d0739f78a5292eaul, 0x6bfb5fb11f8d5d08ul,
          0x56033046fc7b6babul, 0xf0cfbc209af4361dul, 0xa9e391615ee61b08ul};
        const u64 bits = bits_$s(x), size = bits & 0x7ffffffffffffffful;
        const i64 exponent = size >> 52;
        if (exponent == 2047) {
          *low = 0.0;
          *q = 0;
          return x - x;
        }
        // |x| = m 2^(exponent - 1075); the fraction of |x| 2/pi / 4 is wanted.
        const u64 m = (size & 0xffffffffffffful) | 0x10000000000000ul;
        const i64 place = exponent - 1075 - 2 + 64, word = place >> 6, shift = place & 63;
        u64 w[4];
        for (int i = 0; i < 4; ++i) {
          const u64 a = digits[word + i], b = digits[word + i + 1];
          w[i] = shift ? (a << shift) | (b >> (64 - shift)) : a;
        }
        u64 carry = 0;
        for (int i = 3; i >= 0; --i) {
          const unsigned __int128 p = (unsigned __int128)w[i] * m + carry;
          w[i] = (u64)p;
          carry = (u64)(p >> 64);
        }
        i64 quadrant = w[0] >> 62;
        // The rest as a fraction of a quadrant, between -1/2 and 1/2.
        unsigned __int128 high = ((unsigned __int128)w[0] << 64 | w[1]) << 2 | w[2] >> 62;
        u64 rest = w[2] << 2 | w[3] >> 62;
        const int negative = (int)(high >> 127);
        if (negative) {
          quadrant += 1;
          high = ~high;
          rest = ~rest;
        }
        // Leading zeros are as many as the angle is near a multiple: at most about 62.
        int zeros = 0;
        while (zeros < 120 && !(high >> 127)) {
          high = high << 1 | rest >> 63;
          rest <<= 1;
          ++zeros;
        }
        const f64 scale = real_$s((u64)(1023 - zeros) << 52);
        const u64 first = (u64)(high >> 75), second = (u64)(high >> 22) & 0x1ffffffffffffful;
        const f64 f1 = (f64)first * 0x1p-53 * scale, f2 = (f64)second * 0x1p-106 * scale;
        // Times pi/2 in two parts.
        const f64 c = 134217729.0, p1 = 1.5707963267948966, p2 = 6.123233995736766e-17;
        const f64 a1 = f1 * c - (f1 * c - f1), a2 = f1 - a1;
        const f64 b1 = p1 * c - (p1 * c - p1), b2 = p1 - b1, p = f1 * p1;
        const f64 e = ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2 + f1 * p2 + f2 * p1;
        f64 y = p + e, l = (p - y) + e;
        const int flip = negative ^ (int)(bits >> 63);
        *q = bits >> 63 ? -quadrant : quadrant;
        *low = flip ? -l : l;
        return flip ? -y : y;
      }
      """
    }
  }

  mutating func arcsine(_ type: LaneType) -> String {
    let root = squareRoot(type)
    let abs = floatFunction(.abs, type)
    return function("arcsine", type) {
      """
      INLINE $T arcsine_$s($T x) {
        const $T a = \(abs)(x), half = ($T)(0.5);
        const $I big = a > half;
        const $T z = big ? (($T)(1.0) - a) * half : a * a, s = big ? \(root)(z) : a;
        const $T p = \(Polynomial.arcsine.horner("z", .f64));
        const $T y = MULTIPLY_ADD(s * z, p, s);
        const $T far = ($T)(1.5707963267948966) - (y + y - ($T)(6.123233995736766e-17));
        const $T r = big ? far : y;
        return x == x ? real_$s(bits_$s(r) | (bits_$s(x) & ($U)(0x8000000000000000ul))) : x;
      }
      """
    }
  }

  mutating func arccosine(_ type: LaneType) -> String {
    let root = squareRoot(type)
    let abs = floatFunction(.abs, type)
    return function("arccosine", type) {
      """
      INLINE $T arccosine_$s($T x) {
        const $T a = \(abs)(x), half = ($T)(0.5), low = ($T)(6.123233995736766e-17);
        const $I big = a > half;
        const $T z = big ? (($T)(1.0) - a) * half : x * x, s = big ? \(root)(z) : x;
        const $T p = \(Polynomial.arcsine.horner("z", .f64));
        const $T t = s * z * p, y = s + t;
        const $T near = ($T)(1.5707963267948966) - (x - (low - t));
        const $T far = x > ($T)(0.0) ? y + y : ($T)(3.141592653589793) - (y + y - (low + low));
        return big ? far : near;
      }
      """
    }
  }

  mutating func arctangent(_ type: LaneType) -> String {
    needBits(type)
    let abs = floatFunction(.abs, type)
    return function("arctangent", type) {
      """
      INLINE $T arctangent_$s($T x) {
        const $T a = \(abs)(x), one = ($T)(1.0), zero = ($T)(0.0);
        const $I far = a > ($T)(2.414213562373095), mid = a > ($T)(0.41421356237309503);
        const $T t = far ? -one / a : mid ? (a - one) / (a + one) : a, z = t * t;
        const $T base = far ? ($T)(1.5707963267948966) : mid ? ($T)(0.7853981633974483) : zero;
        const $T low = far ? ($T)(6.123233995736766e-17) : mid ? ($T)(3.061616997868383e-17) : zero;
        const $T p = \(Polynomial.arctangent.horner("z", .f64));
        const $T r = base + (t + MULTIPLY_ADD(t * z, p, low));
        return x == x ? real_$s(bits_$s(r) | (bits_$s(x) & ($U)(0x8000000000000000ul))) : x;
      }
      """
    }
  }

  mutating func arctangent2(_ type: LaneType) -> String {
    let double = type.with(element: .f64)
    let inner = arctangent2OfDouble(double)
    return type.element == .f32 ? throughDouble("arctangent2", inner, type) : inner
  }

  private mutating func arctangent2OfDouble(_ type: LaneType) -> String {
    let arctangent = arctangent(type)
    let abs = floatFunction(.abs, type)
    return function("arctangent2", type) {
      """
      INLINE $T arctangent2_$s($T y, $T x) {
        const $T a = \(abs)(y), b = \(abs)(x), zero = ($T)(0.0);
        const $I steep = a > b;
        const $T top = steep ? b : a, bottom = steep ? a : b, ratio = top / bottom;
        const $T q = bottom == zero ? zero : top == ($T)(__builtin_inf()) ? ($T)(1.0) : ratio;
        $T r = \(arctangent)(q);
        r = steep ? ($T)(1.5707963267948966) - (r - ($T)(6.123233995736766e-17)) : r;
        r = (bits_$s(x) >> 63) != ($U)(0)
          ? ($T)(3.141592653589793) - (r - ($T)(1.2246467991473532e-16)) : r;
        r = real_$s(bits_$s(r) | (bits_$s(y) & ($U)(0x8000000000000000ul)));
        return (x != x) | (y != y) ? x + y : r;
      }
      """
    }
  }
}
