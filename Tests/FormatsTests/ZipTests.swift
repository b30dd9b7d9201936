import TenonFormats
import TenonTensor
import Testing

@Suite struct ZipTests {
  static let entries: [(String, [UInt8])] = [
    ("first", [1, 2, 3]), ("größe/x", []), ("last", [UInt8](repeating: 7, count: 300)),
  ]

  @Test(arguments: [0, 1, 100, 0xFFFF_FFFF])
  func entriesComeBack(wideFrom: Int) throws {
    let archive = try open(zip(Self.entries, wideFrom: wideFrom))
    #expect(archive.entries.map(\.name) == Self.entries.map(\.0))
    for (entry, original) in Swift.zip(archive.entries, Self.entries) {
      #expect(try archive.bytes(of: entry, maximumBytes: 300) == original.1)
      #expect(entry.isDeflated == false)
    }
  }

  @Test func aCommentIsAllowed() throws {
    var bytes = try zip(Self.entries)
    bytes[bytes.count - 2] = 4
    bytes += Array("PK\u{5}\u{6}".utf8)
    #expect(try open(bytes).entries.count == 3)
  }

  @Test func theLayoutIsFixed() throws {
    let bytes = try zip([("a", [1])])
    #expect(
      bytes == [
        0x50, 0x4B, 3, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0, 0x1B, 0xDF, 0x05, 0xA5, 1, 0, 0, 0, 1,
        0, 0, 0, 1, 0, 0, 0, 0x61, 1,
        0x50, 0x4B, 1, 2, 45, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0, 0x1B, 0xDF, 0x05, 0xA5, 1, 0, 0,
        0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xA4, 0x81, 0, 0, 0, 0, 0x61,
        0x50, 0x4B, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, 47, 0, 0, 0, 32, 0, 0, 0, 0, 0,
      ])
  }

  /// The file of `[("a", [1]), ("b", [2])]`: entries at 0 and 32, the directory's at 64 and 111, the
  /// end at 158; each change is a place and the bytes put there.
  static let changes: [([(Int, [UInt8])], String)] = [
    ([(158, [0])], "no zip file, or cut short: the record that ends one is missing"),
    ([(178, [1])], "no zip file, or cut short: the record that ends one is missing"),
    ([(162, [1])], "a zip file in several parts, which Tenon does not read"),
    ([(166, [1])], "a zip file in several parts, which Tenon does not read"),
    ([(98, [1])], "a zip file in several parts, which Tenon does not read"),
    ([(170, [95])], "the zip directory does not lie where the record at the end says"),
    ([(174, [65])], "the zip directory does not lie where the record at the end says"),
    (
      [(174, [0xFF, 0xFF, 0xFF, 0xFF])],
      "the zip directory does not lie where the record at the end says"
    ),
    ([(166, [3, 0, 3, 0])], "the zip directory holds 2 entries, but 3 are claimed"),
    ([(166, [1, 0, 1, 0])], "the zip directory holds 2 entries, but 1 are claimed"),
    ([(64, [0])], "entry 0 of the zip directory is malformed"),
    ([(92, [200])], "entry 0 of the zip directory is malformed"),
    ([(139, [2])], "entry 1 of the zip directory is malformed"),
    ([(110, [0xFF])], "the name of entry 0 of the zip directory is not UTF-8"),
    ([(157, [0x61])], "two entries are called `a`"),
    ([(72, [1])], "entry `a` is encrypted, which Tenon does not read"),
    ([(74, [14])], "entry `a` is compressed by LZMA; Tenon reads stored and deflated entries"),
    ([(74, [97])], "entry `a` is compressed by method 97; Tenon reads stored and deflated entries"),
    ([(88, [2])], "entry `a` is stored, but its two sizes differ"),
    ([(84, [0xFF, 0xFF, 0xFF, 0xFF])], "the extra fields of entry `a` are malformed"),
    ([(0, [0])], "entry `a` is not what the zip directory says"),
    ([(8, [8])], "entry `a` is not what the zip directory says"),
    ([(30, [0x62])], "entry `a` is not what the zip directory says"),
    ([(28, [255])], "entry `a` is not what the zip directory says"),
    ([(106, [255])], "entry `a` is not what the zip directory says"),
    ([(106, [63])], "entries `b` and `a` share bytes"),
    ([(84, [20, 0, 0, 0, 20])], "entries `a` and `b` share bytes"),
    ([(153, [0])], "entries `a` and `b` share bytes"),
    ([(31, [9])], "entry `a` is damaged: its checksum does not match"),
    ([(80, [0])], "entry `a` is damaged: its checksum does not match"),
    ([(8, [8]), (74, [8])], "entry `a` is damaged: the compressed data is cut short"),
    (
      [(8, [8]), (74, [8]), (88, [0, 5])],
      "entry `a` claims 1280 bytes, more than 1 compressed ones can hold"
    ),
  ]

  @Test(arguments: changes) func refuses(changes: [(Int, [UInt8])], message: String) throws {
    var bytes = try zip([("a", [1]), ("b", [2])])
    #expect(bytes.count == 180)
    for (place, new) in changes { bytes.replaceSubrange(place..<place + new.count, with: new) }
    #expect(throws: TenonError("zip", "f: " + message)) {
      let archive = try open(bytes)
      for entry in archive.entries {
        _ = try archive.bytes(of: entry, maximumBytes: 1 << 20)
      }
    }
  }

  @Test func refusesWhatIsNoZipFile() {
    for bytes in [[], [UInt8](repeating: 0, count: 21), Array("PK\u{3}\u{4}".utf8)] {
      #expect(
        throws: TenonError(
          "zip", "f: no zip file, or cut short: the record that ends one is missing")
      ) { try open(bytes) }
    }
  }

  /// The wide file of `[("a", [1])]`: its zip64 end record at 127, the locator at 183, the end
  /// at 203.
  @Test(arguments: [
    (127, "the zip directory does not lie where the record at the end says"),
    (131, "the zip directory does not lie where the record at the end says"),
    (143, "a zip file in several parts, which Tenon does not read"),
    (151, "a zip file in several parts, which Tenon does not read"),
    (167, "the zip directory does not lie where the record at the end says"),
    (175, "the zip directory does not lie where the record at the end says"),
    (182, "the zip directory does not lie where the record at the end says"),
    (183, "the zip directory does not lie where the record at the end says"),
    (191, "the zip directory does not lie where the record at the end says"),
    (198, "the zip directory does not lie where the record at the end says"),
    (199, "a zip file in several parts, which Tenon does not read"),
  ])
  func refusesWideRecords(place: Int, message: String) throws {
    var bytes = try zip([("a", [1])], wideFrom: 0)
    #expect(bytes.count == 225)
    bytes[place] ^= 0x81
    #expect(throws: TenonError("zip", "f: " + message)) { try open(bytes) }
  }

  func open(_ bytes: [UInt8]) throws -> ZipArchive { try ZipArchive(ByteSource(bytes, name: "f")) }
}
