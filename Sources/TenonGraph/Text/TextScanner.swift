import TenonTensor

/// Reads graph text byte by byte; blanks, line ends and comments from `#` on separate its parts.
struct TextScanner {
  let bytes: [UInt8]
  var position = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      case UInt8(ascii: "#"):
        while position < bytes.count, bytes[position] != 0x0A { position += 1 }
      default: return
      }
    }
  }

  /// The next byte that is no blank; nil at the end.
  mutating func peek() -> UInt8? {
    skipBlanks()
    return position < bytes.count ? bytes[position] : nil
  }

  /// The byte at the position, blanks included.
  var here: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar, _ place: String) throws {
    if !take(character) { throw expected("`\(character)` \(place)") }
  }

  /// Takes `characters` that follow each other without blanks.
  mutating func take(all characters: StaticString) -> Bool {
    skipBlanks()
    let count = characters.utf8CodeUnitCount
    guard position + count <= bytes.count else { return false }
    for offset in 0..<count where bytes[position + offset] != characters.utf8Start[offset] {
      return false
    }
    position += count
    return true
  }

  /// The next word, `[A-Za-z_][A-Za-z0-9_]*` with `extra` characters after the first, not taken.
  mutating func peekWord(extra: StaticString = "") -> String? {
    skipBlanks()
    var end = position
    guard end < bytes.count, TextGrammar.isLetter(bytes[end]) else { return nil }
    while end < bytes.count, TextGrammar.isLetterOrDigit(bytes[end]) || extra.holds(bytes[end]) {
      end += 1
    }
    return String(decoding: bytes[position..<end], as: UTF8.self)
  }

  mutating func takeWord(extra: StaticString = "") -> String? {
    guard let word = peekWord(extra: extra) else { return nil }
    position += word.utf8.count
    return word
  }

  mutating func expectArrow() throws {
    if !take(all: "->") { throw expected("`->` and results after `}`") }
  }

  mutating func take(word: String) -> Bool {
    guard peekWord() == word else { return false }
    position += word.utf8.count
    return true
  }

  mutating func expect(word: String, _ place: String) throws {
    if !take(word: word) { throw expected("`\(word)` \(place)") }
  }

  /// A name bare or in quotes.
  mutating func name(_ what: String, extra: StaticString = "") throws -> String {
    if peek() == UInt8(ascii: "\"") { return try string(what) }
    guard let word = takeWord(extra: extra) else { throw expected(what) }
    return word
  }

  /// A text in quotes.
  mutating func string(_ what: String) throws -> String {
    guard take("\"") else { throw expected("\(what) in quotes") }
    let start = position - 1
    var text: [UInt8] = []
    while let byte = here {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text += try escape()
      case 0x0A: throw error("\(what) does not end on its line", at: start)
      default: text.append(byte)
      }
    }
    throw error("\(what) does not end", at: start)
  }

  private mutating func escape() throws -> [UInt8] {
    let start = position - 1
    let byte = here
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [byte!]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "u") where here == UInt8(ascii: "{"):
      let digits = bytes[(position + 1)...].prefix { $0 != UInt8(ascii: "}") }.prefix(7)
      position = digits.endIndex
      if here == UInt8(ascii: "}"),
        let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
        let scalar = Unicode.Scalar(value)
      {
        position += 1
        return Array(String(Character(scalar)).utf8)
      }
    default: break
    }
    throw error("expected an escape: `\\\"`, `\\\\`, `\\n`, `\\t`, `\\r` or `\\u{…}`", at: start)
  }

  /// The letters, digits, signs and points of a number, not checked.
  mutating func numberText() -> String {
    skipBlanks()
    let start = position
    while let byte = here {
      let isMinus = byte == UInt8(ascii: "-")
      let afterExponent =
        position > start && (bytes[position - 1] | 0x20) == UInt8(ascii: "e")
        && bytes[start..<position].contains(where: TextGrammar.isDigit)
      guard
        TextGrammar.isLetterOrDigit(byte) || byte == UInt8(ascii: ".")
          || (isMinus && position == start)
          || ((isMinus || byte == UInt8(ascii: "+")) && afterExponent)
      else { break }
      position += 1
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// A whole number that is not negative.
  mutating func count(_ what: String, limit: Int) throws -> Int {
    guard let first = peek(), TextGrammar.isDigit(first) else { throw expected(what) }
    let start = position
    var value = 0
    while let byte = here, TextGrammar.isDigit(byte) {
      let digit = Int(byte - 0x30)
      guard value <= (limit - digit) / 10 else {
        throw error("\(what) is at most \(limit)", at: start)
      }
      value = value * 10 + digit
      position += 1
    }
    return value
  }
}

extension StaticString {
  /// Whether the (ASCII) text holds the byte.
  fileprivate func holds(_ byte: UInt8) -> Bool {
    for index in 0..<utf8CodeUnitCount where utf8Start[index] == byte { return true }
    return false
  }
}

// Messages.
extension TextScanner {
  /// What stands where `what` was expected.
  mutating func expected(_ what: String) -> TenonError {
    skipBlanks()
    return error("expected \(what), found \(found())", at: position)
  }

  /// An error at a byte of the text.
  func error(_ message: String, at position: Int, code: TenonError.Code = "graph-text")
    -> TenonError
  {
    TenonError(code, "graph text \(place(position)): \(message)")
  }

  /// `12:7`: the line and the character in it, both from 1.
  func place(_ position: Int) -> String {
    var line = 1
    var column = 1
    for byte in bytes[..<min(position, bytes.count)] {
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return "\(line):\(column)"
  }

  private func found() -> String {
    guard let first = here else { return "the end" }
    var end = position + 1
    if TextGrammar.isLetterOrDigit(first) {
      while end < bytes.count, end < position + 40, TextGrammar.isLetterOrDigit(bytes[end]) {
        end += 1
      }
    } else {
      while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
    }
    return TextScanner.shown(String(decoding: bytes[position..<end], as: UTF8.self))
  }

  /// A text that may be anything in backquotes, at most 40 characters of it, control characters
  /// escaped.
  static func shown(_ text: String) -> String {
    let short = text.unicodeScalars.count <= 40 ? text : String(text.prefix(37)) + "..."
    return "`" + TextGrammar.quoted(short).dropFirst().dropLast() + "`"
  }
}
