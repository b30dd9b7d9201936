import TenonTensor

/// Memory for the results of runs, taken back when their tensors are released, so that a steady
/// stream of runs touches no new pages.
final class OutputMemory: Sendable {
  private struct Block {
    let bytes: UnsafeMutableRawPointer
    let byteCount: Int
  }

  private let free = Monitor<[Block]>([])
  private let limit: Int

  /// Keeps at most `limit` blocks that no tensor holds.
  init(keeping limit: Int) { self.limit = limit }

  deinit { free.withLock { $0.forEach { $0.bytes.deallocate() } } }

  /// Storage of at least `byteCount` bytes with any content, aligned to 64.
  func storage(byteCount: Int) -> TensorStorage {
    let found: Block? = free.withLock { blocks in
      guard let index = blocks.lastIndex(where: { $0.byteCount == byteCount }) else { return nil }
      return blocks.remove(at: index)
    }
    let block =
      found
      ?? Block(
        bytes: .allocate(byteCount: max(byteCount, 1), alignment: 64), byteCount: byteCount)
    nonisolated(unsafe) let returned = block
    return TensorStorage(borrowing: block.bytes, byteCount: byteCount) { self.take(returned) }
  }

  private func take(_ block: Block) {
    let dropped: Block? = free.withLock { blocks in
      blocks.append(block)
      return blocks.count > limit ? blocks.removeFirst() : nil
    }
    dropped?.bytes.deallocate()
  }
}
