import Glibc
import TenonTensor

/// Writing a file so that its path holds either the old bytes or all of the new ones, whatever
/// happens meanwhile: an error, a full disk, `kill -9`, a power cut.
///
/// The bytes go to a file without a name in the same folder (where the file system has none such,
/// a hidden `.tenon-….partial`), reach the disk, and take the path by renaming. An existing file keeps its
/// permissions; a symbolic link is followed; a device or pipe is written directly.
public enum AtomicFile {
  /// Replaces the file at `path` by what `body` writes.
  ///
  /// - Throws: `file-write` where the folder is missing or not writable, the path is a folder or a
  ///   read-only file, or the disk is full; and what `body` throws. The old file is then untouched
  ///   and nothing is left behind.
  public static func write(to path: String, _ body: (FileWriter) throws -> Void) throws {
    guard !path.utf8.contains(0) else { throw TenonError.unwritable(path, errno: EILSEQ) }
    guard !path.isEmpty else { throw TenonError.unwritable(path, errno: ENOENT) }
    var status = stat()
    guard stat(path, &status) == 0 else {
      guard errno == ENOENT else { throw TenonError.unwritable(path, errno: errno) }
      return try replace(path, shownAs: path, permissions: nil, body)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      guard access(path, W_OK) == 0 else { throw TenonError.unwritable(path, errno: errno) }
      try replace(
        resolvingLinks(path), shownAs: path, permissions: status.st_mode & 0o7777, body)
    case S_IFDIR: throw TenonError.unwritable(path, errno: EISDIR)
    default: try writeDirectly(path, body)
    }
  }

  /// Replaces the file at `path` by `bytes`.
  ///
  /// - Throws: as `write(to:_:)`.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try write(to: path) { try $0.write(bytes) }
  }

  private static func resolvingLinks(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func writeDirectly(_ path: String, _ body: (FileWriter) throws -> Void) throws {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw TenonError.unwritable(path, errno: errno) }
    let writer = FileWriter(descriptor: descriptor, path: path)
    do {
      try body(writer)
      try writer.flush()
    } catch {
      close(descriptor)
      throw error
    }
    guard close(descriptor) == 0 else { throw TenonError.unwritable(path, errno: errno) }
  }

  private static func replace(
    _ target: String, shownAs path: String, permissions: mode_t?,
    _ body: (FileWriter) throws -> Void
  ) throws {
    let bytes = Array(target.utf8)
    let slash = bytes.lastIndex(of: UInt8(ascii: "/"))
    guard slash != bytes.count - 1 else { throw TenonError.unwritable(path, errno: EISDIR) }
    let folder = slash.map { $0 == 0 ? "/" : String(decoding: bytes[..<$0], as: UTF8.self) } ?? "."
    let temporary = try TemporaryFile(in: folder, for: path)
    do {
      let writer = FileWriter(descriptor: temporary.descriptor, path: path)
      try body(writer)
      try writer.flush()
      if let permissions { fchmod(temporary.descriptor, permissions) }
      guard fsync(temporary.descriptor) == 0 else {
        throw TenonError.unwritable(path, errno: errno)
      }
      try temporary.rename(to: target, shownAs: path)
    } catch {
      temporary.discard()
      throw error
    }
    synchronize(folder)
  }

  /// Makes a renaming in `folder` reach the disk, where the file system can.
  private static func synchronize(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

/// A file that is being written and has no name, or a hidden one, until it is renamed.
private final class TemporaryFile {
  let descriptor: Int32
  private let hiddenPath: String
  private var isNamed: Bool

  init(in folder: String, for path: String) throws {
    var random = SystemRandomNumberGenerator()
    hiddenPath = "\(folder)/.tenon-\(String(random.next() as UInt64, radix: 16)).partial"
    // __O_TMPFILE, the same on every architecture that Swift supports; Glibc's O_TMPFILE is a
    // macro that is not imported.
    let unnamed = 0o20_000_000 | O_DIRECTORY
    if access("/proc/self/fd", X_OK) == 0 {
      let opened = open(folder, unnamed | O_WRONLY | O_CLOEXEC, 0o666)
      if opened >= 0 {
        descriptor = opened
        isNamed = false
        return
      }
    }
    let opened = open(hiddenPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard opened >= 0 else {
      throw TenonError.unwritableFolder(path, folder: folder, errno: errno)
    }
    descriptor = opened
    isNamed = true
  }

  func rename(to target: String, shownAs path: String) throws {
    if !isNamed {
      let link = linkat(
        AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, hiddenPath, AT_SYMLINK_FOLLOW)
      guard link == 0 else { throw TenonError.unwritable(path, errno: errno) }
      isNamed = true
    }
    guard Glibc.rename(hiddenPath, target) == 0 else {
      throw TenonError.unwritable(path, errno: errno)
    }
    isNamed = false
  }

  func discard() {
    if isNamed { unlink(hiddenPath) }
  }

  deinit { close(descriptor) }
}
