import TenonTensor

/// The signatures and lengths of a zip file's records.
enum ZipRecord {
  static let localHeader: UInt32 = 0x0403_4B50
  static let localHeaderLength = 30
  static let directoryEntry: UInt32 = 0x0201_4B50
  static let directoryEntryLength = 46
  static let end: UInt32 = 0x0605_4B50
  static let endLength = 22
  static let end64: UInt32 = 0x0606_4B50
  static let end64Length = 56
  static let end64Locator: UInt32 = 0x0706_4B50
  static let end64LocatorLength = 20
  /// The identifier of the extra field with sizes of 64 bits.
  static let wideField: UInt16 = 1
}

/// Reads and checks the directory at the end of a zip file.
struct ZipDirectory {
  private(set) var entries: [ZipArchive.Entry] = []
  private let source: ByteSource

  init(_ source: ByteSource) throws {
    self.source = source
    let place = try directoryPlace()
    let bytes = try source.copy(place.range)
    var position = 0
    var headers: [(entry: Int, offset: Int)] = []
    var names = Set<String>()
    while position < bytes.count {
      let (entry, offset, length) = try entry(bytes, at: position, index: entries.count)
      guard names.insert(entry.name).inserted else { throw fail(.duplicateName(entry.name)) }
      headers.append((entries.count, offset))
      entries.append(entry)
      position += length
    }
    guard entries.count == place.count else {
      throw fail(.entryCount(claimed: place.count, found: entries.count))
    }
    try locate(headers.sorted { $0.offset < $1.offset }, end: place.range.lowerBound)
  }

  private func fail(_ mistake: ZipMistake) -> TenonError {
    ZipMistake.error(source.name, mistake)
  }

  /// The directory's bytes and the number of its entries, from the record at the end of the file.
  private func directoryPlace() throws -> (range: Range<Int>, count: Int) {
    let tailStart = max(0, source.count - ZipRecord.endLength - 0xFFFF)
    let tail = try source.copy(tailStart..<source.count)
    guard
      let at = stride(from: tail.count - ZipRecord.endLength, through: 0, by: -1).first(where: {
        tail.littleEndian(UInt32.self, at: $0) == ZipRecord.end
          && Int(tail.littleEndian(UInt16.self, at: $0 + 20))
            == tail.count - $0 - ZipRecord.endLength
      })
    else { throw fail(.noEnd) }
    let narrow = { Int(tail.littleEndian(UInt16.self, at: at + $0)) }
    let wide = { Int(tail.littleEndian(UInt32.self, at: at + $0)) }
    if narrow(8) == 0xFFFF || narrow(10) == 0xFFFF || wide(12) == 0xFFFF_FFFF
      || wide(16) == 0xFFFF_FFFF
    {
      return try directoryPlace64(before: tailStart + at)
    }
    guard narrow(4) == 0, narrow(6) == 0, narrow(8) == narrow(10) else { throw fail(.disks) }
    guard wide(16) + wide(12) == tailStart + at else { throw fail(.directoryRange) }
    return (wide(16)..<tailStart + at, narrow(10))
  }

  private func directoryPlace64(before end: Int) throws -> (range: Range<Int>, count: Int) {
    let locatorAt = end - ZipRecord.end64LocatorLength
    guard locatorAt >= 0 else { throw fail(.directoryRange) }
    let locator = try source.copy(locatorAt..<end)
    let recordAt: UInt64 = locator.littleEndian(at: 8)
    guard locator.littleEndian(UInt32.self, at: 0) == ZipRecord.end64Locator,
      recordAt <= UInt64(locatorAt), locatorAt - Int(recordAt) >= ZipRecord.end64Length
    else { throw fail(.directoryRange) }
    let record = try source.copy(Int(recordAt)..<locatorAt)
    let field = { record.littleEndian(UInt64.self, at: $0) }
    guard record.littleEndian(UInt32.self, at: 0) == ZipRecord.end64,
      field(4) == UInt64(record.count - 12)
    else { throw fail(.directoryRange) }
    guard record.littleEndian(UInt64.self, at: 16) == 0, field(24) == field(32),
      locator.littleEndian(UInt32.self, at: 16) == 1
    else { throw fail(.disks) }
    let (start, size, count) = (field(48), field(40), field(32))
    guard start <= recordAt, size == recordAt - start,
      count <= size / UInt64(ZipRecord.directoryEntryLength)
    else { throw fail(.directoryRange) }
    return (Int(start)..<Int(recordAt), Int(count))
  }

