import TenonGraph
import TenonTensor

// Conversions between element types, `bool` aside; what `Tensor.converted(to:)` says.
extension CSource {
  /// `text`, a value of the type `from`, as a C expression of the type `type`.
  mutating func converted(_ text: String, _ from: LaneType, to type: LaneType) -> String {
    if from.element == type.element { return text }
    if from.element.isNarrowFloat {
      let wide = from.with(element: .f32)
      return converted("\(decoder(from))(\(text))", wide, to: type)
    }
    if from.element.bitWidth < 8 {
      let wide = from.with(element: from.element.isSignedInteger ? .i8 : .u8)
      return converted("\(unpacker(from))(\(text))", wide, to: type)
    }
    if type.element.isNarrowFloat {
      return "\(encoder(type))(\(roundedToOdd(text, from)))"
    }
    if from.element.isFloat, !type.element.isFloat {
      let clamped = "\(saturating(from, type))(\(text))"
      if type.element.bitWidth >= 8 { return clamped }
      return "(\(clamped) & (u8)\((1 << type.element.bitWidth) - 1))"
    }
    if type.element.bitWidth < 8 {
      let mask = (1 << type.element.bitWidth) - 1
      return "(\(converted(text, from, to: type.with(element: .u8))) & (u8)\(mask))"
    }
    if type.lanes == 1 { return "(\(CTypes.name(type)))\(text)" }
    return "__builtin_convertvector(\(text), \(self.type(type)))"
  }

  /// As f32, rounded to odd where it is not exact, so that a second rounding to a narrower type is
  /// as good as one.
  private mutating func roundedToOdd(_ text: String, _ from: LaneType) -> String {
    let double = from.with(element: .f64)
    switch from.element {
    case .f64: return "\(oddFloat(from))(\(text))"
    case .i32, .u32:
      return roundedToOdd(converted(text, from, to: double), double)
    case .i64, .u64:
      return roundedToOdd(converted("\(sticky(from))(\(text))", from, to: double), double)
    default: return converted(text, from, to: from.with(element: .f32))
    }
  }

  private mutating func oddFloat(_ from: LaneType) -> String {
    let source = self.type(from)
    let single = from.with(element: .f32)
    needBits(single)
    return function("odd_of_f64", single) {
      """
      INLINE $T odd_of_f64_$s(\(source) x) {
        const $T near = $convert(x, $T);
        const \(source) back = $convert(near, \(source)), zero = (\(source))(0);
        const $I differs = $convert(back != x, $I);
        const $I away = $convert((back < zero ? -back : back) > (x < zero ? -x : x), $I);
        $U b = bits_$s(near);
        b = away ? b - 1u : b;
        return real_$s(differs ? b | 1u : b);
      }
      """
    }
  }

  /// A 64-bit integer with the last 12 bits of a large one folded into one, which f64 then holds
  /// exactly.
  private mutating func sticky(_ type: LaneType) -> String {
    let isSigned = type.element.isSignedInteger
    return function("sticky", type) {
      """
      INLINE $T sticky_$s($T x) {
        const $T rest = x & ($T)(0xfff), folded = (x - rest) + (rest != ($T)(0) ? ($T)(0x800) : rest);
        const $U size = \(isSigned ? "(($U)x + ($U)(1ul << 53)) >> 54" : "($U)x >> 53");
        return size != ($U)(0) ? folded : x;
      }
      """
    }
  }

  /// Float to integer: toward zero, clamped, NaN to 0.
  private mutating func saturating(_ from: LaneType, _ type: LaneType) -> String {
    let source = self.type(from)
    let element = type.element
    // Below 8 bits the bounds are the type's; the result is cut to its bits afterwards.
    let bits = element.bitWidth - (element.isSignedInteger ? 1 : 0)
    let power = Double(sign: .plus, exponent: bits, significand: 1)
    let past = CTypes.literal(power, from.element)
    let least = CTypes.literal(element.isSignedInteger ? -power : 0, from.element)
    let top = CTypes.literal(element.maximumInteger ?? -1, element)
    let bottom = CTypes.literal(element.minimumInteger, element)
    let integer = self.type(type.with(element: CTypes.integer(bytes: element.byteWidth)))
    func chosen(_ condition: String) -> String {
      type.lanes == 1 ? "(\(condition))" : "__builtin_convertvector(\(condition), \(integer))"
    }
    // Narrow integers go through i32, which holds all their values.
    let middle = self.type(type.with(element: element.bitWidth < 32 ? .i32 : element))
    let name = "saturate_\(source)_to_\(element)"
    // Bounds that the float holds are a minimum and a maximum. A comparison with NaN takes the
    // lower bound, which is 0 where there is no sign.
    if element.bitWidth <= 16 {
      let most = CTypes.literal(power - 1, from.element)
      let number = element.isSignedInteger ? "(x == x ? x : (\(source))(0))" : "x"
      return function(name, type) {
        """
        INLINE $T \(name)_$s(\(source) x) {
          const \(source) least = (\(source))(\(least)), most = (\(source))(\(most));
          \(source) in = \(number);
        #if defined(__aarch64__)
          // The instruction for such a choice gives NaN where one is a signalling NaN.
          in = in == in ? in : (\(source))(0);
        #endif
          in = in > least ? in : least;
          in = in < most ? in : most;
          return $convert($convert(in, \(middle)), $T);
        }
        """
      }
    }
    return function(name, type) {
      """
      INLINE $T \(name)_$s(\(source) x) {
        const \(source) least = (\(source))(\(least)), past = (\(source))(\(past));
        const \(source) in = ((x >= least) & (x < past)) ? x : (\(source))(0);
        $T r = $convert($convert(in, \(middle)), $T);
        r = \(chosen("x >= past")) ? ($T)(\(top)) : r;
        return \(chosen("x < least")) ? ($T)(\(bottom)) : r;
      }
      """
    }
  }

