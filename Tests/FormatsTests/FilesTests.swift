import Glibc
import TenonFormats
import TenonTensor
import Testing

@Suite struct MappedFileTests {
  let folder = TestFolder()

  @Test func lendsBytesThatOutliveTheFile() throws {
    let path = folder.file("x")
    TestFiles.write(Array(0..<100), to: path)
    var file: MappedFile? = try MappedFile(path: path)
    let storage = try file!.storage(10..<14)
    file = nil
    unlink(path)
    let tensor = try Tensor(.u8, shape: [4], storage: storage)
    #expect(try tensor.scalars() == [10, 11, 12, 13] as [UInt8])
  }

  @Test func replacingByRenamingChangesNothing() throws {
    let path = folder.file("x")
    TestFiles.write([1, 2, 3], to: path)
    let file = try MappedFile(path: path)
    try AtomicFile.write([9], to: path)
    let tensor = try Tensor(.u8, shape: [3], storage: try file.storage(0..<3))
    #expect(try tensor.scalars() == [1, 2, 3] as [UInt8])
  }

  @Test func truncationIsFound() throws {
    let path = folder.file("x")
    TestFiles.write([UInt8](repeating: 7, count: 10_000), to: path)
    let file = try MappedFile(path: path)
    truncate(path, 5_000)
    let changed = TenonError(
      "file-read",
      "\(path): the file has changed since it was opened; open it again, and replace files by "
        + "renaming, not in place")
    #expect(throws: changed) { try file.storage(0..<10) }
    var buffer = [UInt8](repeating: 0, count: 10_000)
    #expect(throws: changed) {
      try buffer.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
    }
  }

  @Test func lentBytesThatTheFileLostReadAsZerosAndAreReported() throws {
    let path = folder.file("x")
    TestFiles.write([UInt8](repeating: 7, count: 3 * 4096), to: path)
    let storage = try MappedFile(path: path).storage(0..<3 * 4096)
    let other = folder.file("y")
    TestFiles.write([1, 2, 3], to: other)
    let whole = try MappedFile(path: other).storage(0..<3)
    let tensor = try Tensor(.u8, shape: [3 * 4096], storage: storage)
    try storage.check()
    truncate(path, 4096)
    let bytes = try tensor.scalars(as: UInt8.self)
    #expect(bytes == [UInt8](repeating: 7, count: 4096) + [UInt8](repeating: 0, count: 8192))
    let truncated = TenonError(
      "file-read",
      "\(path): the file was truncated while its bytes were in use, so results would be wrong; "
        + "open it again, and replace files by renaming, not in place")
    #expect(throws: truncated) { try storage.check() }
    // Growing again does not bring the bytes back.
    truncate(path, 3 * 4096)
    #expect(throws: truncated) { try storage.check() }
    try whole.check()
  }

  @Test func anEmptyFileIsAFile() throws {
    let path = folder.file("x")
    TestFiles.write([], to: path)
    let file = try MappedFile(path: path)
    #expect(file.byteCount == 0)
    #expect(try file.storage(0..<0).byteCount == 0)
  }

  @Test func refusesWhatIsNoFile() throws {
    func refusal(_ path: String) -> String {
      do {
        _ = try MappedFile(path: path)
        return "no error"
      } catch { return "\(error)" }
    }
    let missing = folder.file("missing")
    #expect(refusal(missing) == "\(missing): cannot be read: no such file or folder")
    #expect(refusal(folder.path) == "\(folder.path): cannot be read: it is a folder")
    #expect(refusal("/dev/zero") == "/dev/zero: cannot be read: not a regular file")
    let pipe = folder.file("pipe")
    mkfifo(pipe, 0o600)
    #expect(refusal(pipe) == "\(pipe): cannot be read: not a regular file")
    #expect(refusal("a\0b") == "a\0b: cannot be read: the path holds a zero byte")
    #expect(refusal("") == ": cannot be read: no such file or folder")
  }
}

@Suite struct AtomicFileTests {
  let folder = TestFolder()

