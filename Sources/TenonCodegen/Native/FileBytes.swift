import Glibc
import Synchronization

/// Whole files.
enum FileBytes {
  /// The bytes of a file, or nil where it cannot be read.
  static func read(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var info = stat()
    guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(info.st_size))
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        Glibc.read(file, $0.baseAddress! + done, $0.count - done)
      }
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        return nil
      }
      done += count
    }
    return Array(bytes[..<done])
  }

  /// The bytes of a file of the system's that has no size of its own.
  static func read(unsized path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return bytes }
      bytes += buffer[..<count]
    }
  }

  /// Writes a file that appears whole or not at all; false where it could not be written.
  @discardableResult
  static func write(_ bytes: [UInt8], to path: String) -> Bool {
    let draft = "\(path).draft-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(file, $0.baseAddress! + done, $0.count - done)
      }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      done += count
    }
    close(file)
    guard done == bytes.count, rename(draft, path) == 0 else {
      unlink(draft)
      return false
    }
    return true
  }

  static func remove(_ path: String) { unlink(path) }

  /// The names in a folder, sorted, `.` and `..` left out.
  static func names(in folder: String) -> [String] {
    guard let entries = opendir(folder) else { return [] }
    defer { closedir(entries) }
    var names: [String] = []
    while let entry = readdir(entries) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

/// Folders that last as long as the process.
package enum TemporaryFolder {
  private static let made = Mutex<[String]>([])

  /// A new folder that only this user may enter; removed when the process exits.
  package static func make() -> String {
    guard let path = makeLasting() else { return base }
    let isFirst = made.withLock { folders in
      folders.append(path)
      return folders.count == 1
    }
    if isFirst { atexit { TemporaryFolder.removeAll() } }
    return path
  }

  /// A new folder that only this user may enter and nobody removes; nil where none can be made.
  static func makeLasting() -> String? {
    var template = Array("\(base)/tenon-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { return nil }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether a folder is one that the end of the process removes.
  static func contains(_ folder: String) -> Bool { made.withLock { $0.contains(folder) } }

  private static var base: String { CCompiler.environment("TMPDIR") ?? "/tmp" }

  private static func removeAll() {
    made.withLock { folders in
      for folder in folders { remove(folder) }
      folders = []
    }
  }

  /// Removes a file, or a folder with all that it holds.
  private static func remove(_ path: String) {
    guard unlink(path) != 0 else { return }
    for name in FileBytes.names(in: path) { remove("\(path)/\(name)") }
    rmdir(path)
  }
}
