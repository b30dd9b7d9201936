import TenonRuntime

// Values that must end in a given buffer are computed there where that is safe.
extension DraftBuilder {
  /// Lets the steps of a block write the values of slots where they must end, where the old value
  /// is dead by then; returns the slots that need a copy.
  ///
  /// - Parameter kept: values that are needed at the end as well.
  mutating func bind(_ slots: [Slot], in block: [PlanDraft.Step], alsoKept kept: [Int])
    -> [Slot]
  {
    var unbound: [Slot] = []
    var dependencies = Dependencies(block, contents: contents, sizes: &sizes)
    for slot in slots {
      let root = draft.root(slot.value)
      if root.buffer == draft.root(slot.destination).buffer {
        if root.byteOffset != 0 { unbound.append(slot) }
        continue
      }
      let isNeededOld = (kept + slots.map(\.value)).contains {
        draft.root($0).buffer == slot.destination
      }
      if isNeededOld || !bind(slot, root, in: block, &dependencies) { unbound.append(slot) }
    }
    return unbound
  }

  private mutating func bind(
    _ slot: Slot, _ root: (buffer: Int, byteOffset: Int), in block: [PlanDraft.Step],
    _ dependencies: inout Dependencies
  ) -> Bool {
    let destination = slot.destination
    guard draft.buffers[root.buffer].place == .arena, depthOf[root.buffer] == depth,
      root.byteOffset == 0, destination < root.buffer,
      draft.buffers[root.buffer].byteCount == draft.buffers[destination].byteCount,
      let writer = block.firstIndex(where: {
        $0.writes.contains { draft.root($0).buffer == root.buffer }
      })
    else { return false }
    let readers = block.indices.filter { place in
      block[place].reads.contains { draft.root($0).buffer == destination }
    }
    let later = dependencies.reachable(from: writer)
    guard !readers.contains(where: later.contains) else { return false }
    if readers.contains(writer) {
      guard mayOverwrite(block[writer], root.buffer, destination) else { return false }
    }
    for reader in readers { dependencies.add(reader, before: writer) }
    draft.buffers[root.buffer].place = .alias(of: destination, byteOffset: 0)
    boundBuffers.insert(root.buffer)
    orderBefore.append((destination, root.buffer))
    return true
  }

  /// Whether a step may write buffer `new` over what it reads at the root `old`.
  func mayOverwrite(_ step: PlanDraft.Step, _ new: Int, _ old: Int) -> Bool {
    switch step.kind {
    case .copy(let from, _): return draft.root(from) == (old, 0)
    case .kernel(let group, let inputs, let outputs):
      guard let output = outputs.firstIndex(where: { draft.root($0).buffer == new }) else {
        return false
      }
      return inputs.indices.allSatisfy { input in
        let root = draft.root(inputs[input])
        return root.buffer != old
          || (root.byteOffset == 0 && draft.groups[group].mayOverwrite(input: input, by: output))
      }
    case .readSize, .loop, .branch, .host: return false
    }
  }

  /// Puts values into the memory of outputs, by copies where they lie elsewhere already.
  mutating func bindOutputs(
    _ outputs: [(name: String, value: Int)], _ block: inout [PlanDraft.Step]
  ) {
    for (name, value) in outputs {
      let number = draft.outputs.count
      let type = draft.buffers[value].type
      draft.outputs.append(
        PlanPort(name: name, elementType: type.element, shape: type.shape))
      let root = draft.root(value)
      if draft.buffers[root.buffer].place == .arena, root.byteOffset == 0,
        draft.buffers[root.buffer].byteCount == draft.buffers[value].byteCount
      {
        draft.buffers[root.buffer].place = .output(number)
      } else {
        let buffer = addBuffer(PlanDraft.Buffer(name, type, .output(number)))
        block.append(PlanDraft.Step(.copy(from: value, to: buffer), label: "copy", origin: .none))
      }
    }
  }
}
