import Glibc

/// The sections of a 64-bit little-endian ELF file; reads nothing that the file does not hold.
final class ElfFile {
  struct Section {
    var name: String
    var type: UInt64
    var flags: UInt64
    var offset: Int
    var size: Int
    var link: Int
  }

  private enum Contents {
    case descriptor(Int32)
    case bytes([UInt8])
  }

  private let contents: Contents
  private let size: Int
  private(set) var sections: [Section] = []

  private static let noBits: UInt64 = 8
  private static let compressed: UInt64 = 0x800

  /// Nil when the file cannot be read or is not such a file.
  convenience init?(path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      close(descriptor)
      return nil
    }
    self.init(.descriptor(descriptor), size: Int(status.st_size))
  }

  convenience init?(bytes: [UInt8]) {
    self.init(.bytes(bytes), size: bytes.count)
  }

  private init?(_ contents: Contents, size: Int) {
    self.contents = contents
    self.size = size
    guard readSections() else { return nil }
  }

  deinit {
    if case .descriptor(let descriptor) = contents { close(descriptor) }
  }

  private func readSections() -> Bool {
    guard let header = read(from: 0, count: 64),
      header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1])
    else { return false }
    var reader = ByteReader(header, from: 0x28)
    let tableOffset = reader.offset(size: 8)
    reader.seek(to: 0x3A)
    let entrySize = reader.half()
    let count = reader.half()
    let namesIndex = reader.half()
    guard entrySize >= 64, let table = read(from: tableOffset, count: entrySize * count),
      !reader.isPastEnd
    else { return false }
    var nameOffsets: [Int] = []
    for index in 0..<count {
      var entry = ByteReader(table, from: index * entrySize)
      nameOffsets.append(entry.word())
      let type = entry.number(size: 4)
      let flags = entry.number(size: 8)
      entry.skip(8)
      let offset = entry.offset(size: 8)
      let size = entry.offset(size: 8)
      let link = entry.word()
      sections.append(
        Section(name: "", type: type, flags: flags, offset: offset, size: size, link: link))
    }
    guard let names = bytes(ofSection: namesIndex) else { return false }
    for index in sections.indices {
      var reader = ByteReader(names, from: nameOffsets[index])
      sections[index].name = reader.string()
    }
    return true
  }

  /// The bytes of a section; nil when there is none, or its bytes are absent or compressed.
  func bytes(ofSection name: String) -> [UInt8]? {
    sections.firstIndex { $0.name == name }.flatMap { bytes(ofSection: $0) }
  }

  func bytes(ofSection index: Int) -> [UInt8]? {
    guard sections.indices.contains(index) else { return nil }
    let section = sections[index]
    if section.type == Self.noBits || section.flags & Self.compressed != 0 { return nil }
    return read(from: section.offset, count: section.size)
  }

  /// The identity that the linker gave the file, if it did.
  var buildID: [UInt8]? {
    guard let note = bytes(ofSection: ".note.gnu.build-id") else { return nil }
    var reader = ByteReader(note)
    let nameSize = reader.word()
    let size = reader.word()
    reader.skip(4 + (nameSize + 3) / 4 * 4)
    let start = reader.position
    reader.skip(size)
    return reader.isPastEnd ? nil : Array(note[start..<start + size])
  }

  private func read(from offset: Int, count: Int) -> [UInt8]? {
    guard offset >= 0, count >= 0, offset <= size, count <= size - offset else { return nil }
    switch contents {
    case .bytes(let bytes):
      return Array(bytes[offset..<offset + count])
    case .descriptor(let descriptor):
      var filled = 0
      let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        while filled < count {
          let rest = UnsafeMutableRawPointer(buffer.baseAddress!) + filled
          let got = pread(descriptor, rest, count - filled, off_t(offset + filled))
          if got <= 0 { break }
          filled += got
        }
        initialized = filled
      }
      return filled == count ? result : nil
    }
  }
}
