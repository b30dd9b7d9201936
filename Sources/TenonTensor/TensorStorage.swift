import Glibc
import Synchronization

/// The bytes behind tensors: owned and aligned to 64, or borrowed from something that lives as
/// long as this object (a mapped file).
///
/// Bytes are written only while the storage is private to the code that makes it; afterwards they
/// never change, so it is Sendable.
public final class TensorStorage: @unchecked Sendable {
  public let byteCount: Int
  /// The bytes as they lie, at any address: for readers that ask nothing of it.
  package let unalignedBytes: UnsafeMutableRawPointer
  /// Where `bytes` are; nil until somebody asks for borrowed bytes that lie askew.
  private let aligned: Atomic<UnsafeMutableRawPointer?>
  private let release: (@Sendable () -> Void)?
  private let lenderCheck: (@Sendable () throws -> Void)?

  /// The first byte, aligned to an element. Borrowed bytes that lie askew are copied when this is
  /// first asked for, not before.
  public var bytes: UnsafeMutableRawPointer {
    aligned.load(ordering: .acquiring) ?? alignedCopy()
  }

  /// Zeroed bytes aligned to 64.
  public init(byteCount: Int) {
    guard let bytes = TensorStorage.zeroed(byteCount) else {
      preconditionFailure("internal: no memory for \(byteCount) bytes")
    }
    unalignedBytes = bytes
    aligned = Atomic(bytes)
    self.byteCount = byteCount
    release = nil
    lenderCheck = nil
  }

  /// Zeroed bytes aligned to 64; nil where there is no such amount of memory.
  package init?(possible byteCount: Int) {
    guard let bytes = TensorStorage.zeroed(byteCount) else { return nil }
    unalignedBytes = bytes
    aligned = Atomic(bytes)
    self.byteCount = byteCount
    release = nil
    lenderCheck = nil
  }

  private static func zeroed(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard let bytes = allocated(byteCount) else { return nil }
    memset(bytes, 0, max(byteCount, 1))
    return bytes
  }

  private static func allocated(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    // The system may grant more than there is and end the process when the bytes are touched; twice
    // the installed memory leaves room for swap.
    if byteCount >= 1 << 30,
      byteCount / 2 > sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    {
      return nil
    }
    var bytes: UnsafeMutableRawPointer?
    guard posix_memalign(&bytes, 64, max(byteCount, 1)) == 0, let bytes else { return nil }
    return bytes
  }

  /// Bytes of another owner, which `release` lets go; their elements are to be at multiples of
  /// `alignment`, a power of two.
  ///
  /// - Parameter check: throws where the owner has lost bytes meanwhile.
  public init(
    borrowing bytes: UnsafeRawPointer, byteCount: Int, alignment: Int = 1,
    check: (@Sendable () throws -> Void)? = nil, release: @escaping @Sendable () -> Void
  ) {
    let bytes = UnsafeMutableRawPointer(mutating: bytes)
    let isAligned = UInt(bitPattern: bytes) % UInt(alignment) == 0
    unalignedBytes = bytes
    aligned = Atomic(isAligned ? bytes : nil)
    self.byteCount = byteCount
    self.release = release
    lenderCheck = check
  }

  /// Whether what was read here so far were the owner's bytes.
  ///
  /// - Throws: what the owner of borrowed bytes says that has lost some, such as a file that was
  ///   truncated.
  package func check() throws { try lenderCheck?() }

  deinit {
    let bytes = aligned.load(ordering: .acquiring)
    if let release {
      release()
      if bytes == unalignedBytes { return }
    }
    free(bytes)
  }

  private func alignedCopy() -> UnsafeMutableRawPointer {
    guard let copy = TensorStorage.allocated(byteCount) else {
      preconditionFailure("internal: no memory for \(byteCount) bytes")
    }
    copy.copyMemory(from: unalignedBytes, byteCount: byteCount)
    let (isFirst, other) = aligned.compareExchange(
      expected: nil, desired: copy, ordering: .acquiringAndReleasing)
    if isFirst { return copy }
    free(copy)
    return other!
  }
}
