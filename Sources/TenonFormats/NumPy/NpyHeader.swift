import TenonTensor

/// What the header of an npy file says, checked against the size of the file.
///
/// Format: numpy.lib.format, versions 1.0 to 3.0.
struct NpyHeader {
  let type: NpyType
  let isFortranOrder: Bool
  let shape: [Int]
  /// The bytes of the elements.
  let data: Range<Int>

  static let byteLimit = 1 << 20
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  init(_ source: ByteSource) throws {
    let fail = { NpyMistake.error(source.name, $0) }
    guard source.count >= 10, try source.copy(0..<6) == NpyHeader.magic else { throw fail(.magic) }
    let start = try source.copy(0..<min(12, source.count))
    guard (1...3).contains(start[6]), start[7] == 0 else {
      throw fail(.version(start[6], start[7]))
    }
    let textStart = start[6] == 1 ? 10 : 12
    guard start.count >= textStart else { throw fail(.magic) }
    let length =
      start[6] == 1
      ? Int(start.littleEndian(UInt16.self, at: 8)) : Int(start.littleEndian(UInt32.self, at: 8))
    guard length <= NpyHeader.byteLimit else { throw fail(.headerTooLong(length)) }
    let dataStart = textStart + length
    guard dataStart <= source.count else {
      throw fail(.headerCutShort(claimed: length, left: source.count - textStart))
    }
    var parser = NpyHeaderParser(
      bytes: try source.copy(textStart..<dataStart), offset: textStart, fail: fail)
    let fields = try parser.fields()
    guard let type = NpyType(fields.type) else { throw fail(.type(fields.type)) }
    guard fields.shape.count <= FileLimits.rank,
      fields.shape.allSatisfy({ $0 <= FileLimits.size })
    else { throw fail(.badShape) }
    let (needed, overflow) = RowMajor.count(fields.shape)
      .multipliedReportingOverflow(by: type.byteWidth)
    let left = source.count - dataStart
    guard !overflow, needed <= left else {
      throw fail(
        .cutShort(
          "\(fields.type)\(Shape(fields.shape))", needed: overflow ? .max : needed, left: left))
    }
    guard needed == left else { throw fail(.trailing(left - needed)) }
    self.type = type
    isFortranOrder = fields.isFortranOrder
    shape = fields.shape
    data = dataStart..<source.count
  }
}

/// Reads the Python dictionary of an npy header.
private struct NpyHeaderParser {
  let bytes: [UInt8]
  let offset: Int
  let fail: (NpyMistake) -> TenonError
  private var position = 0

  init(bytes: [UInt8], offset: Int, fail: @escaping (NpyMistake) -> TenonError) {
    self.bytes = bytes
    self.offset = offset
    self.fail = fail
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func expected(_ what: String) -> TenonError {
    fail(.header(expected: what, position: offset + position))
  }

  private mutating func skipSpaces() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// The three fields, each once, and nothing after the dictionary.
  mutating func fields() throws -> (type: String, isFortranOrder: Bool, shape: [Int]) {
    var type: String?
    var isFortranOrder: Bool?
    var shape: [Int]?
    guard take("{") else { throw expected("`{`") }
    while !take("}") {
      let key = try string()
      guard take(":") else { throw expected("`:`") }
      switch key {
      case "descr":
        if take("[") { throw fail(.records) }
        guard type == nil else { throw fail(.duplicateKey(key)) }
        type = try string()
      case "fortran_order":
        guard isFortranOrder == nil else { throw fail(.duplicateKey(key)) }
        isFortranOrder = try boolean()
      case "shape":
        guard shape == nil else { throw fail(.duplicateKey(key)) }
        shape = try tuple()
      default: throw fail(.unknownKey(key))
      }
      if take("}") { break }
      guard take(",") else { throw expected("`,` or `}`") }
    }
    skipSpaces()
    guard position == bytes.count else { throw expected("the end of the header") }
    guard let type else { throw fail(.missingKey("descr")) }
    guard let isFortranOrder else { throw fail(.missingKey("fortran_order")) }
    guard let shape else { throw fail(.missingKey("shape")) }
    return (type, isFortranOrder, shape)
  }

  private mutating func string() throws -> String {
    skipSpaces()
    guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw expected("a string")
    }
    position += 1
    let start = position
    while let byte = next, byte != quote {
      guard byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\\") else {
        throw expected("plain text")
      }
      position += 1
    }
    guard next == quote else { throw expected("a closing quote") }
    position += 1
    return String(decoding: bytes[start..<position - 1], as: UTF8.self)
  }

  private mutating func boolean() throws -> Bool {
    skipSpaces()
    for (word, value) in [("True", true), ("False", false)]
    where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw expected("`True` or `False`")
  }

  /// `()`, `(3,)`, `(2, 3)`; Python 2 wrote `(2L, 3L)`.
  private mutating func tuple() throws -> [Int] {
    guard take("(") else { throw expected("`(`") }
    var sizes: [Int] = []
    while !take(")") {
      sizes.append(try integer())
      _ = take("L")
      if take(")") {
        // `(3)` is an integer, not a tuple.
        guard sizes.count > 1 else {
          position -= 1
          throw expected("`,`")
        }
        break
      }
      guard take(",") else { throw expected("`,` or `)`") }
    }
    return sizes
  }

  private mutating func integer() throws -> Int {
    skipSpaces()
    let start = position
    var value = 0
    while let byte = next, byte >= 0x30, byte <= 0x39 {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(byte - 0x30))
      guard !overflow, !carry else { throw fail(.badShape) }
      value = sum
      position += 1
    }
    guard position > start else { throw expected("a size") }
    return value
  }
}
