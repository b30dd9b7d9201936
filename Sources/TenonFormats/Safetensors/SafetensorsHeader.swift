import TenonTensor

/// What the header of a safetensors file says, checked against the size of the file.
struct SafetensorsHeader {
  struct Entry {
    let name: String
    let type: ElementType
    let shape: [Int]
    /// The bytes from the start of the file.
    let range: Range<Int>
  }

  let metadata: [(String, String)]
  /// In the order of the header's text.
  let entries: [Entry]

  static let byteLimit = 100_000_000
  static let metadataKey = "__metadata__"

  init(_ source: ByteSource) throws {
    let fail = { SafetensorsMistake.error(source.name, $0) }
    guard source.count >= 8 else { throw fail(.tooShort(source.count)) }
    let length: UInt64 = try source.copy(0..<8).littleEndian(at: 0)
    guard length <= SafetensorsHeader.byteLimit else { throw fail(.headerTooLong(length)) }
    let dataStart = 8 + Int(length)
    guard dataStart <= source.count else {
      throw fail(.headerCutShort(claimed: length, left: source.count - 8))
    }
    let text = try source.copy(8..<dataStart)
    guard text.first == UInt8(ascii: "{") else { throw fail(.headerStart) }
    guard let root = try JSON(parsing: text, name: source.name, offset: 8).object else {
      preconditionFailure("internal: a text that begins with a brace is an object")
    }
    var metadata: [(String, String)] = []
    var entries: [Entry] = []
    for member in root.members {
      if member.key == SafetensorsHeader.metadataKey {
        guard let strings = member.value.object else {
          throw fail(.metadataKind(member.value.kind))
        }
        for string in strings.members {
          guard let value = string.value.string else {
            throw fail(.metadataValue(string.key, string.value.kind))
          }
          metadata.append((string.key, value))
        }
      } else {
        entries.append(
          try SafetensorsHeader.entry(
            member, dataStart: dataStart, dataCount: source.count - dataStart, fail))
      }
    }
    self.metadata = metadata
    self.entries = entries
    try SafetensorsHeader.checkGapless(entries, dataStart: dataStart, end: source.count, fail)
  }

  private static func entry(
    _ member: JSON.Object.Member, dataStart: Int, dataCount: Int,
    _ fail: (SafetensorsMistake) -> TenonError
  ) throws -> Entry {
    let name = member.key
    guard let object = member.value.object else { throw fail(.entryKind(name, member.value.kind)) }
    for (key, _) in object.members.map({ ($0.key, $0.value) })
    where !["dtype", "shape", "data_offsets"].contains(key) {
      throw fail(.unknownKey(name, key))
    }
    guard let typeName = object["dtype"]?.string else { throw fail(.noType(name)) }
    guard let type = SafetensorsType.elementType(name: typeName) else {
      throw fail(.unknownType(name, typeName))
    }
    guard let sizes = object["shape"]?.array else { throw fail(.noShape(name)) }
    let shape = sizes.compactMap(\.integer)
    guard shape.count == sizes.count, shape.count <= FileLimits.rank,
      shape.allSatisfy({ $0 >= 0 && $0 <= FileLimits.size })
    else { throw fail(.badShape(name)) }
    guard let offsets = object["data_offsets"]?.array?.map(\.integer), offsets.count == 2,
      let begin = offsets[0], let end = offsets[1], begin >= 0, begin <= end
    else { throw fail(.badOffsets(name)) }
    guard end <= dataCount else { throw fail(.outOfRange(name, end: end, held: dataCount)) }
    let count = RowMajor.count(shape)
    let (bits, overflow) = count.multipliedReportingOverflow(by: type.bitWidth)
    guard !overflow, bits == (end - begin) * 8 else {
      throw fail(.sizeMismatch(name, typeName, shape, held: end - begin))
    }
    return Entry(name: name, type: type, shape: shape, range: dataStart + begin..<dataStart + end)
  }

  /// Every byte of the data belongs to exactly one tensor.
  private static func checkGapless(
    _ entries: [Entry], dataStart: Int, end: Int, _ fail: (SafetensorsMistake) -> TenonError
  ) throws {
    let sorted = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    var position = dataStart
    var previous = ""
    for entry in sorted {
      guard entry.range.lowerBound >= position else { throw fail(.overlap(previous, entry.name)) }
      guard entry.range.lowerBound == position else {
        throw fail(.hole(before: entry.name, count: entry.range.lowerBound - position))
      }
      position = entry.range.upperBound
      previous = entry.name
    }
    guard position == end else { throw fail(.trailing(end - position)) }
  }
}

/// What no file that Tenon reads may exceed.
enum FileLimits {
  /// The most sizes of a shape.
  static let rank = 64
  /// The largest single size.
  static let size = 1 << 48
}
