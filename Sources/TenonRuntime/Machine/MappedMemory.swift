import Glibc
import TenonTensor

/// Zeroed memory of the process's own, aligned to a page, every page of it present.
final class MappedMemory: @unchecked Sendable {
  let bytes: UnsafeMutableRawPointer
  let byteCount: Int

  /// - Throws: `out-of-memory` where the system refuses.
  init(byteCount: Int, for purpose: String) throws {
    self.byteCount = byteCount
    let length = max(byteCount, 1)
    let address = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address, address != MAP_FAILED else {
      throw TenonError.outOfMemory(byteCount, purpose: purpose)
    }
    bytes = address
    let hugePage = 2 << 20
    if length >= hugePage { madvise(address, length, MADV_HUGEPAGE) }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    for offset in stride(from: 0, to: length, by: page) {
      address.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self)
    }
  }

  deinit { munmap(bytes, max(byteCount, 1)) }
}
