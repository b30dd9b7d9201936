import CTenonKernels

/// The process's one team of threads, started when first asked for.
package enum ThreadTeam {
  /// The most threads that a run may ask for: the processors, and at least four.
  static let capacity: Int = Int(start(tenon_team_start))

  /// Lets the threads start beside what the caller does next; what needs them waits for them. For
  /// programs that are about to run a plan and do not fork: a forked child has no team.
  package static func begin() { start(tenon_team_begin) }

  private static func start<Result>(
    _ function: (Int32, UnsafePointer<Int32>?, Int32, Int32) -> Result
  ) -> Result {
    let limits = ProcessLimits.current
    let processors = limits.processors.map { Int32($0) }
    return function(
      Int32(max(4, limits.processors.count)), processors, Int32(processors.count),
      Int32(limits.concurrency))
  }
}
