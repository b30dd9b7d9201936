import TenonTensor

extension JSON {
  /// How deeply arrays and objects may be nested.
  package static let depthLimit = 128

  /// The one value that `bytes` holds, by the letter of RFC 8259: no byte order mark, no comments, no
  /// trailing commas, valid UTF-8, no key twice in an object, nothing after the value but spaces.
  ///
  /// Memory taken is bounded by a small multiple of the bytes.
  /// - Parameters:
  ///   - name: what messages call the text, usually the path of the file that holds it.
  ///   - offset: where in that file the bytes begin.
  /// - Throws: `json` with the place where the text breaks the rules.
  package init(parsing bytes: [UInt8], name: String, offset: Int = 0) throws {
    self = try bytes.withUnsafeBufferPointer { buffer in
      var parser = JSONParser(bytes: buffer, name: name, offset: offset)
      let value = try parser.value(depth: 0)
      parser.skipSpaces()
      guard parser.position == buffer.count else { throw parser.error(.trailing) }
      return value
    }
  }

  /// - Throws: as `init(parsing:name:offset:)` of bytes.
  package init(parsing text: String, name: String) throws {
    try self.init(parsing: Array(text.utf8), name: name)
  }
}

/// Reads one value by recursive descent.
private struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  let name: String
  let offset: Int
  var position = 0

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpaces() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  func error(_ mistake: JSONMistake, at place: Int? = nil) -> TenonError {
    TenonError.json(name, mistake, position: offset + (place ?? position))
  }

  private mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  mutating func value(depth: Int) throws -> JSON {
    skipSpaces()
    switch next {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case .some(let byte) where byte == UInt8(ascii: "-") || isDigit(byte): return try number()
    default: throw error(.expected("a value"))
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSON) throws -> JSON {
    let matches = text.withUTF8Buffer { word in
      bytes.count - position >= word.count
        && bytes[position..<position + word.count].elementsEqual(word)
    }
    guard matches else { throw error(.expected("a value")) }
    position += text.utf8CodeUnitCount
    return value
  }

  private mutating func array(depth: Int) throws -> [JSON] {
    guard depth < JSON.depthLimit else { throw error(.tooDeep) }
    position += 1
    var elements: [JSON] = []
    skipSpaces()
    if take("]") { return elements }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpaces()
      if take("]") { return elements }
      guard take(",") else { throw error(.expected("`,` or `]`")) }
    }
  }

  private mutating func object(depth: Int) throws -> JSON.Object {
    guard depth < JSON.depthLimit else { throw error(.tooDeep) }
    position += 1
    var members: [JSON.Object.Member] = []
    var keys = Set<String>()
    skipSpaces()
    if take("}") { return JSON.Object(unchecked: members) }
    while true {
      skipSpaces()
      let start = position
      guard next == UInt8(ascii: "\"") else { throw error(.expected("a key in quotes")) }
      let key = try string()
      guard keys.insert(key).inserted else { throw error(.duplicateKey(key), at: start) }
      skipSpaces()
      guard take(":") else { throw error(.expected("`:`")) }
      members.append(JSON.Object.Member(key: key, value: try value(depth: depth + 1)))
      skipSpaces()
      if take("}") { return JSON.Object(unchecked: members) }
      guard take(",") else { throw error(.expected("`,` or `}`")) }
    }
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private mutating func digits() throws {
    guard let byte = next, isDigit(byte) else { throw error(.expected("a digit")) }
    while let byte = next, isDigit(byte) { position += 1 }
  }

  private mutating func number() throws -> JSON {
    let start = position
    _ = take("-")
    if !take("0") { try digits() }
    if let byte = next, isDigit(byte) { throw error(.leadingZero, at: start) }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("-") { _ = take("+") }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    return .number(JSON.Number(unchecked: text))
  }

  private mutating func string() throws -> String {
    let start = position
    position += 1
    var text: [UInt8] = []
    var pieceStart = position
    while true {
      guard let byte = next else { throw error(.unclosedString, at: start) }
      if byte == UInt8(ascii: "\"") {
        let piece = bytes[pieceStart..<position]
        position += 1
        let decoded =
          text.isEmpty
          ? String(validating: piece, as: UTF8.self)
          : String(validating: text + piece, as: UTF8.self)
        guard let decoded else { throw error(.notUTF8, at: start) }
        return decoded
      }
      if byte == UInt8(ascii: "\\") {
        text.append(contentsOf: bytes[pieceStart..<position])
        text.append(contentsOf: UTF8.encode(try escape())!)
        pieceStart = position
      } else if byte < 0x20 {
        throw error(.controlCharacter)
      } else {
        position += 1
      }
    }
  }

  /// The character that an escape stands for.
  private mutating func escape() throws -> Unicode.Scalar {
    let start = position
    position += 1
    guard let letter = next else { throw error(.unknownEscape, at: start) }
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{08}"
    case UInt8(ascii: "f"): return "\u{0C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw error(.unknownEscape, at: start)
    }
    let first = try fourHexDigits(at: start)
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard UTF16.isLeadSurrogate(first), take("\\"), take("u") else {
      throw error(.loneSurrogate, at: start)
    }
    let second = try fourHexDigits(at: start)
    guard UTF16.isTrailSurrogate(second) else { throw error(.loneSurrogate, at: start) }
    return Unicode.Scalar(
      0x10000 + (UInt32(first & 0x3FF) << 10) + UInt32(second & 0x3FF))!
  }

  private mutating func fourHexDigits(at start: Int) throws -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw error(.unknownEscape, at: start)
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}
