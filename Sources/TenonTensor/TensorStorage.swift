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
    self.byteCount = byteCount
    bytes = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
    memset(bytes, 0, max(byteCount, 1))
    release = nil
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
    if let release { release() } else { bytes.deallocate() }
  }
}
