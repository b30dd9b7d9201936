import TenonGraph
import TenonTensor

extension DraftBuilder {
  /// The layouts in which a backend's kernel for a group reads its inputs fastest; nil where that
  /// is the one an input has. Only inputs that may change are given one.
  package typealias PreferredLayouts = (_ group: KernelGroup, _ mayChange: [Bool]) -> [Layout?]

  /// The group with an operand in another form than it has, where a backend's kernel wants that.
  package typealias TransformedOperands =
    (_ group: KernelGroup, _ mayChange: [Bool]) -> TransformedOperand?

  /// The schedule that a kernel for a group is asked to have; nil for the cost model's. `isFixed`
  /// tells by input whether it holds the same in every run, and so can be packed; `label` is the
  /// step's.
  package typealias RequestedSchedule =
    (_ group: KernelGroup, _ isFixed: [Bool], _ label: String) -> ScheduleRequest?

  /// Gives what never changes between runs the forms and layouts that the kernels which read it
  /// prefer, by copies that are made once, among the prepare steps. An operand that several kernels
  /// want in one form is copied once.
  ///
  /// - Parameter fixed: the buffers that hold the same in every run.
  /// - Returns: the steps, reading the copies, and the copies.
  mutating func packOperands(_ block: [PlanDraft.Step], fixed: Set<Int>) -> (
    steps: [PlanDraft.Step], copies: Set<Int>
  ) {
    var copies: [PackedOperand: Int] = [:]
    let steps = packOperands(block, fixed, &copies)
    return (steps, Set(copies.values))
  }

  private mutating func packOperands(
    _ block: [PlanDraft.Step], _ fixed: Set<Int>, _ copies: inout [PackedOperand: Int]
  ) -> [PlanDraft.Step] {
    block.map { step in
      guard case .kernel(let number, var inputs, let outputs) = step.kind else {
        return step.mappingBlocks { packOperands($0, fixed, &copies) }
      }
      var group = draft.groups[number]
      let mayChange = inputs.map { fixed.contains($0) }
      func replace(_ place: Int, by packing: KernelGroup, _ label: String) {
        let (buffer, byteOffset) = draft.root(inputs[place])
        let operand = PackedOperand(buffer: buffer, byteOffset: byteOffset, packing: packing)
        if let copy = copies[operand] {
          inputs[place] = copy
          return
        }
        let copy = addBuffer(
          PlanDraft.Buffer(draft.buffers[inputs[place]].name, packing.outputs[0], .arena))
        draft.prepare.append(
          PlanDraft.Step(
            .kernel(group: draft.number(of: packing), inputs: [inputs[place]], outputs: [copy]),
            label: label, origin: step.origin))
        copies[operand] = copy
        inputs[place] = copy
      }
      if mayChange.contains(true), let transformed = transformedOperands(group, mayChange) {
        replace(transformed.input, by: transformed.copy, "transform")
        group = transformed.group
      } else {
        group.request = requestedSchedule(group, mayChange, step.label)
        guard mayChange.contains(true) || group.request != nil else { return step }
        for (place, layout) in preferredLayouts(group, mayChange).enumerated() {
          guard let layout else { continue }
          replace(place, by: .packing(group.inputs[place], as: layout), "pack")
          group.inputs[place].layout = layout
        }
      }
      var step = step
      step.kind = .kernel(group: draft.number(of: group), inputs: inputs, outputs: outputs)
      return step
    }
  }
}

extension PlanDraft {
  /// Drops the groups that no step runs any more.
  mutating func dropIdleGroups() {
    var isRun = [Bool](repeating: false, count: groups.count)
    func note(_ steps: [Step]) {
      for step in steps {
        if case .kernel(let group, _, _) = step.kind { isRun[group] = true }
        step.blocks.forEach(note)
      }
    }
    note(prepare + steps)
    if !isRun.contains(false) { return }
    var numbers: [Int] = []
    for isRun in isRun { numbers.append((numbers.last ?? -1) + (isRun ? 1 : 0)) }
    func renumbered(_ steps: [Step]) -> [Step] {
      steps.map { step in
        guard case .kernel(let group, let inputs, let outputs) = step.kind else {
          return step.mappingBlocks(renumbered)
        }
        var step = step
        step.kind = .kernel(group: numbers[group], inputs: inputs, outputs: outputs)
        return step
      }
    }
    prepare = renumbered(prepare)
    steps = renumbered(steps)
    setGroups(groups.indices.filter { isRun[$0] }.map { groups[$0] })
  }
}

/// What is copied, and how.
private struct PackedOperand: Hashable {
  var buffer: Int
  var byteOffset: Int
  var packing: KernelGroup
}
