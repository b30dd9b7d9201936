/// Writing TFRecord files.
public enum TFRecord {
  /// Writes the records to `path`, atomically.
  ///
  /// - Throws: `file-write` as `AtomicFile`.
  public static func write(_ records: some Sequence<[UInt8]>, to path: String) throws {
    try AtomicFile.write(to: path) { writer in
      for record in records {
        let (head, tail) = frame(record)
        try writer.write(head)
        try writer.write(record)
        try writer.write(tail)
      }
    }
  }

  /// The bytes of a file with the records.
  public static func bytes(_ records: some Sequence<[UInt8]>) -> [UInt8] {
    var bytes: [UInt8] = []
    for record in records {
      let (head, tail) = frame(record)
      bytes += head
      bytes += record
      bytes += tail
    }
    return bytes
  }

  /// What stands before and after the data of a record.
  private static func frame(_ record: [UInt8]) -> (head: [UInt8], tail: [UInt8]) {
    var head: [UInt8] = []
    head.append(littleEndian: UInt64(record.count))
    head.append(littleEndian: maskedChecksum(head))
    var tail: [UInt8] = []
    tail.append(littleEndian: maskedChecksum(record))
    return (head, tail)
  }

  /// The CRC32C turned right by 15 bits plus a constant, so that checksums of data that holds
  /// checksums stay useful.
  static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
    let checksum = CRC.castagnoli.checksum(bytes)
    return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }
}
