import TenonGraph

// The order in which a block's steps run.
extension DraftBuilder {
  /// Orders the steps of a block so that little memory is live at once: as recorded, or always the
  /// step that frees most, whichever has the lower peak.
  mutating func order(_ block: inout [PlanDraft.Step]) {
    var dependencies = Dependencies(block, contents: contents, sizes: &sizes)
    addOverwrites(block, &dependencies)
    let memory = BlockMemory(block, self)
    let recorded = memory.recordedOrder(dependencies)
    let frugal = memory.frugalOrder(dependencies)
    let best = memory.peak(frugal) < memory.peak(recorded) ? frugal : recorded
    block = best.map { block[$0] }
  }

  /// The buffer whose contents a buffer's are: views are seen through, a destination's old and new
  /// contents are two in the block that changes them, and one for the blocks around it.
  func contents(_ buffer: Int) -> Int {
    var at = buffer
    while !(boundBuffers.contains(at) && depthOf[at] == depth),
      case .alias(let other, _) = draft.buffers[at].place
    {
      at = other
    }
    return at
  }

  /// Steps that read a variable's or carried value's old contents come before the step that writes
  /// the new ones there.
  private mutating func addOverwrites(
    _ block: [PlanDraft.Step], _ dependencies: inout Dependencies
  ) {
    guard !orderBefore.isEmpty else { return }
    var isNew: [Int: Int] = [:]
    for (old, new) in orderBefore { isNew[new] = old }
    var readers: [Int: [Int]] = [:]
    var writers: [Int: [Int]] = [:]
    for (place, step) in block.enumerated() {
      for buffer in step.reads {
        if let old = oldContents(buffer, isNew) { readers[old, default: []].append(place) }
      }
      for buffer in step.writes {
        if let old = newContents(buffer, isNew) { writers[old, default: []].append(place) }
      }
    }
    for (old, _) in orderBefore {
      guard let writer = writers[old]?.first else { continue }
      for reader in readers[old] ?? [] { dependencies.add(reader, before: writer) }
    }
    orderBefore = []
  }

  /// The destination whose old contents the buffer is; nil where it is something else.
  private func oldContents(_ buffer: Int, _ isNew: [Int: Int]) -> Int? {
    var at = buffer
    while case .alias(let other, _) = draft.buffers[at].place {
      if isNew[at] != nil { return nil }
      at = other
    }
    return at
  }

  private func newContents(_ buffer: Int, _ isNew: [Int: Int]) -> Int? {
    var at = buffer
    while true {
      if let old = isNew[at] { return old }
      guard case .alias(let other, _) = draft.buffers[at].place else { return nil }
      at = other
    }
  }
}

/// What memory a block's steps begin and end to need.
private struct BlockMemory {
  private let roots: [[Int]]
  private let bytes: [Int]
  private let touches: [Int]

  init(_ block: [PlanDraft.Step], _ builder: DraftBuilder) {
    var numbers: [Int: Int] = [:]
    var bytes: [Int] = []
    var touches: [Int] = []
    var roots: [[Int]] = []
    for step in block {
      var own: [Int] = []
      for buffer in step.reads + step.writes {
        let root = builder.draft.root(buffer).buffer
        guard builder.draft.buffers[root].place == .arena else { continue }
        if numbers[root] == nil {
          numbers[root] = bytes.count
          bytes.append((builder.draft.buffers[root].byteCount + 63) & ~63)
          touches.append(0)
        }
        let number = numbers[root]!
        if !own.contains(number) { own.append(number) }
      }
      for number in own { touches[number] += 1 }
      roots.append(own)
    }
    (self.roots, self.bytes, self.touches) = (roots, bytes, touches)
  }

  func peak(_ order: [Int]) -> Int {
    var left = touches
    var isLive = [Bool](repeating: false, count: bytes.count)
    var (live, peak) = (0, 0)
    for step in order {
      for root in roots[step] where !isLive[root] {
        isLive[root] = true
        live += bytes[root]
      }
      peak = max(peak, live)
      for root in roots[step] {
        left[root] -= 1
        if left[root] == 0 { live -= bytes[root] }
      }
    }
    return peak
  }

  func recordedOrder(_ dependencies: Dependencies) -> [Int] {
    schedule(dependencies) { $0.popLeast() }
  }

  /// Takes the ready step after which the least memory is live; the first recorded among equals.
  func frugalOrder(_ dependencies: Dependencies) -> [Int] {
    var left = touches
    var isLive = [Bool](repeating: false, count: bytes.count)
    var waits = dependencies.waits
    var ready = waits.indices.filter { waits[$0] == 0 }
    var order: [Int] = []
    while !ready.isEmpty {
      var best = (growth: Int.max, at: 0)
      // Among very many ready steps the first ones are choice enough.
      for at in ready.indices.prefix(128) {
        var growth = 0
        for root in roots[ready[at]] {
          if !isLive[root] { growth += bytes[root] }
          if left[root] == 1 { growth -= bytes[root] }
        }
        if growth < best.growth { best = (growth, at) }
      }
      let step = ready.remove(at: best.at)
      order.append(step)
      for root in roots[step] {
        isLive[root] = true
        left[root] -= 1
      }
      for follower in dependencies.followers[step] {
        waits[follower] -= 1
        if waits[follower] == 0 {
          ready.insert(follower, at: ready.firstIndex { $0 > follower } ?? ready.count)
        }
      }
    }
    return order
  }

  private func schedule(_ dependencies: Dependencies, _ take: (inout AscendingHeap) -> Int?)
    -> [Int]
  {
    var waits = dependencies.waits
    var ready = AscendingHeap(waits.indices.filter { waits[$0] == 0 })
    var order: [Int] = []
    while let step = take(&ready) {
      order.append(step)
      for follower in dependencies.followers[step] {
        waits[follower] -= 1
        if waits[follower] == 0 { ready.insert(follower) }
      }
    }
    precondition(order.count == waits.count, "internal: steps wait for each other")
    return order
  }
}
