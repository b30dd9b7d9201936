import TenonTensor

/// A safetensors file opened for reading: its metadata, and its tensors by name.
///
/// The header is checked when the file is opened: no key twice, every byte of the data in exactly
/// one tensor, sizes that match the element types, offsets within the file. Nothing is allocated
/// that the file only claims to hold.
///
/// Format: <https://huggingface.co/docs/safetensors/index#format>.
public struct SafetensorsFile: Sendable {
  /// How tensors come out of a file.
  public enum Access: Sendable {
    /// Lent from the mapped file where alignment permits: no copy, pages read on first use. The
    /// file must not be truncated or overwritten in place meanwhile (see `MappedFile`).
    case mapped
    /// Copied: whatever happens to the file later, the tensor stays as it is.
    case copied
  }

  /// The `__metadata__` strings, in the order of the file.
  public let metadata: [(String, String)]
  /// The tensors' names, in the order of the header.
  public let names: [String]
  private let source: ByteSource
  private let access: Access
  private let entries: [SafetensorsHeader.Entry]
  private let indexOfName: [String: Int]

  /// Opens the file at `path`.
  ///
  /// - Throws: `file-read` where it cannot be read; `safetensors` or `json` with the rule it breaks.
  public init(path: String, access: Access = .mapped) throws {
    try self.init(ByteSource(path: path), access: access)
  }

  /// Reads a file held in memory, which messages call `name`.
  ///
  /// - Throws: `safetensors` or `json` with the rule it breaks.
  public init(bytes: [UInt8], name: String = "safetensors data") throws {
    try self.init(ByteSource(bytes, name: name), access: .copied)
  }

  private init(_ source: ByteSource, access: Access) throws {
    let header = try SafetensorsHeader(source)
    self.source = source
    self.access = access
    metadata = header.metadata
    entries = header.entries
    names = header.entries.map(\.name)
    indexOfName = Dictionary(
      uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
  }

  /// The first metadata string of that key.
  public func metadata(_ key: String) -> String? { metadata.first { $0.0 == key }?.1 }

  /// Element type and sizes of a tensor, without reading it; nil where there is none of that name.
  public func type(of name: String) -> (elementType: ElementType, shape: [Int])? {
    indexOfName[name].map { (entries[$0].type, entries[$0].shape) }
  }

  /// The tensor called `name`.
  ///
  /// - Throws: `no-tensor` where there is none; `file-read` where the file has changed since.
  public func tensor(named name: String) throws -> Tensor {
    guard let index = indexOfName[name] else {
      throw TenonError.noTensor(source.name, named: name, among: names)
    }
    let entry = entries[index]
    if entry.type.bitWidth < 8 {
      let packed = try source.tensor(
        .u8, shape: [entry.range.count], at: entry.range.lowerBound, mayBorrow: false)
      return try Tensor(packedBits: packed, entry.type, shape: entry.shape)
    }
    return try source.tensor(
      entry.type, shape: entry.shape, at: entry.range.lowerBound, mayBorrow: access == .mapped)
  }

  /// All tensors with their names, in the order of the header.
  ///
  /// - Throws: as `tensor(named:)`.
  public func tensors() throws -> [(String, Tensor)] {
    try names.map { ($0, try tensor(named: $0)) }
  }
}
