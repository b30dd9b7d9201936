/// Reads numbers and strings from bytes that may be malformed: past the end it yields zeros and
/// says so, instead of trapping.
struct ByteReader {
  let bytes: [UInt8]
  private(set) var position: Int
  let end: Int
  /// Whether something was asked for that is not there.
  private(set) var isPastEnd = false

  /// Reads `bytes` from `position` up to `end`, both clamped to the bytes there are.
  init(_ bytes: [UInt8], from position: Int = 0, to end: Int = .max) {
    self.bytes = bytes
    self.end = max(0, min(end, bytes.count))
    self.position = position
    if position < 0 || position > self.end { fail() }
  }

  var isAtEnd: Bool { position >= end }

  private mutating func fail() {
    isPastEnd = true
    position = end
  }

  mutating func byte() -> UInt8 {
    guard position < end else {
      fail()
      return 0
    }
    defer { position += 1 }
    return bytes[position]
  }

  /// A little-endian number of `size` bytes, at most 8.
  mutating func number(size: Int) -> UInt64 {
    guard size >= 0, size <= 8, end - position >= size else {
      fail()
      return 0
    }
    var result: UInt64 = 0
    for index in 0..<size { result |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    position += size
    return result
  }

  mutating func half() -> Int { Int(number(size: 2)) }
  mutating func word() -> Int { Int(number(size: 4)) }

  /// A number of `size` bytes that is an offset or a size; more than an `Int` is past the end.
  mutating func offset(size: Int) -> Int { clamped(number(size: size)) }

  mutating func unsignedLEB() -> UInt64 {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = byte()
      if shift < 64 { result |= UInt64(byte & 0x7F) << shift }
      shift += 7
      if byte < 0x80 { return result }
    }
  }

  /// As `unsignedLEB`, for a count or a size.
  mutating func countLEB() -> Int { clamped(unsignedLEB()) }

  mutating func signedLEB() -> Int64 {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = byte()
      if shift < 64 { result |= UInt64(byte & 0x7F) << shift }
      shift += 7
      if byte < 0x80 {
        if byte & 0x40 != 0, shift < 64 { result |= UInt64.max << shift }
        return Int64(bitPattern: result)
      }
    }
  }

  /// Text up to a zero byte.
  mutating func string() -> String {
    var stop = position
    while stop < end, bytes[stop] != 0 { stop += 1 }
    guard stop < end else {
      fail()
      return ""
    }
    defer { position = stop + 1 }
    return String(decoding: bytes[position..<stop], as: UTF8.self)
  }

  mutating func skipString() {
    while position < end, bytes[position] != 0 { position += 1 }
    skip(1)
  }

  mutating func skip(_ count: Int) {
    guard count >= 0, end - position >= count else { return fail() }
    position += count
  }

  mutating func seek(to position: Int) {
    guard position >= 0, position <= end else { return fail() }
    self.position = position
  }

  private mutating func clamped(_ value: UInt64) -> Int {
    if let value = Int(exactly: value) { return value }
    fail()
    return 0
  }
}
