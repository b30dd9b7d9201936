import CTenonKernels
import Glibc
import TenonTensor

/// A file opened for reading: bytes are copied out of it, or lent as tensor storage straight from
/// its mapping, which stays alive as long as anything borrows it.
///
/// What is guaranteed when others touch the file meanwhile:
/// - Deleting it, or replacing it by renaming another over it (as `AtomicFile` does), changes
///   nothing: the bytes that were opened stay.
/// - Truncating or overwriting it in place is found by `read` and `storage`, which throw; bytes
///   that were copied out before are unaffected.
/// - Bytes that are already lent and that the file no longer has read as zeros from then on, and
///   `TensorStorage.check` throws: what runs over weights calls it when it has ended.
public final class MappedFile: Sendable {
  /// The path as given.
  public let path: String
  /// The size when the file was opened.
  public let byteCount: Int
  private let descriptor: Int32
  private let modified: (seconds: Int, nanoseconds: Int)
  /// The start of the mapping; nil for an empty file.
  private nonisolated(unsafe) let base: UnsafeRawPointer?
  /// The mapping's number among the guarded ones.
  private let mapping: Int32

  /// Opens and maps a regular file.
  ///
  /// - Throws: `file-read` where it is missing, not a regular file or not readable.
  public init(path: String) throws {
    guard !path.utf8.contains(0) else { throw TenonError.unreadable(path, errno: EILSEQ) }
    // Without O_NONBLOCK, opening a pipe would wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw TenonError.unreadable(path, errno: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw TenonError.unreadable(path, errno: code)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw status.st_mode & S_IFMT == S_IFDIR
        ? TenonError.unreadable(path, errno: EISDIR) : TenonError.notRegular(path)
    }
    self.path = path
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
    modified = (Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec))
    guard byteCount > 0 else {
      base = nil
      mapping = -1
      return
    }
    guard let mapping = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0),
      mapping != MAP_FAILED
    else {
      let code = errno
      close(descriptor)
      throw TenonError.unreadable(path, errno: code)
    }
    base = UnsafeRawPointer(mapping)
    self.mapping = tenon_file_mapping_guard(mapping, byteCount)
  }

  deinit {
    tenon_file_mapping_release(mapping)
    if let base { munmap(UnsafeMutableRawPointer(mutating: base), byteCount) }
    close(descriptor)
  }

  /// Fills `buffer` with the bytes from `offset` on, which must lie within `byteCount`.
  ///
  /// - Throws: `file-read` where the file has become shorter or reading fails.
  public func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    precondition(
      offset >= 0 && offset <= byteCount && buffer.count <= byteCount - offset,
      "internal: read past the end of the file")
    var done = 0
    while done < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw TenonError.unreadable(path, errno: errno)
      }
      guard count > 0 else { throw TenonError.changedWhileOpen(path) }
      done += count
    }
  }

  /// The bytes of `range` lent from the mapping, which lives at least as long as the storage. Where
  /// they do not lie at a multiple of `alignment`, they are copied when first they must.
  ///
  /// - Throws: `file-read` where the file's size or time of change is no longer what it was.
  public func storage(_ range: Range<Int>, alignment: Int = 1) throws -> TensorStorage {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= byteCount,
      "internal: storage past the end of the file")
    try checkUnchanged()
    guard let base, !range.isEmpty else { return TensorStorage(byteCount: 0) }
    return TensorStorage(
      borrowing: base + range.lowerBound, byteCount: range.count, alignment: alignment,
      check: { try self.checkLentBytes() }
    ) { withExtendedLifetime(self) {} }
  }

  /// - Throws: `file-read` where the file has become shorter, or was when lent bytes were read.
  private func checkLentBytes() throws {
    var status = stat()
    guard tenon_file_mapping_is_damaged(mapping) == 0, fstat(descriptor, &status) == 0,
      Int(status.st_size) >= byteCount
    else { throw TenonError.truncatedWhileOpen(path) }
  }

  /// - Throws: `file-read` where the file's size or time of change is no longer what it was.
  private func checkUnchanged() throws {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw TenonError.unreadable(path, errno: errno) }
    guard Int(status.st_size) == byteCount,
      (Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)) == modified
    else { throw TenonError.changedWhileOpen(path) }
  }
}
