import TenonTensor

/// Writing safetensors files.
///
/// The header is padded with spaces so that the data starts at a multiple of 4,096 bytes; tensors
/// follow each other without gaps, those of the widest elements first and otherwise in the order
/// given, so each lies at a multiple of its element width. The same tensors give the same bytes.
public enum Safetensors {
  /// What the start of the data is a multiple of.
  public static let dataAlignment = 4096

  /// Writes the tensors to `path`, atomically.
  ///
  /// - Throws: `tensor-name` for a name or metadata key that comes twice or is `__metadata__`;
  ///   `element-type` for strings, `complex128` and types under 8 bits; `file-write` as
  ///   `AtomicFile`.
  public static func write(
    tensors: [(String, Tensor)], metadata: [(String, String)] = [], to path: String
  ) throws {
    let layout = try Layout(tensors, metadata, file: path)
    try AtomicFile.write(to: path) { writer in
      try writer.write(layout.header)
      for index in layout.order {
        try tensors[index].1.storage.check()
        try tensors[index].1.withUnalignedBytes { try writer.write($0) }
        try tensors[index].1.storage.check()
      }
    }
  }

  /// The bytes of a file with the tensors.
  ///
  /// - Throws: as `write`, but for `file-write`.
  public static func bytes(
    tensors: [(String, Tensor)], metadata: [(String, String)] = []
  ) throws -> [UInt8] {
    let layout = try Layout(tensors, metadata, file: "safetensors data")
    var bytes = layout.header
    for index in layout.order {
      tensors[index].1.withUnalignedBytes { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  private struct Layout {
    /// The length and the padded text.
    var header: [UInt8]
    /// The tensors in the order of the data.
    let order: [Int]

    init(_ tensors: [(String, Tensor)], _ metadata: [(String, String)], file: String) throws {
      var keys = Set<String>()
      for (key, _) in metadata where !keys.insert(key).inserted {
        throw TenonError.duplicateMetadata(file, key: key)
      }
      var names = Set<String>()
      for (name, tensor) in tensors {
        guard name != SafetensorsHeader.metadataKey else {
          throw TenonError.reservedTensor(file, named: name)
        }
        guard names.insert(name).inserted else {
          throw TenonError.duplicateTensor(file, named: name)
        }
        guard SafetensorsType.name(tensor.elementType) != nil else {
          throw TenonError.unwritableType(
            file, format: "safetensors", "`\(TenonError.shown(name))`", tensor.elementType)
        }
      }
      order = tensors.indices.sorted {
        let (a, b) = (tensors[$0].1.elementType.byteWidth, tensors[$1].1.elementType.byteWidth)
        return a == b ? $0 < $1 : a > b
      }
      var members: [(String, JSON)] = []
      if !metadata.isEmpty {
        members.append(
          (SafetensorsHeader.metadataKey, .object(metadata.map { ($0.0, .string($0.1)) })))
      }
      var offset = 0
      for index in order {
        let (name, tensor) = tensors[index]
        let end = offset + tensor.byteCount
        members.append(
          (
            name,
            [
              "dtype": .string(SafetensorsType.name(tensor.elementType)!),
              "shape": .array(tensor.shape.map { .number($0) }),
              "data_offsets": [.number(offset), .number(end)],
            ]
          ))
        offset = end
      }
      let text = JSON.object(members).utf8()
      let length = (text.count + 8 + dataAlignment - 1) / dataAlignment * dataAlignment - 8
      guard length <= SafetensorsHeader.byteLimit else {
        throw TenonError.headerTooLong(file, count: length)
      }
      header = []
      header.reserveCapacity(length + 8)
      header.append(littleEndian: UInt64(length))
      header += text
      header.append(contentsOf: repeatElement(0x20, count: length - text.count))
    }
  }
}
