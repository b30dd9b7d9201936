import TenonGraph
import TenonTensor

/// A kernel whose schedule leaves a choice that can be measured.
package struct TunableKernel {
  /// The group in canonical form, no constant operand packed yet.
  package let group: KernelGroup
  /// By input, whether it holds the same in every run and is packed ahead.
  package let isFixed: [Bool]
  /// The cost model's choice.
  package let model: ContractionChoice
  private let shape: ContractionShape
  private let lanes: Int
  private let scheduler: Scheduler

  /// Nil where the group is no contraction.
  package init?(_ group: KernelGroup, isFixed: [Bool], _ scheduler: Scheduler) {
    var group = group.canonical().group
    group.request = nil
    guard case .stages(let stages) = group.body, stages.count == 1,
      !group.readsTransformedFilters
    else { return nil }
    let packed = TunableKernel.packed(group, isFixed, scheduler)
    guard case .stages(let packedStages) = packed.body,
      let schedule = ContractionSchedule(
        GroupAnalysis(packed, packedStages), target: scheduler.target,
        tileWork: scheduler.tileWork)
    else { return nil }
    self.group = group
    self.isFixed = isFixed
    self.scheduler = scheduler
    (model, shape, lanes) = (schedule.choice, schedule.shape, schedule.block.lanes)
  }

  /// What tells the kernel from others, whatever graph it is in: its types, readable; a digest of
  /// what it computes, which no choice changes; the target.
  package var key: String {
    let inputs = zip(group.inputs, isFixed).map { "\($0)" + ($1 ? " fixed" : "") }
    let types =
      inputs.joined(separator: ", ") + " -> "
      + group.outputs.map { "\($0)" }.joined(separator: ", ")
    guard case .stages(let stages) = group.body else {
      preconditionFailure("internal: a contraction has a stage")
    }
    let plain = ComputeSchedule(
      analysis: GroupAnalysis(group, stages), target: Target(.generic), tileWork: 1)
    let sizes = group.symbols.map { "\($0) \($0.maximum ?? 0)" }
    let text = plain.schedule(parameters: group.symbols).kernel.description
    let digest = SHA256.hexDigest(([types, text] + sizes).joined(separator: "\n"))
    return "\(types); \(digest.prefix(16)); \(scheduler.target.name)"
  }

  /// The group with its constant operands packed as a choice wants them.
  package func packed(for choice: ContractionChoice?) -> KernelGroup {
    var group = group
    group.request = choice.map { ScheduleRequest($0, origin: "measured") }
    return TunableKernel.packed(group, isFixed, scheduler)
  }

  private static func packed(
    _ group: KernelGroup, _ isFixed: [Bool], _ scheduler: Scheduler
  ) -> KernelGroup {
    var group = group
    let layouts = scheduler.preferredLayouts(
      group, mayChange: isFixed, leastBytes: Scheduler.leastPackedBytes)
    for (place, layout) in layouts.enumerated() {
      if let layout { group.inputs[place].layout = layout }
    }
    return group
  }

  /// Choices worth measuring that differ from one in their block of registers.
  package func otherBlocks(than choice: ContractionChoice) -> [ContractionChoice] {
    choice.otherBlocks(shape, lanes: lanes, scheduler.target)
  }

  /// Choices worth measuring that differ from one in tiles, depth or how rows are read.
  package func otherCuts(than choice: ContractionChoice) -> [ContractionChoice] {
    choice.otherCuts(shape, lanes: lanes, scheduler.target)
  }
}
