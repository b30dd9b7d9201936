import Glibc
import TenonFormats
import TenonTensor

extension ONNXFile {
  /// Where the elements of a tensor lie that are in a file of their own, inside the model's folder.
  ///
  /// - Throws: `external-data` where the file would lie outside the folder or does not hold so many
  ///   bytes, `file-read`.
  func externalData(_ proto: ONNXTensorProto, byteCount: Int) throws -> (ByteSource, Int) {
    var entries: [String: String] = [:]
    for entry in proto.externalData { entries[entry.key] = entry.value }
    func number(_ key: String) throws -> Int? {
      guard let text = entries[key] else { return nil }
      guard let number = Int(text), number >= 0 else {
        throw TenonError.externalNumber(proto.name, key, text)
      }
      return number
    }
    guard let location = entries["location"], !location.isEmpty else {
      throw TenonError.externalWithoutLocation(proto.name)
    }
    let offset = try number("offset") ?? 0
    if let length = try number("length"), length != byteCount {
      throw TenonError.externalLength(proto.name, length, needed: byteCount)
    }
    let source = try openExternal(location, of: proto.name)
    guard offset <= source.count, byteCount <= source.count - offset else {
      throw TenonError.externalEnd(
        proto.name, location, offset: offset, needed: byteCount, held: source.count)
    }
    return (source, offset)
  }

  private func openExternal(_ location: String, of tensor: String) throws -> ByteSource {
    if let open = external[location] { return open }
    guard let folder else { throw TenonError.externalOfBytes(tensor, location) }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.hasPrefix("/"), !parts.contains(".."), !location.utf8.contains(0) else {
      throw TenonError.externalOutside(tensor, location)
    }
    let path = "\(folder)/\(location)"
    // A symbolic link may lead out of the folder.
    if let real = resolved(path), let root = resolved(folder) {
      guard real.hasPrefix(root == "/" ? root : root + "/") else {
        throw TenonError.externalOutside(tensor, location)
      }
      let source = try ByteSource(path: real)
      external[location] = source
      return source
    }
    return try TenonError.inContext("in external data of tensor \(tensor)") {
      try ByteSource(path: path)
    }
  }

  private func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }
}
