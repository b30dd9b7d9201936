import TenonTensor

extension DraftBuilder {
  /// Moves steps that depend on nothing but constants, and variables that the entry does not
  /// write, to the prepare steps, which run once; what later steps read of them is kept in the
  /// prepared store. Operands that stay the same are packed there as well.
  mutating func separatePreparation(
    _ block: inout [PlanDraft.Step], written: [Int], results: [Int]
  ) {
    var isPrepared: Set<Int> = []
    func isFixed(_ buffer: Int) -> Bool {
      let root = draft.root(buffer).buffer
      switch draft.buffers[root].place {
      case .constant: return true
      case .variable(let index): return !written.contains(index)
      default: return isPrepared.contains(root)
      }
    }
    func bytes(_ buffers: [Int]) -> Int {
      buffers.reduce(0) { $0 + draft.buffers[$1].byteCount }
    }
    var left: [PlanDraft.Step] = []
    for step in block {
      guard case .kernel(_, let inputs, let outputs) = step.kind, !inputs.isEmpty,
        inputs.allSatisfy(isFixed),
        outputs.allSatisfy({ draft.buffers[$0].type.shape.isConstant }),
        // Weights of a few bits become floats once; what grows more is cheaper made again.
        bytes(outputs) <= max(8 * bytes(inputs), 1 << 20)
      else {
        left.append(step)
        continue
      }
      draft.prepare.append(step)
      isPrepared.formUnion(outputs.map { draft.root($0).buffer })
    }
    let packed = packOperands(
      left, fixed: Set(draft.buffers.indices.filter(isFixed)))
    block = packed.steps
    isPrepared.formUnion(packed.copies)
    for buffer in block.flatMap(\.reads) + results {
      let root = draft.root(buffer).buffer
      if isPrepared.contains(root) { draft.buffers[root].place = .prepared }
    }
  }
}