  /// The entry at `position`, with the place of its local header and its length in the directory;
  /// its range has its length but not yet its place.
  private func entry(
    _ bytes: [UInt8], at position: Int, index: Int
  ) throws -> (ZipArchive.Entry, offset: Int, length: Int) {
    guard bytes.count - position >= ZipRecord.directoryEntryLength,
      bytes.littleEndian(UInt32.self, at: position) == ZipRecord.directoryEntry
    else { throw fail(.directoryEntry(index)) }
    let narrow = { Int(bytes.littleEndian(UInt16.self, at: position + $0)) }
    let wide = { Int(bytes.littleEndian(UInt32.self, at: position + $0)) }
    let nameStart = position + ZipRecord.directoryEntryLength
    let extraStart = nameStart + narrow(28)
    let length = ZipRecord.directoryEntryLength + narrow(28) + narrow(30) + narrow(32)
    guard bytes.count - position >= length else { throw fail(.directoryEntry(index)) }
    guard let name = String(validating: bytes[nameStart..<extraStart], as: UTF8.self) else {
      throw fail(.nameNotUTF8(index))
    }
    guard narrow(8) & 0x2041 == 0 else { throw fail(.encrypted(name)) }
    guard narrow(10) == 0 || narrow(10) == 8 else { throw fail(.method(name, narrow(10))) }
    var values = [wide(24), wide(20), wide(42)]
    try widen(
      &values, from: Array(bytes[extraStart..<extraStart + narrow(30)]), entry: name)
    let (size, compressedSize, offset) = (values[0], values[1], values[2])
    guard narrow(34) == 0 else { throw fail(.disks) }
    guard offset <= source.count, compressedSize <= source.count else {
      throw fail(.localHeader(name))
    }
    guard narrow(10) == 8 || size == compressedSize else { throw fail(.storedSize(name)) }
    let entry = ZipArchive.Entry(
      name: name, isDeflated: narrow(10) == 8,
      checksum: bytes.littleEndian(at: position + 16), range: 0..<compressedSize, byteCount: size)
    return (entry, offset, length)
  }

  /// Replaces those of size, compressed size and offset that do not fit in 32 bits by what the
  /// zip64 extra field holds.
  private func widen(_ values: inout [Int], from extra: [UInt8], entry name: String) throws {
    var position = 0
    var field: ArraySlice<UInt8>?
    while extra.count - position >= 4 {
      let length = Int(extra.littleEndian(UInt16.self, at: position + 2))
      guard extra.count - position - 4 >= length else { throw fail(.extraField(name)) }
      if extra.littleEndian(UInt16.self, at: position) == ZipRecord.wideField, field == nil {
        field = extra[position + 4..<position + 4 + length]
      }
      position += 4 + length
    }
    for index in values.indices where values[index] == 0xFFFF_FFFF {
      guard let rest = field, rest.count >= 8 else { throw fail(.extraField(name)) }
      let value: UInt64 = extra.littleEndian(at: rest.startIndex)
      guard value < 1 << 62 else { throw fail(.extraField(name)) }
      values[index] = Int(value)
      field = rest.dropFirst(8)
    }
  }

  /// Finds where the entries' bytes lie, from their local headers in the order of the file.
  private mutating func locate(
    _ headers: [(entry: Int, offset: Int)], end directoryStart: Int
  ) throws {
    var end = 0
    var previous = ""
    for (index, offset) in headers {
      let entry = entries[index]
      guard offset >= end else { throw fail(.overlap(previous, entry.name)) }
      guard directoryStart - offset >= ZipRecord.localHeaderLength else {
        throw fail(.localHeader(entry.name))
      }
      let header = try source.copy(offset..<offset + ZipRecord.localHeaderLength)
      let nameStart = offset + ZipRecord.localHeaderLength
      let nameLength = Int(header.littleEndian(UInt16.self, at: 26))
      let start = nameStart + nameLength + Int(header.littleEndian(UInt16.self, at: 28))
      let method: UInt16 = header.littleEndian(at: 8)
      guard header.littleEndian(UInt32.self, at: 0) == ZipRecord.localHeader,
        (method == 8) == entry.isDeflated, method == 8 || method == 0,
        start <= directoryStart, directoryStart - start >= entry.range.count,
        try source.copy(nameStart..<nameStart + nameLength) == Array(entry.name.utf8)
      else { throw fail(.localHeader(entry.name)) }
      entries[index] = ZipArchive.Entry(
        name: entry.name, isDeflated: entry.isDeflated, checksum: entry.checksum,
        range: start..<start + entry.range.count, byteCount: entry.byteCount)
      end = start + entry.range.count
      previous = entry.name
    }
  }
}
