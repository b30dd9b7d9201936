/// Writes a zip file of stored entries, in order. The same entries give the same bytes: every time
/// stamp is the format's first, 1 January 1980.
package struct ZipWriter {
  private struct Written {
    let name: [UInt8]
    let byteCount: Int
    let checksum: UInt32
    let offset: Int
  }

  private let emit: (UnsafeRawBufferPointer) throws -> Void
  /// From which size or place on 64-bit fields are used.
  private let wideFrom: Int
  private var position = 0
  private var written: [Written] = []

  /// Begins a file whose bytes go to `emit`.
  package init(
    wideFrom: Int = 0xFFFF_FFFF, emit: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) {
    self.wideFrom = wideFrom
    self.emit = emit
  }

  /// Adds an entry whose bytes are those of `pieces` one after the other.
  ///
  /// - Throws: what `emit` throws.
  package mutating func add(name: String, pieces: [UnsafeRawBufferPointer]) throws {
    var checksum: UInt32 = 0
    var byteCount = 0
    for piece in pieces {
      checksum = CRC.iso.checksum(piece, after: checksum)
      byteCount += piece.count
    }
    let entry = Written(
      name: Array(name.utf8), byteCount: byteCount, checksum: checksum, offset: position)
    var header: [UInt8] = []
    header.append(littleEndian: ZipRecord.localHeader)
    appendShared(entry, isWide: byteCount >= wideFrom, to: &header)
    header += entry.name
    if byteCount >= wideFrom {
      header.append(littleEndian: ZipRecord.wideField)
      header.append(littleEndian: UInt16(16))
      header.append(littleEndian: UInt64(byteCount))
      header.append(littleEndian: UInt64(byteCount))
    }
    try put(header)
    for piece in pieces {
      try emit(piece)
      position += piece.count
    }
    written.append(entry)
  }

  /// Writes the directory that ends the file.
  ///
  /// - Throws: what `emit` throws.
  package mutating func finish() throws {
    let start = position
    for entry in written {
      var record: [UInt8] = []
      let isWide = max(entry.byteCount, entry.offset) >= wideFrom
      record.append(littleEndian: ZipRecord.directoryEntry)
      record.append(littleEndian: UInt16(3 << 8 | 45))  // made on Unix, by version 4.5
      appendShared(entry, isWide: isWide, to: &record)
      record.append(littleEndian: UInt16(0))  // comment
      record.append(littleEndian: UInt16(0))  // disk
      record.append(littleEndian: UInt16(0))  // internal attributes
      record.append(littleEndian: UInt32(0o100644) << 16)
      record.append(littleEndian: isWide ? 0xFFFF_FFFF : UInt32(entry.offset))
      record += entry.name
      if isWide {
        record.append(littleEndian: ZipRecord.wideField)
        record.append(littleEndian: UInt16(24))
        record.append(littleEndian: UInt64(entry.byteCount))
        record.append(littleEndian: UInt64(entry.byteCount))
        record.append(littleEndian: UInt64(entry.offset))
      }
      try put(record)
    }
    try put(end(start: start))
  }

  /// The fields that local header and directory entry share, from the version needed to the length
  /// of the extra fields.
  private func appendShared(_ entry: Written, isWide: Bool, to record: inout [UInt8]) {
    let isDirectory = record.count > 4
    record.append(littleEndian: UInt16(isWide ? 45 : 20))
    let isASCII = entry.name.allSatisfy { $0 < 0x80 }
    record.append(littleEndian: UInt16(isASCII ? 0 : 1 << 11))
    record.append(littleEndian: UInt16(0))  // stored
    record.append(littleEndian: UInt16(0))  // midnight
    record.append(littleEndian: UInt16(1 << 5 | 1))  // 1 January 1980
    record.append(littleEndian: entry.checksum)
    let size = isWide ? 0xFFFF_FFFF : UInt32(entry.byteCount)
    record.append(littleEndian: size)
    record.append(littleEndian: size)
    record.append(littleEndian: UInt16(entry.name.count))
    record.append(littleEndian: UInt16(isWide ? (isDirectory ? 28 : 20) : 0))
  }

  private func end(start: Int) -> [UInt8] {
    let size = position - start
    var record: [UInt8] = []
    let isWide = start >= wideFrom || size >= wideFrom || written.count >= 0xFFFF
    if isWide {
      record.append(littleEndian: ZipRecord.end64)
      record.append(littleEndian: UInt64(ZipRecord.end64Length - 12))
      record.append(littleEndian: UInt16(45))
      record.append(littleEndian: UInt16(45))
      record.append(littleEndian: UInt32(0))
      record.append(littleEndian: UInt32(0))
      record.append(littleEndian: UInt64(written.count))
      record.append(littleEndian: UInt64(written.count))
      record.append(littleEndian: UInt64(size))
      record.append(littleEndian: UInt64(start))
      record.append(littleEndian: ZipRecord.end64Locator)
      record.append(littleEndian: UInt32(0))
      record.append(littleEndian: UInt64(position))
      record.append(littleEndian: UInt32(1))
    }
    record.append(littleEndian: ZipRecord.end)
    record.append(littleEndian: UInt32(0))
    let count = isWide ? 0xFFFF : UInt16(written.count)
    record.append(littleEndian: count)
    record.append(littleEndian: count)
    record.append(littleEndian: isWide ? 0xFFFF_FFFF : UInt32(size))
    record.append(littleEndian: isWide ? 0xFFFF_FFFF : UInt32(start))
    record.append(littleEndian: UInt16(0))
    return record
  }

  private mutating func put(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try emit($0) }
    position += bytes.count
  }
}
