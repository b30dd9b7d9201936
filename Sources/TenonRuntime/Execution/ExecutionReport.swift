import CTenonKernels
import TenonTensor

/// What a session's memory is and where its profiled runs spent their time.
public struct ExecutionReport: Sendable {
  /// One step of the plan, outer steps before those inside them.
  public struct StepTime: Sendable {
    public var label: String
    public var origins: String
    /// The work of one execution at the maximum of running sizes; nil where it has no bound.
    public var flops: Int?
    public var bytes: Int?
    /// Times the step was executed in the profiled runs.
    public var runs: Int
    /// Nanoseconds that threads spent in it, all threads together.
    public var busyNanoseconds: Int
    /// Nanoseconds from its beginnings to its ends; steps that run side by side share them as the
    /// threads shared their time.
    public var elapsedNanoseconds: Int
  }

  public var plan: String
  public var threads: Int
  public var memory: MemoryReport
  /// Runs timed since the session was made.
  public var profiledRuns: Int
  /// Nanoseconds of these runs together.
  public var elapsedNanoseconds: Int
  public var steps: [StepTime]

  /// The report of something that has no plan: no memory of its own, no steps.
  public init(name: String, threads: Int) {
    plan = name
    self.threads = threads
    memory = MemoryReport(arena: 0, scratch: 0, outputs: 0, prepared: 0, variables: 0)
    profiledRuns = 0
    elapsedNanoseconds = 0
    steps = []
  }

  init(_ loaded: LoadedPlan, threads: Int) {
    plan = loaded.plan.name
    self.threads = threads
    memory = loaded.memory(threads: threads)
    profiledRuns = 0
    elapsedNanoseconds = 0
    steps = loaded.main.steps.map { step in
      StepTime(
        label: step.label, origins: step.origins, flops: step.cost.flops.upperBound,
        bytes: step.cost.bytes.upperBound, runs: 0, busyNanoseconds: 0, elapsedNanoseconds: 0)
    }
  }

  /// Adds the times of one run on `threads` threads.
  mutating func add(
    _ times: UnsafePointer<tenon_step_time>, threads: Int, elapsedNanoseconds: Int
  ) {
    profiledRuns += 1
    self.elapsedNanoseconds += elapsedNanoseconds
    for index in steps.indices {
      for thread in 0..<threads {
        steps[index].busyNanoseconds += Int(times[thread * steps.count + index].busy)
      }
      let whole = times[threads * steps.count + index]
      steps[index].elapsedNanoseconds += Int(whole.elapsed)
      steps[index].runs += Int(whole.runs)
    }
  }
}
