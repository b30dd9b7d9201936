import TenonGraph
import TenonTensor

/// Chooses how a group becomes loops.
package struct Scheduler {
  package let target: Target
  /// Work units of one tile: rough counts of vector instructions.
  package let tileWork: Int

  package init(target: Target, tileWork: Int = 1 << 14) {
    self.target = target
    self.tileWork = tileWork
  }

  /// The kernel of a group whose running symbols are named `n0`, `n1` ….
  package func schedule(_ group: KernelGroup) -> ScheduledKernel {
    let group = group.staged
    let stages: [KernelGroup.Stage]
    switch group.body {
    case .stages(let some): stages = some
    case .single(.scatter(let scatter)):
      return ScatterSchedule(group: group, scatter: scatter, target: target, tileWork: tileWork)
        .schedule(parameters: group.symbols)
    case .single(.prefixScan(let scan)):
      return PrefixScanSchedule(group: group, scan: scan, target: target, tileWork: tileWork)
        .schedule(parameters: group.symbols)
    case .single(.sort(let sort)):
      return SortSchedule(group: group, sort: sort, target: target, tileWork: tileWork)
        .schedule(parameters: group.symbols)
    case .single(.attention(let attention)):
      return AttentionSchedule(group: group, attention: attention, target: target)
        .schedule(parameters: group.symbols)
    case .single: preconditionFailure("internal: a lowering without a schedule")
    }
    let analysis = GroupAnalysis(group, stages)
    if let winograd = WinogradSchedule(analysis, target: target) {
      return winograd.schedule(parameters: group.symbols)
    }
    if let contraction = ContractionSchedule(analysis, target: target, tileWork: tileWork) {
      return contraction.schedule(parameters: group.symbols)
    }
    if let windows = WindowSchedule(analysis, target: target, tileWork: tileWork) {
      return windows.schedule(parameters: group.symbols)
    }
    if let transposing = TransposingSchedule(analysis, target: target, tileWork: tileWork) {
      return transposing.schedule(parameters: group.symbols)
    }
    // Elementwise tiles share nothing, so they may be small: short kernels still find two threads.
    return ComputeSchedule(analysis: analysis, target: target, tileWork: max(1, tileWork / 4))
      .schedule(parameters: group.symbols)
  }
}
