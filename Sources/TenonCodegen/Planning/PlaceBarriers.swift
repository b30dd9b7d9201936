import TenonTensor

extension PlanDraft {
  /// Puts a barrier before each step that touches memory which a step since the last barrier
  /// writes, or writes memory which one reads.
  package mutating func placeBarriers() {
    prepare = withBarriers(prepare, isFirst: false)
    steps = withBarriers(steps, isFirst: false)
  }

  /// - Parameter isFirst: whether the first step needs a barrier: in a loop, its last trip's steps
  ///   may still run.
  private func withBarriers(_ block: [Step], isFirst: Bool) -> [Step] {
    var read = MemoryRanges()
    var written = MemoryRanges()
    return block.enumerated().map { place, step in
      var step = step.mappingBlocks { withBarriers($0, isFirst: true) }
      guard step.blocks.isEmpty, !step.isBarrier else {
        (read, written) = (MemoryRanges(), MemoryRanges())
        return step
      }
      let sources = step.reads.compactMap(range)
      let results = step.writes.compactMap(range)
      step.barrierBefore =
        (isFirst && place == 0)
        || (sources + results).contains(where: written.overlaps)
        || results.contains(where: read.overlaps)
      if step.barrierBefore { (read, written) = (MemoryRanges(), MemoryRanges()) }
      for source in sources { read.insert(source) }
      for result in results { written.insert(result) }
      return step
    }
  }

  /// The memory of a buffer; nil where it has no bytes.
  package func range(_ buffer: Int) -> MemoryRange? {
    let (root, offset) = root(buffer)
    let bytes = buffers[buffer].byteCount
    guard bytes > 0 else { return nil }
    let start = buffers[root].offset + offset
    let space: MemoryRange.Space =
      switch buffers[root].place {
      case .arena: .arena
      case .prepared: .prepared
      default: .other(root)
      }
    return MemoryRange(space: space, bytes: start..<start + bytes)
  }
}

extension PlanDraft.Step {
  /// Whether it runs alone by its nature.
  fileprivate var isBarrier: Bool {
    switch kind {
    case .host, .readSize: true
    case .kernel, .copy, .loop, .branch: false
    }
  }
}

/// Bytes of one of a plan's memories.
package struct MemoryRange: Hashable, Sendable {
  package enum Space: Hashable, Sendable {
    case arena, prepared
    /// A constant, variable, input or output: the draft's buffer.
    case other(Int)
  }

  package var space: Space
  package var bytes: Range<Int>

  package func overlaps(_ other: MemoryRange) -> Bool {
    space == other.space && bytes.overlaps(other.bytes)
  }
}

/// Ranges met since the last barrier.
private struct MemoryRanges {
  private var bySpace: [MemoryRange.Space: [Range<Int>]] = [:]

  mutating func insert(_ range: MemoryRange) {
    bySpace[range.space, default: []].append(range.bytes)
  }

  func overlaps(_ range: MemoryRange) -> Bool {
    bySpace[range.space]?.contains { $0.overlaps(range.bytes) } ?? false
  }
}
