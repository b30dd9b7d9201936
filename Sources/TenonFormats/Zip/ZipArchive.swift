import TenonTensor

/// A zip file opened for reading: its entries and their bytes.
///
/// The directory is checked when the file is opened: every entry is where it says, none shares
/// bytes with another, no name comes twice. Encrypted, split and self-extracting files are refused.
///
/// Format: PKWARE APPNOTE.TXT 6.3.10, with zip64.
package struct ZipArchive: Sendable {
  package struct Entry: Sendable {
    package let name: String
    package let isDeflated: Bool
    package let checksum: UInt32
    /// Where the entry's bytes lie in the file, compressed or not.
    package let range: Range<Int>
    /// The number of bytes when decompressed, as declared.
    package let byteCount: Int
  }

  /// In the order of the directory.
  package let entries: [Entry]
  private let source: ByteSource

  /// - Throws: `zip` with the rule that the file breaks; `file-read` as `ByteSource`.
  package init(_ source: ByteSource) throws {
    self.source = source
    entries = try ZipDirectory(source).entries
  }

  /// The decompressed bytes of an entry.
  ///
  /// - Throws: `zip` where they are damaged or more than `maximumBytes`; `file-read`.
  package func bytes(of entry: Entry, maximumBytes: Int) throws -> [UInt8] {
    let fail = { ZipMistake.error(source.name, $0) }
    guard entry.byteCount <= maximumBytes else {
      throw fail(.tooLarge(entry.name, entry.byteCount, most: maximumBytes))
    }
    var bytes = try source.copy(entry.range)
    if entry.isDeflated {
      guard entry.byteCount <= Deflate.mostBytes(from: bytes.count) else {
        throw fail(
          .impossibleRatio(entry.name, compressed: bytes.count, size: entry.byteCount))
      }
      do {
        bytes = try Deflate.decompress(bytes, declared: entry.byteCount)
      } catch {
        throw fail(.deflate(entry.name, error))
      }
    }
    guard CRC.iso.checksum(bytes) == entry.checksum else { throw fail(.checksum(entry.name)) }
    return bytes
  }
}
