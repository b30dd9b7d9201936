import Glibc

/// The bytes behind tensors: owned and aligned to 64, or borrowed from something that lives as
/// long as this object (a mapped file).
///
/// Bytes are written only while the storage is private to the code that makes it; afterwards they
/// never change, so it is Sendable.
public final class TensorStorage: @unchecked Sendable {
  public let bytes: UnsafeMutableRawPointer
  public let byteCount: Int
  private let release: (@Sendable () -> Void)?

  /// Zeroed bytes aligned to 64.
  public init(byteCount: Int) {
    guard let bytes = TensorStorage.zeroed(byteCount) else {
      preconditionFailure("internal: no memory for \(byteCount) bytes")
    }
    self.bytes = bytes
    self.byteCount = byteCount
    release = nil
  }

  /// Zeroed bytes aligned to 64; nil where there is no such amount of memory.
  package init?(possible byteCount: Int) {
    guard let bytes = TensorStorage.zeroed(byteCount) else { return nil }
    self.bytes = bytes
    self.byteCount = byteCount
    release = nil
  }

  private static func zeroed(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    // The system may grant more than there is and end the process when the bytes are touched; twice
    // the installed memory leaves room for swap.
    if byteCount >= 1 << 30,
      byteCount / 2 > sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    {
      return nil
    }
    var bytes: UnsafeMutableRawPointer?
    guard posix_memalign(&bytes, 64, max(byteCount, 1)) == 0, let bytes else { return nil }
    memset(bytes, 0, max(byteCount, 1))
    return bytes
  }

  /// Bytes of another owner, which `release` lets go.
  public init(
    borrowing bytes: UnsafeRawPointer, byteCount: Int, release: @escaping @Sendable () -> Void
  ) {
    self.bytes = UnsafeMutableRawPointer(mutating: bytes)
    self.byteCount = byteCount
    self.release = release
  }

  deinit {
    if let release { release() } else { free(bytes) }
  }
}
