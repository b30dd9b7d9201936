import TenonTensor

extension PlanDraft {
  /// Works out when each buffer is needed and gives arena and prepared buffers their offsets.
  package mutating func planMemory() {
    let lives = BufferLifetimes(self)
    lifetimes = lives.ranges
    let requests = buffers.indices.compactMap { buffer -> ArenaLayout.Request? in
      guard buffers[buffer].place == .arena, let range = lives.ranges[buffer] else { return nil }
      return ArenaLayout.Request(
        buffer: buffer, bytes: (buffers[buffer].byteCount + 63) & ~63, lifetime: range)
    }
    let layout = ArenaLayout(requests, stepCount: lives.stepCount)
    for (request, offset) in zip(requests, layout.offsets) {
      buffers[request.buffer].offset = offset
    }
    arenaBytes = layout.bytes
    liveBytes = layout.liveBytes
    preparedBytes = 0
    for buffer in buffers.indices where buffers[buffer].place == .prepared {
      buffers[buffer].offset = preparedBytes
      preparedBytes += (buffers[buffer].byteCount + 63) & ~63
    }
  }
}

/// From which step to which each buffer's memory is needed, in the numbering of all steps: the
/// prepare steps, then the steps, an outer step before those inside it, which its end follows.
struct BufferLifetimes {
  /// By buffer; aliases have those of their roots. Nil for what no step touches.
  private(set) var ranges: [ClosedRange<Int>?]
  private(set) var stepCount = 0

  private var loops: [ClosedRange<Int>] = []

  init(_ draft: PlanDraft) {
    ranges = [ClosedRange<Int>?](repeating: nil, count: draft.buffers.count)
    visit(draft.prepare, draft)
    visit(draft.steps, draft)
    for update in draft.variableUpdates { touch(update.buffer.index, at: stepCount, draft) }
    // What crosses a loop's boundary must outlive every trip; inner loops come first.
    for loop in loops {
      for buffer in ranges.indices {
        guard let range = ranges[buffer], range.overlaps(loop),
          range.lowerBound < loop.lowerBound || range.upperBound > loop.upperBound
        else { continue }
        ranges[buffer] =
          min(range.lowerBound, loop.lowerBound)...max(range.upperBound, loop.upperBound)
      }
    }
    for buffer in ranges.indices { ranges[buffer] = ranges[draft.root(buffer).buffer] }
  }

  private mutating func touch(_ buffer: Int, at step: Int, _ draft: PlanDraft) {
    let root = draft.root(buffer).buffer
    let range = ranges[root] ?? step...step
    ranges[root] = min(range.lowerBound, step)...max(range.upperBound, step)
  }

  private mutating func visit(_ steps: [PlanDraft.Step], _ draft: PlanDraft) {
    for step in steps {
      let start = stepCount
      stepCount += 1
      switch step.kind {
      case .kernel, .copy, .readSize, .host:
        for buffer in step.reads + step.writes { touch(buffer, at: start, draft) }
      case .loop(let condition, let predicate, let body, _):
        visit(condition, draft)
        touch(predicate, at: stepCount, draft)
        stepCount += 1
        visit(body, draft)
        loops.append(start...stepCount)
        stepCount += 1
      case .branch(let selector, let branches):
        touch(selector, at: start, draft)
        for branch in branches { visit(branch, draft) }
      }
    }
  }
}
