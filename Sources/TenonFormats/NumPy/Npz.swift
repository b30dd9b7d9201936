import TenonTensor

/// Writing npz files as NumPy's `savez` does: each tensor as `NAME.npy`, stored, in the order given.
/// The same tensors give the same bytes.
public enum Npz {
  /// Writes the tensors to `path`, atomically.
  ///
  /// - Throws: `tensor-name` for a name that comes twice or is too long; `element-type` for types
  ///   that NumPy does not have; `file-write` as `AtomicFile`.
  public static func write(_ tensors: [(String, Tensor)], to path: String) throws {
    let contents = try contents(tensors, file: path)
    try AtomicFile.write(to: path) { writer in
      try emit(contents) { try writer.write($0) }
    }
  }

  /// The bytes of a file with the tensors.
  ///
  /// - Throws: as `write`, but for `file-write`.
  public static func bytes(_ tensors: [(String, Tensor)]) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try withoutActuallyEscaping({ bytes.append(contentsOf: $0) }) { append in
      try emit(contents(tensors, file: "npz data"), append)
    }
    return bytes
  }

  private static func contents(
    _ tensors: [(String, Tensor)], file: String
  ) throws -> [(String, NpyContent)] {
    var names = Set<String>()
    return try tensors.map { name, tensor in
      guard names.insert(name).inserted else {
        throw TenonError.duplicateTensor(file, named: name)
      }
      guard name.utf8.count <= 60_000 else { throw TenonError.longName(file, named: name) }
      return (
        name, try NpyContent(tensor, called: "`\(TenonError.shown(name))`", file: file)
      )
    }
  }

  private static func emit(
    _ contents: [(String, NpyContent)], _ emit: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var writer = ZipWriter(emit: emit)
    for (name, content) in contents {
      try content.withPieces { try writer.add(name: name + ".npy", pieces: $0) }
    }
    try writer.finish()
  }
}
