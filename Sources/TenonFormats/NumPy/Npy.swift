import TenonTensor

/// Reading and writing one array as NumPy's `load` and `save` do.
///
/// Read: versions 1.0 to 3.0, rows or columns first, either byte order, every type that Tenon holds;
/// text (`U`, `S`) becomes a `string` tensor; the two bytes without a meaning that the ml_dtypes
/// package writes for bfloat16 become `bf16`. Written: version 1.0, rows first, little-endian.
public enum Npy {
  /// The array in the file at `path`.
  ///
  /// - Throws: `file-read` where it cannot be read; `npy` with the rule it breaks or the type that
  ///   Tenon does not have.
  public static func read(path: String) throws -> Tensor { try read(ByteSource(path: path)) }

  /// The array in the bytes of a file, which messages call `name`.
  ///
  /// - Throws: `npy` as `read(path:)`.
  public static func read(bytes: [UInt8], name: String = "npy data") throws -> Tensor {
    try read(ByteSource(bytes, name: name))
  }

  /// Writes the tensor to `path`, atomically.
  ///
  /// - Throws: `element-type` for types that NumPy does not have; `file-write` as `AtomicFile`.
  public static func write(_ tensor: Tensor, to path: String) throws {
    let content = try NpyContent(tensor, called: "the tensor", file: path)
    try AtomicFile.write(to: path) { writer in
      try content.forEachPiece { try writer.write($0) }
    }
  }

  /// The bytes of a file with the tensor.
  ///
  /// - Throws: as `write`, but for `file-write`.
  public static func bytes(_ tensor: Tensor) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try NpyContent(tensor, called: "the tensor", file: "npy data").forEachPiece {
      bytes.append(contentsOf: $0)
    }
    return bytes
  }

  static func read(_ source: ByteSource) throws -> Tensor {
    let header = try NpyHeader(source)
    let fileShape = header.isFortranOrder ? Array(header.shape.reversed()) : header.shape
    let tensor: Tensor
    switch header.type {
    case .element(let type, let bigEndian):
      let asStored = try source.tensor(
        type, shape: fileShape, at: header.data.lowerBound, mayBorrow: false)
      tensor = bigEndian ? try asStored.swappingBytes() : asStored
    case .unicode, .bytes:
      tensor = try Tensor(
        strings: try NpyText.strings(header, source: source), shape: fileShape)
    }
    return header.isFortranOrder ? try tensor.reversingAxes() : tensor
  }
}

/// What an npy file of a tensor consists of: a header and the elements.
struct NpyContent {
  let header: [UInt8]
  private let elements: Tensor

  /// - Throws: `element-type` for types that NumPy does not have.
  init(_ tensor: Tensor, called subject: String, file: String) throws {
    if tensor.elementType == .string {
      let (length, characters) = try NpyText.characters(tensor, called: subject, file: file)
      elements = characters
      header = NpyContent.header("<U\(length)", tensor.shape)
    } else if let type = NpyType.text(tensor.elementType) {
      elements = tensor
      header = NpyContent.header(type, tensor.shape)
    } else {
      throw TenonError.unwritableType(file, format: "npy", subject, tensor.elementType)
    }
  }

  /// Calls `body` with the header and the elements.
  func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    try withPieces { for piece in $0 { try body(piece) } }
  }

  func withPieces(_ body: ([UnsafeRawBufferPointer]) throws -> Void) rethrows {
    try header.withUnsafeBytes { first in
      try elements.withUnsafeBytes { try body([first, $0]) }
    }
  }

  private static func header(_ type: String, _ shape: [Int]) -> [UInt8] {
    let sizes =
      shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }"
    let length = (10 + text.utf8.count + 1 + 63) / 64 * 64 - 10
    var bytes = NpyHeader.magic
    bytes += [1, 0]
    bytes.append(littleEndian: UInt16(length))
    bytes += text.utf8
    bytes.append(contentsOf: repeatElement(0x20, count: length - text.utf8.count - 1))
    bytes.append(0x0A)
    return bytes
  }
}
