import TenonFormats
import Testing

@Suite struct DeflateTests {
  @Test func decompressesEveryKindOfBlock() throws {
    #expect(try Deflate.decompress([1, 3, 0, 0xFC, 0xFF, 7, 8, 9], declared: 3) == [7, 8, 9])
    #expect(try Deflate.decompress([75, 4, 0], declared: 1) == Array("a".utf8))
    #expect(
      try Deflate.decompress([0x4B, 0x4C, 0x84, 0x01, 0x00], declared: 10)
        == Array("aaaaaaaaaa".utf8))
    #expect(try Deflate.decompress([3, 0], declared: 0) == [])
    // A dynamic block whose only code word is the end of the block.
    #expect(
      try Deflate.decompress([5, 192, 129, 0, 0, 0, 0, 0, 144, 255, 107, 0], declared: 0) == [])
  }

  @Test func decompressesText() throws {
    let file = try NpzFile(path: TestFiles.fixture("text.npz"))
    let text: [UInt8] = try file.tensor(named: "text").scalars()
    #expect(text.count == 4000)
    #expect(text.filter { $0 == UInt8(ascii: "e") }.count == 1744)
    #expect(CRC.castagnoli.checksum(text) == 0x003F_7AE7)
  }

  /// Compressed bytes, the number of bytes declared, and what is wrong.
  static let refusals: [([UInt8], Int, DeflateMistake)] = [
    ([], 0, .cutShort),
    ([75, 4], 1, .cutShort),
    ([1, 3, 0, 0xFC, 0xFF, 7, 8], 3, .cutShort),
    ([7], 0, .blockType),
    ([1, 5, 0, 0, 0], 5, .storedLength),
    ([245, 0, 0], 0, .tooManyCodes),
    ([5, 30, 0], 0, .tooManyCodes),
    ([5, 0, 146, 0], 0, .overSubscribed),
    ([5, 0, 2, 0], 0, .incomplete),
    ([5, 0, 130, 0], 0, .repeatOfNothing),
    ([5, 0, 130, 224, 255, 31], 0, .tooManyLengths),
    ([5, 0, 130, 224, 127, 27], 0, .noEndOfBlock),
    ([5, 192, 129, 0, 0, 0, 0, 0, 144, 255, 107, 2, 0, 0, 0, 0, 0, 0, 0], 0, .badCode),
    ([27, 3, 0], 5, .badSymbol),
    ([75, 4, 62, 0], 5, .badSymbol),
    ([3, 2, 0], 3, .distanceTooFar),
    ([75, 4, 0], 0, .tooLong(0)),
    ([0x4B, 0x4C, 0x84, 0x01, 0x00], 5, .tooLong(5)),
    ([1, 3, 0, 0xFC, 0xFF, 7, 8, 9], 2, .tooLong(2)),
    ([75, 4, 0], 2, .tooShort(1, declared: 2)),
    ([75, 4, 0, 0], 1, .trailing(1)),
  ]

  @Test(arguments: refusals)
  func refuses(compressed: [UInt8], declared: Int, mistake: DeflateMistake) {
    #expect(throws: mistake) { try Deflate.decompress(compressed, declared: declared) }
  }

  @Test func everyMistakeHasItsWords() {
    let mistakes: [(DeflateMistake, String)] = [
      (.cutShort, "the compressed data is cut short"),
      (.blockType, "the compressed data has a block of an unknown type"),
      (.storedLength, "the length of a stored block does not match its complement"),
      (.tooManyCodes, "a block has more codes than deflate has symbols"),
      (.overSubscribed, "the code words of a block overlap"),
      (.incomplete, "the code words of a block leave others unused"),
      (.repeatOfNothing, "a block repeats a code length before the first"),
      (.tooManyLengths, "a block gives more code lengths than it has codes"),
      (.noEndOfBlock, "a block has no code for its end"),
      (.badCode, "a code word that its block does not have"),
      (.badSymbol, "a symbol that deflate does not have"),
      (.distanceTooFar, "a copy from before the start"),
      (.tooLong(5), "it decompresses to more than the 5 bytes declared"),
      (.tooShort(1, declared: 2), "it decompresses to 1 bytes, but 2 are declared"),
      (.trailing(3), "3 bytes follow the compressed data"),
    ]
    for (mistake, text) in mistakes { #expect(mistake.text == text) }
  }
}

@Suite struct CRCTests {
  @Test func checksumsOfTheStandardText() {
    let text = Array("123456789".utf8)
    #expect(CRC.iso.checksum(text) == 0xCBF4_3926)
    #expect(CRC.castagnoli.checksum(text) == 0xE306_9283)
    #expect(CRC.iso.checksum([]) == 0)
  }

  @Test func piecesAddUp() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    for cut in [0, 1, 7, 8, 9, 500, 1000] {
      let first = CRC.castagnoli.checksum(Array(bytes[..<cut]))
      #expect(
        CRC.castagnoli.checksum(Array(bytes[cut...]), after: first)
          == CRC.castagnoli.checksum(bytes))
    }
  }
}
