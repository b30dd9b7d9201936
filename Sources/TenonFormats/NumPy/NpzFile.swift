import TenonTensor

/// An npz file opened for reading: NumPy arrays by name in a zip file, stored or deflated.
///
/// An array is decompressed when it is asked for; no more memory is taken than it proves to need,
/// and its checksum must match.
public struct NpzFile: Sendable {
  /// The arrays' names, without `.npy`, in the order of the file. Other entries are left out.
  public let names: [String]
  private let source: ByteSource
  private let archive: ZipArchive
  private let indexOfName: [String: Int]
  private let maximumBytes: Int

  /// The most bytes that one array may decompress to unless told otherwise: 4 GiB.
  public static let defaultMaximumBytes = 1 << 32

  /// Opens the file at `path`.
  ///
  /// - Parameter maximumBytes: the most bytes that one array may decompress to.
  /// - Throws: `file-read` where it cannot be read; `zip` with the rule it breaks.
  public init(path: String, maximumBytes: Int = NpzFile.defaultMaximumBytes) throws {
    try self.init(ByteSource(path: path), maximumBytes: maximumBytes)
  }

  /// Reads a file held in memory, which messages call `name`.
  ///
  /// - Throws: `zip` with the rule it breaks.
  public init(
    bytes: [UInt8], name: String = "npz data", maximumBytes: Int = NpzFile.defaultMaximumBytes
  ) throws {
    try self.init(ByteSource(bytes, name: name), maximumBytes: maximumBytes)
  }

  private init(_ source: ByteSource, maximumBytes: Int) throws {
    self.source = source
    self.maximumBytes = maximumBytes
    archive = try ZipArchive(source)
    var names: [String] = []
    var indexOfName: [String: Int] = [:]
    for (index, entry) in archive.entries.enumerated() where entry.name.hasSuffix(".npy") {
      let name = String(entry.name.dropLast(4))
      names.append(name)
      indexOfName[name] = index
    }
    self.names = names
    self.indexOfName = indexOfName
  }

  /// The array called `name`.
  ///
  /// - Throws: `no-tensor` where there is none; `zip` where it is damaged or larger than
  ///   `maximumBytes`; `npy` as `Npy.read(path:)`.
  public func tensor(named name: String) throws -> Tensor {
    guard let index = indexOfName[name] else {
      throw TenonError.noTensor(source.name, named: name, among: names)
    }
    let entry = archive.entries[index]
    let bytes = try archive.bytes(of: entry, maximumBytes: maximumBytes)
    return try Npy.read(bytes: bytes, name: "\(source.name)/\(TenonError.shown(entry.name))")
  }

  /// All arrays with their names, in the order of the file.
  ///
  /// - Throws: as `tensor(named:)`.
  public func tensors() throws -> [(String, Tensor)] {
    try names.map { ($0, try tensor(named: $0)) }
  }
}
