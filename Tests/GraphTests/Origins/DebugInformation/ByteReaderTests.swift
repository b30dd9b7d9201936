import Testing

@testable import TenonGraph

@Suite struct ByteReaderTests {
  @Test func numbers() {
    var assembly = Assembly()
    assembly.byte(0xFE)
    assembly.half(0x1234)
    assembly.word(0x1234_5678)
    assembly.long(0x8123_4567_89AB_CDEF)
    assembly.string("naïve")
    let signed: [Int64] = [0, 2, -2, 63, 64, -64, -65, 127, -128, .max, .min]
    for value in signed { assembly.signedLEB(value) }
    let unsigned: [UInt64] = [0, 127, 128, 0x4080, .max]
    for value in unsigned { assembly.unsignedLEB(value) }
    var reader = ByteReader(assembly.bytes)
    #expect(reader.byte() == 0xFE)
    #expect(reader.half() == 0x1234)
    #expect(reader.word() == 0x1234_5678)
    #expect(reader.number(size: 8) == 0x8123_4567_89AB_CDEF)
    #expect(reader.string() == "naïve")
    for value in signed { #expect(reader.signedLEB() == value) }
    for value in unsigned { #expect(reader.unsignedLEB() == value) }
    #expect(reader.isAtEnd)
    #expect(!reader.isPastEnd)
  }

  /// Everything that can be asked for beyond the end.
  static let requests: [@Sendable (inout ByteReader) -> Void] = [
    { _ = $0.number(size: 8) }, { _ = $0.string() }, { $0.skipString() }, { $0.skip(.max) },
    { $0.skip(-1) }, { $0.seek(to: 5) }, { $0.seek(to: -1) }, { _ = $0.number(size: 9) },
    { _ = $0.unsignedLEB() }, { _ = $0.signedLEB() },
  ]

  @Test(arguments: requests.indices) func beyondTheEnd(_ request: Int) {
    var reader = ByteReader([0x80, 0x81, 0x82, 0x83])
    Self.requests[request](&reader)
    #expect(reader.isPastEnd)
    #expect(reader.isAtEnd)
    #expect(reader.byte() == 0)
    #expect(reader.unsignedLEB() == 0)
    #expect(reader.string() == "")
  }

  @Test func anOffsetThatIsNoInteger() {
    var reader = ByteReader(Array(repeating: 0xFF, count: 8))
    #expect(reader.offset(size: 8) == 0)
    #expect(reader.isPastEnd)
  }

  @Test func aRangeOutsideOfTheBytes() {
    #expect(ByteReader([1, 2], from: 3).isPastEnd)
    #expect(ByteReader([1, 2], from: -1).isPastEnd)
    #expect(ByteReader([1, 2], from: 0, to: -5).isAtEnd)
    #expect(ByteReader([1, 2], from: 2).isAtEnd)
    #expect(!ByteReader([1, 2], from: 2).isPastEnd)
  }
}
