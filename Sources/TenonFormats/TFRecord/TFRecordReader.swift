import TenonTensor

/// Reads the records of a TFRecord file one after the other, each checked against its checksums.
///
/// Format: tensorflow/core/lib/io/record_writer.h. A record is its length in 8 bytes, the masked
/// CRC32C of the length, the data, and the masked CRC32C of the data.
public struct TFRecordReader {
  private let source: ByteSource
  private var position = 0
  /// The number of records read so far.
  public private(set) var count = 0

  /// Opens the file at `path`.
  ///
  /// - Throws: `file-read` where it cannot be read; `tfrecord` where it is compressed as a whole.
  public init(path: String) throws { try self.init(ByteSource(path: path)) }

  /// Reads a file held in memory, which messages call `name`.
  ///
  /// - Throws: `tfrecord` where it is compressed as a whole.
  public init(bytes: [UInt8], name: String = "TFRecord data") throws {
    try self.init(ByteSource(bytes, name: name))
  }

  private init(_ source: ByteSource) throws {
    self.source = source
    if source.count >= 3, try source.copy(0..<3) == [0x1F, 0x8B, 0x08] {
      throw TFRecordMistake.error(source.name, .gzip)
    }
  }

  /// The data of the next record; nil after the last.
  ///
  /// - Throws: `tfrecord` where the record is cut short or damaged; `file-read`.
  public mutating func next() throws -> [UInt8]? {
    let left = source.count - position
    if left == 0 { return nil }
    let fail = { [name = source.name] in TFRecordMistake.error(name, $0) }
    guard left >= 12 else { throw fail(.lengthCutShort(count)) }
    let head = try source.copy(position..<position + 12)
    let length: UInt64 = head.littleEndian(at: 0)
    guard TFRecord.maskedChecksum(Array(head[..<8])) == head.littleEndian(at: 8) else {
      throw fail(.lengthChecksum(count))
    }
    guard left >= 16, length <= UInt64(left - 16) else {
      throw fail(.dataCutShort(count, claimed: length, left: left - 12))
    }
    let start = position + 12
    let data = try source.copy(start..<start + Int(length))
    let end = start + Int(length)
    guard try source.copy(end..<end + 4).littleEndian(at: 0) == TFRecord.maskedChecksum(data)
    else { throw fail(.dataChecksum(count)) }
    position = end + 4
    count += 1
    return data
  }
}
