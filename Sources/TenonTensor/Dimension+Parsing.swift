extension Dimension {
  /// What `init(parsing:symbols:)` reads at most: bytes of text, levels of nesting, factors of one
  /// product, and terms that a product expands to.
  package static let parsingLimits = (bytes: 16_384, depth: 64, factors: 64, terms: 256)

  /// The size written as `text`, in the form that `description` prints: a sum of products of
  /// integers, symbols and `floordiv(a, b)`, `mod(a, b)`, `min(a, b)`, `max(a, b)`. Spaces may be
  /// added or left out; symbol names match `[A-Za-z_][A-Za-z0-9_.]*`.
  ///
  /// - Parameter symbols: the symbol of a name, or nil where there is none.
  /// - Throws: `dimension-text` where the text is no such expression, is longer than 16,384 bytes
  ///   or nested deeper than 64, holds an integer past 2^62 - 1, names an unknown symbol, or holds
  ///   a product of more than 64 factors or 256 terms.
  public init(parsing text: String, symbols: (String) -> Symbol?) throws {
    let bytes = Array(text.utf8)
    guard bytes.count <= Dimension.parsingLimits.bytes else {
      throw TenonError.dimensionTooLong(
        bytes: bytes.count, most: Dimension.parsingLimits.bytes)
    }
    self = try withoutActuallyEscaping(symbols) { symbols in
      var parser = DimensionParser(text: text, bytes: bytes, symbols: symbols)
      let result = try parser.sum(depth: 0)
      parser.skipSpaces()
      guard parser.position == bytes.count else {
        throw parser.expected("`+`, `-`, `*` or the end")
      }
      return result
    }
  }
}

/// Reads one expression by recursive descent.
private struct DimensionParser {
  let text: String
  let bytes: [UInt8]
  let symbols: (String) -> Symbol?
  var position = 0

  init(text: String, bytes: [UInt8], symbols: @escaping (String) -> Symbol?) {
    self.text = text
    self.bytes = bytes
    self.symbols = symbols
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpaces() {
    while next == UInt8(ascii: " ") { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  func expected(_ what: String) -> TenonError {
    TenonError.dimensionText(text, expected: what, position: position)
  }

  /// `-2*a + b - 3`. The terms are collected and put in normal form once.
  mutating func sum(depth: Int) throws -> Dimension {
    guard depth <= Dimension.parsingLimits.depth else {
      throw TenonError.dimensionTooDeep(text, most: Dimension.parsingLimits.depth)
    }
    var terms: [Dimension.Term] = []
    var constant = 0
    var negative = take("-")
    while true {
      let product = try product(negative: negative, depth: depth)
      terms += product.terms
      constant = Dimension.clamp(constant + product.constantPart)
      if take("+") {
        negative = false
      } else if take("-") {
        negative = true
      } else {
        return Dimension.make(terms, constant)
      }
    }
  }

  private mutating func product(negative: Bool, depth: Int) throws -> Dimension {
    var result = try factor(depth: depth)
    var count = 1
    while take("*") {
      result = result * (try factor(depth: depth))
      count += 1
      guard count <= Dimension.parsingLimits.factors,
        result.terms.count <= Dimension.parsingLimits.terms
      else { throw TenonError.dimensionProduct(text, limits: Dimension.parsingLimits) }
    }
    return negative ? -result : result
  }

  private mutating func factor(depth: Int) throws -> Dimension {
    skipSpaces()
    guard let first = next else { throw expected("an integer, a symbol or a function") }
    if isDigit(first) { return Dimension(try integer()) }
    guard isLetter(first) else { throw expected("an integer, a symbol or a function") }
    let start = position
    while let byte = next, isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: ".") {
      position += 1
    }
    let name = String(decoding: bytes[start..<position], as: UTF8.self)
    let end = position
    if take("(") { return try call(name, at: start, depth: depth) }
    position = end
    guard let symbol = symbols(name) else {
      throw TenonError.dimensionSymbol(text, name: name)
    }
    return Dimension(symbol)
  }

  private mutating func integer() throws -> Int {
    var value = 0
    let start = position
    while let byte = next, isDigit(byte) {
      let digit = Int(byte - UInt8(ascii: "0"))
      guard value <= (Dimension.limit - digit) / 10 else {
        position = start
        throw expected("an integer below 2^62")
      }
      value = value * 10 + digit
      position += 1
    }
    return value
  }

  private mutating func call(_ name: String, at start: Int, depth: Int) throws -> Dimension {
    let function: (Dimension, Dimension) -> Dimension
    switch name {
    case "floordiv": function = { $0.floorDivided(by: $1) }
    case "mod": function = { $0.remainder(dividingBy: $1) }
    case "min": function = Dimension.minimum
    case "max": function = Dimension.maximum
    default:
      position = start
      throw expected("`floordiv`, `mod`, `min` or `max`")
    }
    let first = try sum(depth: depth + 1)
    guard take(",") else { throw expected("`,`") }
    let second = try sum(depth: depth + 1)
    guard take(")") else { throw expected("`)`") }
    return function(first, second)
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private func isLetter(_ byte: UInt8) -> Bool {
    (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A) || byte == 0x5F
  }
}
