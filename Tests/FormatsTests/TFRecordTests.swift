import TenonFormats
import TenonTensor
import Testing

@Suite struct TFRecordTests {
  let folder = TestFolder()
  static let records: [[UInt8]] = [Array("first".utf8), [], Array(0...255)]

  func read(_ reader: TFRecordReader) throws -> [[UInt8]] {
    var reader = reader
    var records: [[UInt8]] = []
    while let record = try reader.next() { records.append(record) }
    #expect(reader.count == records.count)
    return records
  }

  @Test func recordsComeBack() throws {
    let path = folder.file("x.tfrecord")
    try TFRecord.write(Self.records, to: path)
    #expect(try read(TFRecordReader(path: path)) == Self.records)
    #expect(try TestFiles.bytes(path) == TFRecord.bytes(Self.records))
    #expect(try read(TFRecordReader(bytes: [])) == [])
  }

  @Test func theBytesAreThoseOfTheFormat() throws {
    let bytes = try TestFiles.bytes(TestFiles.fixture("records.tfrecord"))
    #expect(TFRecord.bytes(Self.records) == bytes)
    #expect(try read(TFRecordReader(bytes: bytes)) == Self.records)
  }

  @Test func refuses() throws {
    let bytes = TFRecord.bytes(Self.records)
    func refusal(_ bytes: [UInt8]) -> TenonError? {
      do {
        _ = try read(TFRecordReader(bytes: bytes, name: "f"))
        return nil
      } catch { return error as? TenonError }
    }
    func changed(_ place: Int) -> [UInt8] {
      var changed = bytes
      changed[place] ^= 1
      return changed
    }
    let length =
      "f: record 1 is damaged, or this is no TFRecord file: the checksum of its length does not match"
    #expect(refusal(changed(21)) == TenonError("tfrecord", length))
    #expect(refusal(changed(29)) == TenonError("tfrecord", length))
    let data = "f: record 0 is damaged: the checksum of its data does not match"
    #expect(refusal(changed(14)) == TenonError("tfrecord", data))
    #expect(refusal(changed(17)) == TenonError("tfrecord", data))
    #expect(
      refusal(Array(bytes[..<25]))
        == TenonError("tfrecord", "f: the file ends within the length of record 1"))
    #expect(
      refusal(Array(bytes[..<20]))
        == TenonError(
          "tfrecord",
          "f: record 0 takes 5 bytes and a checksum of 4, but only 8 follow; the file is cut short")
    )
    #expect(
      refusal(Array(bytes[..<12]))
        == TenonError(
          "tfrecord",
          "f: record 0 takes 5 bytes and a checksum of 4, but only 0 follow; the file is cut short")
    )
    #expect(
      refusal([0x1F, 0x8B, 0x08, 0])
        == TenonError(
          "tfrecord", "f: a compressed TFRecord file; decompress it with `gunzip` first"))
    for end in bytes.indices { _ = refusal(Array(bytes[..<end])) }
  }
}
