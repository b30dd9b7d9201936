import TenonGraph
import TenonTensor

// Prelude functions of integers and of simple float arithmetic.
extension CSource {
  mutating func floorDivide(_ type: LaneType) -> String {
    function("floor_divide", type) {
      """
      INLINE $T floor_divide_$s($T a, $T b) {
        const $T q = a / b, r = a - q * b;
        return r < 0 ? q - 1 : q;
      }
      """
    }
  }

  mutating func floorRemainder(_ type: LaneType) -> String {
    function("floor_remainder", type) {
      """
      INLINE $T floor_remainder_$s($T a, $T b) {
        const $T r = a - a / b * b;
        return r < 0 ? r + b : r;
      }
      """
    }
  }

  /// The bits of one type as another of the same width.
  mutating func bitcast(_ from: LaneType, to type: LaneType) -> String {
    let source = self.type(from)
    return function("bits_of_\(source)_as", type) {
      type.lanes > 1
        ? "INLINE $T bits_of_\(source)_as_$s(\(source) x) { return ($T)x; }"
        : """
        INLINE $T bits_of_\(source)_as_$s(\(source) x) {
          union { \(source) from; $T to; } u = { x };
          return u.to;
        }
        """
    }
  }

  /// `bits_T` gives a float's bits as an unsigned integer, `real_T` the float of bits.
  mutating func needBits(_ type: LaneType) {
    let unsigned = type.with(element: CTypes.unsigned(bytes: type.element.byteWidth))
    let to = bitcast(type, to: unsigned)
    let from = bitcast(unsigned, to: type)
    _ = function("bits", type) {
      """
      INLINE $U bits_$s($T x) { return \(to)(x); }
      INLINE $T real_$s($U x) { return \(from)(x); }
      """
    }
  }

  mutating func isFinite(_ type: LaneType) -> String {
    let result = type.lanes > 1 ? "($I)" : ""
    return function("is_finite", type) {
      type.lanes > 1
        ? "INLINE $I is_finite_$s($T x) { return \(result)(x - x == x - x); }"
        : "INLINE u8 is_finite_$s($T x) { return x - x == x - x; }"
    }
  }

  /// The lanes combined two by two: the lower half with the upper, until one is left.
  mutating func combineLanes(_ function: BinaryFunction, _ type: LaneType) -> String {
    let result = CTypes.scalar(type.element)
    var body = ""
    var value = "v"
    var lanes = type.lanes
    while lanes > 1 {
      lanes /= 2
      let half = type.with(lanes: lanes)
      let (low, high) = lanes == 1 ? ("\(value)[0]", "\(value)[1]") : ("\(value).lo", "\(value).hi")
      let name = "v\(lanes)"
      body += "  const \(self.type(half)) \(name) = \(call(function, half, low, high));\n"
      value = name
    }
    return self.function("combine_\(function.rawValue)", type) {
      "INLINE \(result) combine_\(function.rawValue)_$s($T v) {\n\(body)  return \(value);\n}"
    }
  }

  /// A function of two values as a C expression.
  mutating func call(
    _ function: BinaryFunction, _ type: LaneType, _ a: String, _ b: String
  ) -> String {
    let isFloat = type.element.isFloat
    let isNarrow = type.lanes == 1 && !isFloat && type.element.bitWidth < 32
    func operation(_ symbol: String) -> String {
      // C computes in int: the result is cut to the type.
      isNarrow ? "(\(CTypes.name(type)))(\(a) \(symbol) \(b))" : "\(a) \(symbol) \(b)"
    }
    switch function {
    case .add: return operation("+")
    case .subtract: return operation("-")
    case .multiply:
      if isNarrow, type.element.bitWidth == 16 {
        return "(\(CTypes.name(type)))((u32)\(a) * (u32)\(b))"
      }
      return operation("*")
    case .and: return operation("&")
    case .or: return operation("|")
    case .xor: return operation("^")
    case .divide: return isFloat ? operation("/") : "\(integerDivide(type))(\(a), \(b))"
    case .remainder:
      return "\(isFloat ? floatRemainder(type) : integerRemainder(type))(\(a), \(b))"
    case .maximum: return "\(extreme("maximum", ">", "&", type))(\(a), \(b))"
    case .minimum: return "\(extreme("minimum", "<", "|", type))(\(a), \(b))"
    case .power: return "\(isFloat ? power(type) : integerPower(type))(\(a), \(b))"
    case .arctangent2: return "\(arctangent2(type))(\(a), \(b))"
    case .shiftLeft: return "\(shift("shift_left", type))(\(a), \(b))"
    case .shiftRightLogical: return "\(shift("shift_right", type))(\(a), \(b))"
    case .shiftRightArithmetic: return "\(arithmeticShift(type))(\(a), \(b))"
    case .multiplyHigh:
      let wide = self.type(type.with(element: .u64))
      return "\(multiplyHigh(type, wide))(\(a), \(b))"
    }
  }

  private mutating func multiplyHigh(_ type: LaneType, _ wide: String) -> String {
    function("multiply_high", type) {
      """
      INLINE $T multiply_high_$s($T a, $T b) {
        return $convert(($convert(a, \(wide)) * $convert(b, \(wide))) >> 32, $T);
      }
      """
    }
  }

  private mutating func integerDivide(_ type: LaneType) -> String {
    let divisor = divisor(type)
    return function("divide", type) {
      """
      INLINE $T divide_$s($T a, $T b) {
        const $T one = ($T)(1), none = ($T)(-1);
        \(divisor)
        return b == ($T)(0) ? none : ($T)(a / d);
      }
      """
    }
  }

