import Glibc
import TenonTensor

/// Compiled kernels on disk: the user's alone, bounded, shared by processes.
///
/// A shared object holds the kernels of one batch; each kernel's key is a symbolic link to it, so a
/// look-up reads one link. Files appear whole, by renaming.
package struct KernelCache: Sendable {
  package let folder: String
  /// Bytes of objects kept; past it the oldest go.
  package let limit: Int

  /// The cache of the user: `$TENON_CACHE`, else `$XDG_CACHE_HOME/tenon`, else `~/.cache/tenon`.
  /// Where that cannot be used, a folder that lasts as long as the process, and `warnings` is told
  /// why.
  package static func standard(
    limit: Int = 1 << 30, warnings: (String) -> Void = { _ in }
  ) -> KernelCache {
    let path: String
    if let own = CCompiler.environment("TENON_CACHE"), !own.isEmpty {
      path = own
    } else if let base = CCompiler.environment("XDG_CACHE_HOME"), base.hasPrefix("/") {
      path = base + "/tenon"
    } else if let home = CCompiler.environment("HOME"), home.hasPrefix("/") {
      path = home + "/.cache/tenon"
    } else {
      return temporary(limit, "neither TENON_CACHE nor HOME is set", warnings)
    }
    return KernelCache(folder: path, limit: limit, warnings: warnings)
  }

  /// The cache in a folder, made where it is missing; where it cannot be used, a folder that lasts
  /// as long as the process, and `warnings` is told why.
  package init(folder: String, limit: Int = 1 << 30, warnings: (String) -> Void = { _ in }) {
    if let problem = KernelCache.problem(folder) {
      self = KernelCache.temporary(limit, problem, warnings)
    } else {
      self.init(trusted: folder, limit: limit)
    }
  }

  private init(trusted folder: String, limit: Int) {
    self.folder = folder
    self.limit = limit
  }

  private static func temporary(
    _ limit: Int, _ problem: String, _ warnings: (String) -> Void
  ) -> KernelCache {
    let folder = TemporaryFolder.make()
    for part in ["keys", "objects", "notes", "failed"] { mkdir("\(folder)/\(part)", 0o700) }
    warnings("kernel cache: \(problem); kernels are kept in \(folder) until the program ends")
    return KernelCache(trusted: folder, limit: limit)
  }

  /// Why a folder cannot be the cache; nil where it can, and then it and its parts exist.
  private static func problem(_ folder: String) -> String? {
    guard folder.hasPrefix("/") else { return "\(folder) is not an absolute path" }
    var path = ""
    for part in folder.split(separator: "/") {
      path += "/\(part)"
      if mkdir(path, 0o700) != 0, errno != EEXIST, access(path, F_OK) != 0 {
        return "\(path) could not be made: \(String(cString: strerror(errno)))"
      }
    }
    var info = stat()
    guard stat(folder, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
      return "\(folder) is not a folder"
    }
    guard info.st_uid == geteuid() else { return "\(folder) belongs to another user" }
    guard info.st_mode & 0o077 == 0 else {
      return "\(folder) is open to other users; its mode must be 0700"
    }
    for part in ["keys", "objects", "notes", "failed"] {
      if mkdir("\(folder)/\(part)", 0o700) != 0, errno != EEXIST {
        return "\(folder) cannot be written: \(String(cString: strerror(errno)))"
      }
    }
    guard access(folder + "/keys", W_OK | X_OK) == 0 else {
      return "\(folder) cannot be written: \(String(cString: strerror(errno)))"
    }
    return nil
  }

  /// The object that holds the kernel of a key.
  package func object(forKey key: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    let count = readlink("\(folder)/keys/\(key)", &buffer, buffer.count)
    guard count > 0, count < buffer.count else { return nil }
    let name = String(
      decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let path = "\(folder)/objects/\(name.split(separator: "/").last ?? "")"
    var info = stat()
    guard stat(path, &info) == 0, info.st_size > 0 else { return nil }
    return path
  }

  /// A path in the cache for a new object, not yet visible to others.
  func draftPath() -> String {
    "\(folder)/objects/.draft-\(getpid())-\(UInt64.random(in: 0 ... .max))"
  }

  /// Makes a draft the object called `name`, which holds the kernels of `keys`.
  ///
  /// - Throws: `cache-failed` where the folder cannot be written.
  func keep(draft: String, as name: String, keys: [String]) throws -> String {
    let path = "\(folder)/objects/\(name).so"
    guard rename(draft, path) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(draft)
      throw TenonError.cacheFailed(path, reason)
    }
    for key in keys { link(key, to: "../objects/\(name).so") }
    evict(keeping: path)
    return path
  }

  /// Points a key at an object; what stood there is replaced in one step.
  private func link(_ key: String, to target: String) {
    let draft = "\(folder)/keys/.draft-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    if symlink(target, draft) == 0, rename(draft, "\(folder)/keys/\(key)") != 0 { unlink(draft) }
  }

  /// A line kept about something by an earlier process.
  package func note(named name: String, about subject: String) -> String? {
    FileBytes.read("\(folder)/notes/\(name)-\(SHA256.hexDigest(subject))")
      .map { String(decoding: $0, as: UTF8.self) }
  }

  package func keepNote(_ text: String, named name: String, about subject: String) {
    makeRoom(in: "\(folder)/notes", for: 512)
    FileBytes.write(
      Array(text.utf8), to: "\(folder)/notes/\(name)-\(SHA256.hexDigest(subject))")
  }

  /// Keeps C that did not compile, past the end of the process; its path, or nil where it could not
  /// be written.
  func keepFailed(_ source: String) -> String? {
    var place = "\(folder)/failed"
    if TemporaryFolder.contains(folder) {
      guard let lasting = TemporaryFolder.makeLasting() else { return nil }
      place = lasting
    }
    makeRoom(in: place, for: 32)
    let path = "\(place)/\(SHA256.hexDigest(source).prefix(16)).c"
    return FileBytes.write(Array(source.utf8), to: path) ? path : nil
  }

  /// Empties a folder that holds so many files: the cache is bounded in small ones too.
  private func makeRoom(in place: String, for limit: Int) {
    let kept = FileBytes.names(in: place)
    if kept.count >= limit { for name in kept { unlink("\(place)/\(name)") } }
  }

  /// Removes the oldest objects until a quarter of the limit is free, where it is passed; then the
  /// links that lead nowhere.
  private func evict(keeping kept: String) {
    var objects: [(path: String, size: Int, time: Int)] = []
    for name in FileBytes.names(in: folder + "/objects") {
      let path = "\(folder)/objects/\(name)"
      var info = stat()
      guard lstat(path, &info) == 0 else { continue }
      objects.append((path, Int(info.st_size), info.st_mtim.tv_sec))
    }
    var total = objects.reduce(0) { $0 + $1.size }
    guard total > limit else { return }
    for object in objects.sorted(by: { ($0.time, $0.path) < ($1.time, $1.path) })
    where total > limit / 4 * 3 && object.path != kept {
      if unlink(object.path) == 0 { total -= object.size }
    }
    for name in FileBytes.names(in: folder + "/keys") {
      let path = "\(folder)/keys/\(name)"
      if access(path, F_OK) != 0 { unlink(path) }
    }
  }
}
