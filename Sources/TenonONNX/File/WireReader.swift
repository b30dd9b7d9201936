import TenonFormats
import TenonTensor

/// Reads the Protocol Buffers wire format straight from a file: a window of it at a time, so that
/// payloads which nobody asks for are never touched.
///
/// The format: https://protobuf.dev/programming-guides/encoding.
struct WireReader {
  let source: ByteSource
  private var window: [UInt8] = []
  private var windowStart = 0
  private static let windowSize = 1 << 16

  init(_ source: ByteSource) { self.source = source }

  /// One field of a message.
  struct Field {
    enum Kind { case varint, fixed64, bytes, fixed32 }
    let number: Int
    let kind: Kind
    /// Where the field begins, with its tag.
    let start: Int
    /// The varint, the number or the contents.
    let payload: Range<Int>
  }

  /// The field at `offset` of a message that ends at `end`; `offset` moves behind it.
  ///
  /// - Throws: `model-file` where the bytes are no field, `file-read`.
  mutating func field(at offset: inout Int, end: Int) throws -> Field {
    let start = offset
    let tag = try varint(at: &offset, end: end)
    guard let number = Int(exactly: tag >> 3), number > 0, number < 1 << 29 else {
      throw TenonError.wire(source.name, "a field has no number", at: start)
    }
    let kind: Field.Kind
    let count: UInt64
    let first = offset
    switch tag & 7 {
    case 0:
      _ = try varint(at: &offset, end: end)
      return Field(number: number, kind: .varint, start: start, payload: first..<offset)
    case 1: (kind, count) = (.fixed64, 8)
    case 2: (kind, count) = (.bytes, try varint(at: &offset, end: end))
    case 5: (kind, count) = (.fixed32, 4)
    default:
      throw TenonError.wire(
        source.name, "field \(number) has the wire type \(tag & 7), which is not known", at: start)
    }
    guard count <= UInt64(end - offset) else {
      throw TenonError.wire(
        source.name, "field \(number) claims \(count) bytes, \(end - offset) are left", at: start)
    }
    let payload = offset..<offset + Int(count)
    offset = payload.upperBound
    return Field(number: number, kind: kind, start: start, payload: payload)
  }

  /// The bytes of `range`, appended.
  ///
  /// - Throws: `file-read`.
  mutating func copy(_ range: Range<Int>, to bytes: inout [UInt8]) throws {
    if range.lowerBound >= windowStart, range.upperBound <= windowStart + window.count {
      let first = range.lowerBound - windowStart
      bytes.append(contentsOf: window[first..<first + range.count])
    } else if range.count <= WireReader.windowSize / 2 {
      try moveWindow(to: range.lowerBound)
      bytes.append(contentsOf: window[..<range.count])
    } else {
      bytes.append(contentsOf: try source.copy(range))
    }
  }

  /// The number at `offset`, which moves behind it.
  ///
  /// - Throws: `model-file` where it runs past `end` or over 64 bits, `file-read`.
  mutating func varint(at offset: inout Int, end: Int) throws -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard offset < end else {
        throw TenonError.wire(source.name, "the bytes end inside a number", at: start)
      }
      let byte = try byte(at: offset)
      offset += 1
      if shift < 64 { value |= UInt64(byte & 0x7F) << UInt64(shift) }
      if byte < 0x80 { return value }
    }
    throw TenonError.wire(source.name, "a number has more than 64 bits", at: start)
  }

  private mutating func byte(at offset: Int) throws -> UInt8 {
    if offset < windowStart || offset >= windowStart + window.count { try moveWindow(to: offset) }
    return window[offset - windowStart]
  }

  private mutating func moveWindow(to offset: Int) throws {
    window = try source.copy(offset..<min(source.count, offset + WireReader.windowSize))
    windowStart = offset
  }
}

/// Writes the Protocol Buffers wire format.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(tag number: Int, _ wireType: UInt64) {
    append(varint: UInt64(number) << 3 | wireType)
  }

  mutating func append(varint value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  mutating func append(_ range: Range<Int>, from reader: inout WireReader) throws {
    try reader.copy(range, to: &bytes)
  }

  /// Leaves room for the length of a message that is written next; `endMessage` fills it in: always
  /// five bytes, which readers take as they take fewer.
  mutating func beginMessage() -> Int {
    bytes.append(contentsOf: [0, 0, 0, 0, 0])
    return bytes.count
  }

  mutating func endMessage(_ start: Int) {
    var length = bytes.count - start
    for index in start - 5..<start {
      bytes[index] = UInt8(length & 0x7F) | (index < start - 1 ? 0x80 : 0)
      length >>= 7
    }
  }
}
