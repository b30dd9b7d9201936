// Results overwrite what dies.
extension DraftBuilder {
  /// Gives results of a block the memory of an operand that nothing reads after the step, where
  /// the kernel allows it, and drops copies that this makes idle.
  mutating func updateInPlace(_ block: inout [PlanDraft.Step], keeping kept: [Int]) {
    var last: [Int: Int] = [:]
    for (place, step) in block.enumerated() {
      for buffer in step.reads + step.writes { last[draft.root(buffer).buffer] = place }
    }
    for value in kept { last[draft.root(value).buffer] = block.count }
    var first: Set<Int> = []
    var isIdle = [Bool](repeating: false, count: block.count)
    for (place, step) in block.enumerated() {
      let (sources, results): ([Int], [Int]) =
        switch step.kind {
        case .kernel(_, let inputs, let outputs): (inputs, outputs)
        case .copy(let from, let to): ([from], [to])
        default: ([], [])
        }
      for result in results
      where isOwn(result) && draft.root(result).buffer == result && !first.contains(result) {
        guard
          let source = sources.first(where: { source in
            let root = draft.root(source)
            return isOwn(root.buffer) && root.byteOffset == 0 && last[root.buffer] == place
              && root.buffer < result
              && draft.buffers[root.buffer].byteCount == draft.buffers[result].byteCount
              && mayOverwrite(step, result, root.buffer)
          })
        else { continue }
        let root = draft.root(source).buffer
        draft.buffers[result].place = .alias(of: root, byteOffset: 0)
        last[root] = max(last[result] ?? place, place)
        if case .copy = step.kind { isIdle[place] = true }
      }
      for buffer in step.writes { first.insert(draft.root(buffer).buffer) }
    }
    block = block.indices.filter { !isIdle[$0] }.map { block[$0] }
  }

  /// Whether the buffer is arena memory of the block being built.
  private func isOwn(_ buffer: Int) -> Bool {
    draft.buffers[buffer].place == .arena && depthOf[buffer] == depth
  }
}
