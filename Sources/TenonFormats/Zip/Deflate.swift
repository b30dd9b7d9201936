/// A rule of the deflate format (RFC 1951) that compressed data breaks.
package enum DeflateMistake: Error, Hashable {
  case cutShort
  case blockType
  case storedLength
  case tooManyCodes
  case overSubscribed
  case incomplete
  case repeatOfNothing
  case tooManyLengths
  case noEndOfBlock
  case badCode
  case badSymbol
  case distanceTooFar
  case tooLong(Int)
  case tooShort(Int, declared: Int)
  case trailing(Int)
}

/// Decompression of deflate data (RFC 1951).
package enum Deflate {
  /// No deflate data of `count` bytes decompresses to more than this.
  package static func mostBytes(from count: Int) -> Int { count * 1032 }

  /// The bytes that `input` stands for, which must be `declared` in number. Memory grows with
  /// the bytes produced, not with what is declared.
  ///
  /// - Throws: `DeflateMistake`.
  package static func decompress(_ input: [UInt8], declared: Int) throws(DeflateMistake) -> [UInt8]
  {
    var result: Result<[UInt8], DeflateMistake> = .failure(.cutShort)
    input.withUnsafeBufferPointer { buffer in
      do throws(DeflateMistake) {
        var output = DeflateOutput(limit: declared)
        var reader = BitReader(buffer)
        try blocks(&reader, &output)
        guard output.count == declared else {
          throw .tooShort(output.count, declared: declared)
        }
        guard reader.unreadByteCount == 0 else { throw .trailing(reader.unreadByteCount) }
        result = .success(output.result())
      } catch {
        result = .failure(error)
      }
    }
    return try result.get()
  }

  private static func blocks(
    _ reader: inout BitReader, _ output: inout DeflateOutput
  ) throws(DeflateMistake) {
    var isLast = false
    while !isLast {
      isLast = try reader.take(1) == 1
      switch try reader.take(2) {
      case 0: try stored(&reader, &output)
      case 1:
        try compressed(&reader, &output, literals: fixedLiterals, distances: fixedDistances)
      case 2:
        let (literals, distances) = try dynamicCodes(&reader)
        try compressed(&reader, &output, literals: literals, distances: distances)
      default: throw .blockType
      }
    }
  }

  private static func stored(
    _ reader: inout BitReader, _ output: inout DeflateOutput
  ) throws(DeflateMistake) {
    reader.skipToByte()
    let length = try reader.take(16)
    guard try reader.take(16) == length ^ 0xFFFF else { throw .storedLength }
    let bytes = try reader.bytes(Int(length))
    try output.append(bytes)
  }

  private static let fixedLiterals = certain(
    [UInt8](repeating: 8, count: 144) + [UInt8](repeating: 9, count: 112)
      + [UInt8](repeating: 7, count: 24) + [UInt8](repeating: 8, count: 8))
  private static let fixedDistances = certain([UInt8](repeating: 5, count: 32))

  private static func certain(_ lengths: [UInt8]) -> PrefixCode {
    do { return try PrefixCode(lengths: lengths, mayBeIncomplete: false) } catch {
      preconditionFailure("internal: \(error)")
    }
  }

  /// In which order the lengths of the code of code lengths come (RFC 1951, 3.2.7).
  private static let lengthOrder = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
  ]

  private static func dynamicCodes(
    _ reader: inout BitReader
  ) throws(DeflateMistake) -> (PrefixCode, PrefixCode) {
    let literalCount = Int(try reader.take(5)) + 257
    let distanceCount = Int(try reader.take(5)) + 1
    let lengthCount = Int(try reader.take(4)) + 4
    guard literalCount <= 286, distanceCount <= 30 else { throw .tooManyCodes }
    var lengthLengths = [UInt8](repeating: 0, count: 19)
    for index in 0..<lengthCount {
      lengthLengths[lengthOrder[index]] = UInt8(try reader.take(3))
    }
    let lengthCode = try PrefixCode(lengths: lengthLengths, mayBeIncomplete: false)
    var lengths: [UInt8] = []
    while lengths.count < literalCount + distanceCount {
      let symbol = try lengthCode.decode(&reader)
      let (value, count): (UInt8, UInt32)
      switch symbol {
      case 16:
        guard let last = lengths.last else { throw .repeatOfNothing }
        (value, count) = (last, 3 + (try reader.take(2)))
      case 17: (value, count) = (0, 3 + (try reader.take(3)))
      case 18: (value, count) = (0, 11 + (try reader.take(7)))
      default: (value, count) = (UInt8(symbol), 1)
      }
      for _ in 0..<count { lengths.append(value) }
    }
    guard lengths.count == literalCount + distanceCount else { throw .tooManyLengths }
    guard lengths[256] != 0 else { throw .noEndOfBlock }
    return (
      try PrefixCode(lengths: Array(lengths[..<literalCount]), mayBeIncomplete: true),
      try PrefixCode(lengths: Array(lengths[literalCount...]), mayBeIncomplete: true)
    )
  }

  private static let lengthBase: [UInt16] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
  ]
  private static let lengthExtra: [UInt8] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let distanceBase: [UInt16] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
    3073, 4097, 6145, 8193, 12289, 16385, 24577,
  ]

  private static func compressed(
    _ reader: inout BitReader, _ output: inout DeflateOutput, literals: PrefixCode,
    distances: PrefixCode
  ) throws(DeflateMistake) {
    let (lengthBase, lengthExtra, distanceBase) = (lengthBase, lengthExtra, distanceBase)
    while true {
      let symbol = try literals.decode(&reader)
      if symbol < 256 {
        try output.append(UInt8(symbol))
        continue
      }
      if symbol == 256 { return }
      let lengthIndex = symbol - 257
      guard lengthIndex < lengthBase.count else { throw .badSymbol }
      let length =
        Int(lengthBase[lengthIndex]) + Int(try reader.take(Int(lengthExtra[lengthIndex])))
      let distanceIndex = try distances.decode(&reader)
      guard distanceIndex < distanceBase.count else { throw .badSymbol }
      let extra = distanceIndex < 2 ? 0 : distanceIndex / 2 - 1
      let distance = Int(distanceBase[distanceIndex]) + Int(try reader.take(extra))
      try output.copy(length: length, distance: distance)
    }
  }
}