  func refusal(_ path: String, _ body: (FileWriter) throws -> Void = { try $0.write([1]) })
    -> String
  {
    do {
      try AtomicFile.write(to: path, body)
      return "no error"
    } catch { return "\(error)" }
  }

  @Test func writesAndReplaces() throws {
    let path = folder.file("x")
    try AtomicFile.write([1, 2], to: path)
    #expect(try TestFiles.bytes(path) == [1, 2])
    chmod(path, 0o640)
    let large = [UInt8](repeating: 5, count: 200_000)
    try AtomicFile.write(to: path) { writer in
      try writer.write([3])
      try writer.write(large)
      try writer.write([4])
      #expect(writer.position == 200_002)
    }
    #expect(try TestFiles.bytes(path) == [3] + large + [4])
    var status = stat()
    stat(path, &status)
    #expect(status.st_mode & 0o777 == 0o640)
    #expect(folder.names == ["x"])
  }

  @Test func anErrorLeavesTheOldFileAndNothingElse() throws {
    let path = folder.file("x")
    try AtomicFile.write([1, 2], to: path)
    let message = refusal(path) { writer in
      try writer.write([UInt8](repeating: 0, count: 100_000))
      throw TenonError("test", "stopped")
    }
    #expect(message == "stopped")
    #expect(try TestFiles.bytes(path) == [1, 2])
    #expect(folder.names == ["x"])
  }

  @Test func theOldFileIsWholeUntilTheEnd() throws {
    let path = folder.file("x")
    try AtomicFile.write([1, 2], to: path)
    try AtomicFile.write(to: path) { writer in
      try writer.write([UInt8](repeating: 0, count: 100_000))
      #expect(try TestFiles.bytes(path) == [1, 2])
    }
    #expect(try TestFiles.bytes(path).count == 100_000)
  }

  @Test func followsSymbolicLinks() throws {
    let (path, link) = (folder.file("x"), folder.file("link"))
    try AtomicFile.write([1], to: path)
    symlink("x", link)
    try AtomicFile.write([2], to: link)
    #expect(try TestFiles.bytes(path) == [2])
    var status = stat()
    lstat(link, &status)
    #expect(status.st_mode & S_IFMT == S_IFLNK)
  }

  @Test func aFullDiskIsAnError() {
    #expect(refusal("/dev/full") == "/dev/full: cannot be written: no space is left on the device")
    #expect(
      refusal("/dev/full") { try $0.write([UInt8](repeating: 0, count: 1 << 20)) }
        == "/dev/full: cannot be written: no space is left on the device")
  }

  @Test func refusesPathsThatCannotBeWritten() throws {
    let missing = "\(folder.path)/none/x"
    #expect(
      refusal(missing)
        == "\(missing): cannot be written: folder \(folder.path)/none: no such file or folder")
    #expect(refusal(folder.path) == "\(folder.path): cannot be written: it is a folder")
    #expect(
      refusal(folder.path + "/new/") == "\(folder.path)/new/: cannot be written: it is a folder")
    #expect(refusal("") == ": cannot be written: no such file or folder")
    #expect(refusal("x\0y") == "x\0y: cannot be written: the path holds a zero byte")
    let file = folder.file("x")
    try AtomicFile.write([1], to: file)
    #expect(refusal(file + "/y") == "\(file)/y: cannot be written: a part of the path is no folder")
    let long = folder.file(String(repeating: "n", count: 300))
    #expect(refusal(long) == "\(long): cannot be written: the name is too long")
    #expect(
      refusal("/proc/x") == "/proc/x: cannot be written: folder /proc: no such file or folder")
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
  func refusesFoldersAndFilesWithoutPermission() throws {
    let file = folder.file("x")
    try AtomicFile.write([1], to: file)
    chmod(file, 0o444)
    #expect(refusal(file) == "\(file): cannot be written: permission denied")
    chmod(folder.path, 0o555)
    let new = folder.file("y")
    #expect(
      refusal(new) == "\(new): cannot be written: folder \(folder.path): permission denied")
    chmod(folder.path, 0o755)
  }
}