  /// An integer of fewer than 8 bits, kept in the low bits of a byte, as i8 or u8.
  private mutating func unpacker(_ from: LaneType) -> String {
    let bits = from.element.bitWidth
    let bytes = from.with(element: from.element.isSignedInteger ? .i8 : .u8)
    let source = self.type(from.with(element: .u8))
    return function("unpack_\(from.element)", bytes) {
      from.element.isSignedInteger
        ? "INLINE $T unpack_\(from.element)_$s(\(source) x) { return ($T)(($T)(x << \(8 - bits)) >> \(8 - bits)); }"
        : "INLINE $T unpack_\(from.element)_$s(\(source) x) { return x & (u8)\((1 << bits) - 1); }"
    }
  }

  /// f16, bf16 and narrower floats to f32: exact.
  private mutating func decoder(_ from: LaneType) -> String {
    let wide = from.with(element: .f32)
    needBits(wide)
    let source = self.type(from)
    let name = "from_\(from.element)"
    switch from.element {
    case .bf16:
      return function(name, wide) {
        "INLINE $T \(name)_$s(\(source) x) { return real_$s($convert(x, $U) << 16); }"
      }
    case .f16:
      return function(name, wide) {
        """
        INLINE $T \(name)_$s(\(source) x) {
          const $U h = $convert(x, $U), sign = (h & 0x8000u) << 16, em = (h & 0x7fffu) << 13;
          const $U e = h & 0x7c00u;
          // A normal number gets the other bias; a subnormal one is 2^-24 times its bits.
          const $T small = $convert(h & 0x7fffu, $T) * ($T)(0x1p-24f);
          $U r = em + ($U)(112u << 23);
          r = e == ($U)(0) ? bits_$s(small) : r;
          r = e == ($U)(0x7c00u) ? em | 0x7f800000u : r;
          return real_$s(r | sign);
        }
        """
      }
    default:
      let values = (0..<256).map { code -> String in
        let value = Float(NarrowFloat(from.element).decode(UInt8(code)))
        return "\(value.isNaN ? 0x7fc0_0000 : value.bitPattern)u"
      }
      let entry =
        from.lanes == 1 ? "r = table[x];" : "for (int l = 0; l < $n; ++l) r[l] = table[x[l]];"
      return function(name, wide) {
        """
        INLINE $T \(name)_$s(\(source) x) {
          static const u32 table[256] = {\(values.joined(separator: ", "))};
          $U r;
          \(entry)
          return real_$s(r);
        }
        """
      }
    }
  }

  /// f32 to f16, bf16 or a narrower float, to nearest even.
  private mutating func encoder(_ type: LaneType) -> String {
    let wide = type.with(element: .f32)
    needBits(wide)
    let target = self.type(type)
    let name = "to_\(type.element)"
    switch type.element {
    case .bf16:
      return function(name, wide) {
        """
        INLINE \(target) \(name)_$s($T x) {
          const $U b = bits_$s(x), up = b + 0x7fffu + ((b >> 16) & 1u);
          return $convert((x != x ? b | 0x400000u : up) >> 16, \(target));
        }
        """
      }
    case .f8e8m0fnu:
      return function(name, wide) {
        """
        INLINE \(target) \(name)_$s($T x) {
          // No significand is even: ties go up. A negative number has no code, -0 the least.
          const $U b = bits_$s(x), e = (b >> 23) & 255u, f = b & 0x7fffffu;
          const $U half = e == ($U)(0) ? ($U)(0x600000u) : ($U)(0x400000u);
          $U r = f >= half ? e + 1u : e;
          r = (b >= ($U)(0x7f400000u)) & (b != ($U)(0x80000000u)) ? ($U)(255u) : r;
          return $convert(r, \(target));
        }
        """
      }
    default: return encoder(type.element, name, target, wide)
    }
  }

