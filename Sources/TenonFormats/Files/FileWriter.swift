import Glibc
import TenonTensor

/// Where bytes of a file are written in order; small pieces are gathered before they are written.
public final class FileWriter {
  private let descriptor: Int32
  private let path: String
  private var pending: [UInt8] = []
  private static let pendingLimit = 1 << 16
  /// The number of bytes written so far.
  public private(set) var position = 0

  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  /// Appends `bytes`.
  ///
  /// - Throws: `file-write` where the disk is full or writing fails.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    position += bytes.count
    if pending.count + bytes.count <= FileWriter.pendingLimit {
      pending.append(contentsOf: bytes)
      return
    }
    try flush()
    try writeNow(bytes)
  }

  /// Appends `bytes`.
  ///
  /// - Throws: as `write(_:)` of a buffer.
  public func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }

  func flush() throws {
    try pending.withUnsafeBytes { try writeNow($0) }
    pending.removeAll(keepingCapacity: true)
  }

  private func writeNow(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if count < 0 {
        if errno == EINTR { continue }
        throw TenonError.unwritable(path, errno: errno)
      }
      done += count
    }
  }
}
