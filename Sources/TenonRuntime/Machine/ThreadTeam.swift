import CTenonKernels

/// The process's one team of threads, started when first asked for.
package enum ThreadTeam {
  /// The most threads that a run may ask for: the processors, and at least four.
  static let capacity: Int = {
    let limits = ProcessLimits.current
    let processors = limits.processors.map { Int32($0) }
    return Int(
      tenon_team_start(
        Int32(max(4, limits.processors.count)), processors, Int32(processors.count),
        Int32(limits.concurrency)))
  }()
}