  /// f32 to a float of sign, exponent and fraction.
  private mutating func encoder(
    _ element: ElementType, _ name: String, _ target: String, _ wide: LaneType
  ) -> String {
    let format = FloatFormat(element)
    let fraction = format.fractionBits
    let shift = 23 - fraction
    let normal = UInt32(128 - format.bias) << 23
    // Adding it leaves a subnormal number's bits, rounded, in the last places.
    let magic = UInt32(127 + 1 - format.bias - fraction + 23) << 23
    let bias = UInt32(127 - format.bias) << fraction
    let tie = format.isLargestOdd ? ">=" : ">"
    let overflow = format.overflowKeepsSign ? "r = over ? ($U)(\(format.overflow)u) : r;" : ""
    let late =
      (format.overflowKeepsSign ? "" : "r = over ? ($U)(\(format.overflow)u) : r;\n  ")
      + "r = a > ($U)(0x7f800000u) ? ($U)(\(format.nan)u) : r;"
    let zero = format.hasNegativeZero ? "" : "r = r == ($U)(\(format.sign)u) ? ($U)(0) : r;\n  "
    return function(name, wide) {
      """
      INLINE \(target) \(name)_$s($T x) {
        const $U b = bits_$s(x), a = b & 0x7fffffffu;
        const $U sign = (b >> 31) << \(format.signShift);
        const $T small = real_$s(a) + real_$s(($U)(\(magic)u));
        $U r = ((a + \((1 << (shift - 1)) - 1)u + ((a >> \(shift)) & 1u)) >> \(shift)) - \(bias)u;
        r = a < ($U)(\(normal)u) ? bits_$s(small) - \(magic)u : r;
        const $I over = a \(tie) ($U)(\(format.limit.bitPattern)u);
        \(overflow)
        r = r | sign;
        \(zero)\(late)
        return $convert(r, \(target));
      }
      """
    }
  }
}

extension ElementType {
  /// True for the floats that are bits until they are converted.
  var isNarrowFloat: Bool { isFloat && bitWidth < 32 }
}

/// The layout of a float of at most 16 bits, sign included.
private struct FloatFormat {
  var fractionBits: Int
  var bias: Int
  var signShift: Int
  /// What numbers past the largest become.
  var overflow: UInt32
  var overflowKeepsSign: Bool
  var nan: UInt32
  var hasNegativeZero: Bool
  /// The least magnitude that may be past the largest number: half a step above it.
  var limit: Float
  /// True where the largest number's last bit is set, so that `limit` itself is past it.
  var isLargestOdd: Bool

  var sign: UInt32 { 1 << UInt32(signShift) }

  init(_ element: ElementType) {
    let exponentBits: Int
    let fnuz: Bool
    switch element {
    case .f16: (exponentBits, fractionBits, bias, fnuz) = (5, 10, 15, false)
    case .f4e2m1fn: (exponentBits, fractionBits, bias, fnuz) = (2, 1, 1, false)
    case .f8e4m3fn: (exponentBits, fractionBits, bias, fnuz) = (4, 3, 7, false)
    case .f8e4m3fnuz: (exponentBits, fractionBits, bias, fnuz) = (4, 3, 8, true)
    case .f8e5m2: (exponentBits, fractionBits, bias, fnuz) = (5, 2, 15, false)
    case .f8e5m2fnuz: (exponentBits, fractionBits, bias, fnuz) = (5, 2, 16, true)
    default: preconditionFailure("internal: \(element) has no sign and fraction")
    }
    signShift = exponentBits + fractionBits
    let all = UInt32(1) << UInt32(signShift)
    let infinity = all - (UInt32(1) << UInt32(fractionBits))
    let largest: UInt32
    switch element {
    case .f16, .f8e5m2:
      largest = infinity - 1
      (overflow, overflowKeepsSign, nan) = (infinity, true, infinity | infinity >> 1 & (all - 1))
    case .f8e4m3fn: (largest, overflow, overflowKeepsSign, nan) = (0x7E, 0x7F, false, 0x7F)
    case .f4e2m1fn: (largest, overflow, overflowKeepsSign, nan) = (7, 7, true, 0)
    default: (largest, overflow, overflowKeepsSign, nan) = (0x7F, 0x80, false, 0x80)
    }
    if element == .f16 { nan = 0x7E00 }
    if element == .f8e5m2 { nan = 0x7E }
    hasNegativeZero = !fnuz
    isLargestOdd = largest & 1 == 1
    let step = Float(
      sign: .plus,
      exponent: Int(largest >> UInt32(fractionBits)) - bias - fractionBits, significand: 1)
    let significand = Float(
      (largest & ((1 << UInt32(fractionBits)) - 1)) + 1 << UInt32(fractionBits))
    limit = significand * step + step / 2
  }
}
