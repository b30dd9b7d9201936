import TenonTensor

/// Elements of literals as text that reads back to the same bits.
///
/// Integers and floats are decimal, floats the shortest that reads back, or `inf`, `-inf`, `nan`;
/// a float that decimals cannot name (a NaN with a payload) is its bits: `0x7fc00001`. A complex
/// element is two numbers, its real and its imaginary part.
struct ElementText {
  let type: ElementType
  private let narrow: NarrowFloat?

  init(_ type: ElementType) {
    switch type {
    case .complex64: self.type = .f32
    case .complex128: self.type = .f64
    default: self.type = type
    }
    let isNarrow = type.isFloat && type.bitWidth <= 8
    narrow = isNarrow ? NarrowFloat(type) : nil
  }

  /// The numbers that an element is written as.
  static func parts(_ type: ElementType) -> Int { type.isComplex ? 2 : 1 }

  /// The first `count` elements of a tensor, separated by commas.
  static func list(_ tensor: Tensor, first count: Int) -> String {
    let type = tensor.elementType
    if type == .string {
      return tensor.strings.prefix(count).map { TextGrammar.quoted($0) }.joined(separator: ", ")
    }
    let element = ElementText(type)
    return tensor.withUnalignedBytes { bytes in
      (0..<min(count, tensor.elementCount) * parts(type)).map { element.text(bytes, $0) }
        .joined(separator: ", ")
    }
  }

  private func text(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> String {
    let width = type.byteWidth
    let bits = (0..<width).reduce(UInt64(0)) {
      $0 | UInt64(bytes[index * width + $1]) << UInt64($1 * 8)
    }
    if type.isFloat {
      let text = decimal(bits)
      return floatBits(text) == bits ? text : "0x" + String(bits, radix: 16)
    }
    if type == .bool { return bits == 0 ? "false" : "true" }
    let unused = UInt64(64 - type.bitWidth)
    return type.isSignedInteger
      ? "\(Int64(bitPattern: bits << unused) >> Int64(unused))" : "\((bits << unused) >> unused)"
  }

  private func decimal(_ bits: UInt64) -> String {
    if let narrow { return "\(narrow.decode(UInt8(truncatingIfNeeded: bits)))" }
    switch type {
    case .f64: return "\(Double(bitPattern: bits))"
    case .f32: return "\(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))"
    case .f16: return "\(Float(Float16(bitPattern: UInt16(truncatingIfNeeded: bits))))"
    default: return "\(BFloat16(bitPattern: UInt16(truncatingIfNeeded: bits)).float)"
    }
  }

  /// The bits of the element that `text` names; nil where it names none of the type.
  func bits(_ text: String) -> UInt64? { type.isFloat ? floatBits(text) : integerBits(text) }

  /// Decimals round to nearest; those too large for the type are none.
  private func floatBits(_ text: String) -> UInt64? {
    if text.hasPrefix("0x") {
      guard let bits = UInt64(text.dropFirst(2), radix: 16) else { return nil }
      return type.bitWidth == 64 || bits >> UInt64(type.bitWidth) == 0 ? bits : nil
    }
    let isInfinite = text == "inf" || text == "-inf"
    guard isInfinite || text == "nan" || ElementText.isDecimal(text) else { return nil }
    guard let value = Double(text), value.isInfinite == isInfinite else { return nil }
    if let narrow {
      let code = narrow.encode(value)
      let back = narrow.decode(code)
      let fits = back.isNaN == value.isNaN && back.isInfinite == isInfinite
      return fits ? UInt64(code) : nil
    }
    switch type {
    case .f64: return value.bitPattern
    case .f32:
      // Through Double a decimal could be rounded twice.
      guard let single = Float(text), single.isInfinite == isInfinite else { return nil }
      return UInt64(single.bitPattern)
    case .f16:
      let half = Float16(value)
      return half.isInfinite == isInfinite ? UInt64(half.bitPattern) : nil
    default:
      let half = BFloat16(value)
      return half.float.isInfinite == isInfinite ? UInt64(half.bitPattern) : nil
    }
  }

  /// Whether the text is digits, points, signs and exponents, which is for `Double` to judge.
  private static func isDecimal(_ text: String) -> Bool {
    guard let last = text.utf8.last, TextGrammar.isDigit(last) else { return false }
    return text.utf8.allSatisfy { TextGrammar.isDigit($0) || "+-.eE".utf8.contains($0) }
  }

  private func integerBits(_ text: String) -> UInt64? {
    switch type {
    case .bool: return text == "true" ? 1 : text == "false" ? 0 : nil
    case .u64: return UInt64(text)
    case .i64: return Int64(text).map { UInt64(bitPattern: $0) }
    default:
      guard let value = Int64(text), value >= type.minimumInteger,
        value <= type.maximumInteger ?? .max
      else { return nil }
      let unused = UInt64(64 - type.bitWidth)
      return (UInt64(bitPattern: value) << unused) >> unused
    }
  }
}