  private mutating func integerRemainder(_ type: LaneType) -> String {
    let divisor = divisor(type)
    return function("remainder", type) {
      """
      INLINE $T remainder_$s($T a, $T b) {
        const $T one = ($T)(1), none = ($T)(-1);
        \(divisor)
        return b == ($T)(0) ? a : ($T)(a % d);
      }
      """
    }
  }

  /// A divisor `d` that never traps: 1 for 0, and for -1 where the dividend is the least number.
  private func divisor(_ type: LaneType) -> String {
    guard type.element.isSignedInteger else {
      return "const $T d = b == ($T)(0) ? one : b;\n  (void)none;"
    }
    let least = CTypes.literal(type.element.minimumInteger, type.element)
    return
      "const $T d = ((b == ($T)(0)) | ((b == none) & (a == ($T)(\(least))))) ? one : b;"
  }

  /// Wrapping power; a negative exponent gives 0 but for the bases 1 and -1.
  private mutating func integerPower(_ type: LaneType) -> String {
    let signed = type.element.isSignedInteger
    let bits = type.element.bitWidth
    let negative =
      """
        const $T unit = a == ($T)(1) ? ($T)(1) : a == ($T)(-1) ? r : ($T)(0);
        return b < ($T)(0) ? unit : r;
      """
    return function("power", type) {
      """
      INLINE $T power_$s($T a, $T b) {
        $T r = ($T)(1), p = a;
        $U e = \(signed ? "($U)(b < ($T)(0) ? ($T)(0 - b) : b)" : "b");
        for (int i = 0; i < \(bits); ++i) {
          r = ($T)((e & ($U)(1)) != ($U)(0) ? ($T)(r * p) : r);
          p = ($T)((\(bits == 16 ? "$U" : "$T"))p * p);
          e = ($U)(e >> 1);
        }
      \(signed ? negative : "  return r;")
      }
      """
    }
  }

  private mutating func extreme(
    _ name: String, _ order: String, _ equalBits: String, _ type: LaneType
  ) -> String {
    if type.element.isFloat { needBits(type) }
    return function(name, type) {
      type.element.isFloat
        ? """
        INLINE $T \(name)_$s($T a, $T b) {
          $T m = a \(order) b ? a : b;
          m = a == b ? real_$s(bits_$s(a) \(equalBits) bits_$s(b)) : m;
          return a != a ? a : m;
        }
        """
        : "INLINE $T \(name)_$s($T a, $T b) { return a \(order) b ? a : b; }"
    }
  }

  private mutating func shift(_ name: String, _ type: LaneType) -> String {
    let symbol = name == "shift_left" ? "<<" : ">>"
    let bits = type.element.bitWidth
    return function(name, type) {
      """
      INLINE $T \(name)_$s($T a, $T b) {
        const $U x = ($U)a, n = ($U)b;
        return ($T)(n < ($U)(\(bits)) ? ($U)(x \(symbol) (n & ($U)(\(bits - 1)))) : ($U)(0));
      }
      """
    }
  }

  private mutating func arithmeticShift(_ type: LaneType) -> String {
    let bits = type.element.bitWidth
    return function("shift_right_arithmetic", type) {
      """
      INLINE $T shift_right_arithmetic_$s($T a, $T b) {
        const $U n = ($U)b;
        const $I m = ($I)(n < ($U)(\(bits)) ? n : ($U)(\(bits - 1)));
        return ($T)(($I)a >> m);
      }
      """
    }
  }

  /// A function of one value as a C expression; the functions of Docs/Semantics.md for floats,
  /// wrapping ones for integers.
  mutating func call(_ function: UnaryFunction, _ type: LaneType, _ a: String) -> String {
    if type.element.isFloat { return "\(floatFunction(function, type))(\(a))" }
    let name = CTypes.name(type)
    switch function {
    case .negate: return "(\(name))(0 - \(a))"
    case .not: return "(\(name))~\(a)"
    case .abs:
      return type.element.isSignedInteger ? "\(integerAbs(type))(\(a))" : a
    case .sign: return "\(integerSign(type))(\(a))"
    case .countLeadingZeros:
      return "\(countBits("count_leading_zeros", "__builtin_clzll", type))(\(a))"
    case .populationCount:
      return "\(countBits("population_count", "__builtin_popcountll", type))(\(a))"
    case .floor, .ceil, .roundHalfToEven, .roundHalfAwayFromZero: return a
    default: preconditionFailure("internal: \(function.rawValue) of \(type.element)")
    }
  }

  private mutating func integerAbs(_ type: LaneType) -> String {
    function("abs", type) {
      "INLINE $T abs_$s($T x) { return x < ($T)(0) ? ($T)(0 - x) : x; }"
    }
  }

  private mutating func integerSign(_ type: LaneType) -> String {
    function("sign", type) {
      """
      INLINE $T sign_$s($T x) {
        return x > ($T)(0) ? ($T)(1) : x == ($T)(0) ? ($T)(0) : ($T)(-1);
      }
      """
    }
  }

  private mutating func countBits(
    _ name: String, _ builtin: String, _ type: LaneType
  ) -> String {
    let bits = type.element.bitWidth
    let unsigned = CTypes.scalar(CTypes.unsigned(bytes: type.element.byteWidth))
    func count(_ x: String) -> String {
      name == "population_count"
        ? "($S)\(builtin)((\(unsigned))\(x))"
        : "(\(x) == 0 ? ($S)\(bits) : ($S)(\(builtin)((\(unsigned))\(x)) - \(64 - bits)))"
    }
    return function(name, type) {
      type.lanes == 1
        ? "INLINE $T \(name)_$s($T x) { return \(count("x")); }"
        : """
        INLINE $T \(name)_$s($T x) {
          $T r;
          for (int l = 0; l < $n; ++l) r[l] = \(count("x[l]"));
          return r;
        }
        """
    }
  }
}
