import Glibc

/// Reads bits, the least significant of each byte first.
struct BitReader {
  private let input: UnsafeBufferPointer<UInt8>
  private var position = 0
  private var bits: UInt64 = 0
  private var bitCount = 0

  init(_ input: UnsafeBufferPointer<UInt8>) { self.input = input }

  private mutating func refill() {
    if input.count - position >= 8 {
      let word = UnsafeRawPointer(input.baseAddress! + position)
        .loadUnaligned(as: UInt64.self).littleEndian
      let taken = (63 - bitCount) / 8
      bits |= word << UInt64(bitCount)
      position += taken
      bitCount += taken * 8
      bits &= 1 << UInt64(bitCount) - 1
      return
    }
    while bitCount <= 56, position < input.count {
      bits |= UInt64(input[position]) << UInt64(bitCount)
      position += 1
      bitCount += 8
    }
  }

  /// The next bits without taking them; zeros where the input ends.
  @inline(__always)
  mutating func peek() -> UInt64 {
    if bitCount < 32 { refill() }
    return bits
  }

  @inline(__always)
  mutating func skip(_ count: Int) throws(DeflateMistake) {
    guard count <= bitCount else { throw .cutShort }
    bits >>= UInt64(count)
    bitCount -= count
  }

  /// The next `count` bits, at most 16, the first the least significant.
  @inline(__always)
  mutating func take(_ count: Int) throws(DeflateMistake) -> UInt32 {
    let value = UInt32(truncatingIfNeeded: peek() & (1 << UInt64(count) - 1))
    try skip(count)
    return value
  }

  mutating func skipToByte() {
    bits >>= UInt64(bitCount % 8)
    bitCount -= bitCount % 8
  }

  /// The next bytes, from a byte's border on.
  mutating func bytes(_ count: Int) throws(DeflateMistake) -> UnsafeBufferPointer<UInt8> {
    let start = position - bitCount / 8
    guard input.count - start >= count else { throw .cutShort }
    position = start + count
    bits = 0
    bitCount = 0
    return UnsafeBufferPointer(rebasing: input[start..<start + count])
  }

  /// The bytes of which no bit was taken.
  var unreadByteCount: Int { input.count - position + bitCount / 8 }
}

/// A prefix (Huffman) code given by the length of each symbol's code word.
struct PrefixCode {
  private static let tableBits = 10
  /// For the next `tableBits` bits, `symbol << 4 | length`; 0 where the word is longer.
  private var table: [UInt16]
  /// How many words have each length.
  private var counts = [UInt16](repeating: 0, count: 16)
  /// The symbols in the order of their words.
  private var symbols: [UInt16]

  /// - Parameter mayBeIncomplete: allows no word at all, and a single word of one bit.
  /// - Throws: where the words overlap or leave others unused.
  init(lengths: [UInt8], mayBeIncomplete: Bool) throws(DeflateMistake) {
    for length in lengths where length > 0 { counts[Int(length)] += 1 }
    var left = 1
    for length in 1...15 {
      left = left * 2 - Int(counts[length])
      guard left >= 0 else { throw .overSubscribed }
    }
    let wordCount = counts.reduce(0, +)
    if left > 0 {
      guard mayBeIncomplete, wordCount == 0 || (wordCount == 1 && counts[1] == 1) else {
        throw .incomplete
      }
    }
    var firstCode = [Int](repeating: 0, count: 17)
    var firstIndex = [Int](repeating: 0, count: 17)
    for length in 1...15 {
      firstCode[length + 1] = (firstCode[length] + Int(counts[length])) * 2
      firstIndex[length + 1] = firstIndex[length] + Int(counts[length])
    }
    symbols = [UInt16](repeating: 0, count: Int(wordCount))
    table = [UInt16](repeating: 0, count: 1 << PrefixCode.tableBits)
    var nextIndex = firstIndex
    for (symbol, length) in lengths.enumerated() where length > 0 {
      let length = Int(length)
      let index = nextIndex[length]
      nextIndex[length] += 1
      symbols[index] = UInt16(symbol)
      guard length <= PrefixCode.tableBits else { continue }
      let code = firstCode[length] + index - firstIndex[length]
      var reversed = 0
      for bit in 0..<length where code >> bit & 1 == 1 { reversed |= 1 << (length - 1 - bit) }
      for entry in stride(from: reversed, to: table.count, by: 1 << length) {
        table[entry] = UInt16(symbol << 4 | length)
      }
    }
  }

  /// The symbol of the next word.
  @inline(__always)
  func decode(_ reader: inout BitReader) throws(DeflateMistake) -> Int {
    let entry = table[Int(reader.peek() & (1 << UInt64(PrefixCode.tableBits) - 1))]
    guard entry != 0 else { return try decodeLong(&reader) }
    try reader.skip(Int(entry & 15))
    return Int(entry >> 4)
  }

  /// The symbol of a word that the table does not hold.
  private func decodeLong(_ reader: inout BitReader) throws(DeflateMistake) -> Int {
    let bits = reader.peek()
    var code = 0
    var first = 0
    var index = 0
    for length in 1...15 {
      code |= Int(bits >> UInt64(length - 1) & 1)
      let count = Int(counts[length])
      if code - first < count {
        try reader.skip(length)
        return Int(symbols[index + code - first])
      }
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw .badCode
  }
}

/// Bytes as they are decompressed, which is also the history that later ones are copied from.
struct DeflateOutput: ~Copyable {
  private var bytes: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0
  private let limit: Int

  init(limit: Int) {
    self.limit = limit
    capacity = min(limit, 4096)
    bytes = .allocate(capacity: max(capacity, 1))
  }

  deinit { bytes.deallocate() }

  /// Makes room for `more` bytes: doubles, but not past the limit.
  private mutating func grow(_ more: Int) throws(DeflateMistake) {
    guard limit - count >= more else { throw .tooLong(limit) }
    let size = min(limit, max(2 * capacity, count + more))
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
    larger.update(from: bytes, count: count)
    bytes.deallocate()
    bytes = larger
    capacity = size
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) throws(DeflateMistake) {
    if count == capacity { try grow(1) }
    bytes[count] = byte
    count += 1
  }

  mutating func append(_ more: UnsafeBufferPointer<UInt8>) throws(DeflateMistake) {
    if capacity - count < more.count { try grow(more.count) }
    guard let source = more.baseAddress else { return }
    (bytes + count).update(from: source, count: more.count)
    count += more.count
  }

  /// Repeats what lies `distance` back; the copy may run into itself.
  @inline(__always)
  mutating func copy(length: Int, distance: Int) throws(DeflateMistake) {
    guard distance <= count else { throw .distanceTooFar }
    if capacity - count < length { try grow(length) }
    let target = bytes + count
    let source = target - distance
    if distance >= length {
      memcpy(target, source, length)
    } else {
      for index in 0..<length { target[index] = source[index] }
    }
    count += length
  }

  /// A copy of the bytes.
  func result() -> [UInt8] { Array(UnsafeBufferPointer(start: bytes, count: count)) }
}
