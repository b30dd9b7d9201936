import TenonCodegen
import TenonGraph
import TenonPasses
import TenonRuntime
import TenonTensor

/// What tuning found.
public struct TuningReport: Sendable {
  /// A kernel that was measured, or had been.
  public struct Kernel: Sendable {
    public let entry: KernelTimings.Entry
    /// Steps that run it.
    public let uses: Int
    /// False where the timings given had it already.
    public let isNew: Bool

    /// Milliseconds by the cost model's schedule and by the chosen one; nil where the entry, pinned
    /// by somebody, does not tell.
    public var milliseconds: (model: Double, chosen: Double)? {
      guard let model = entry.milliseconds(of: entry.model),
        let chosen = entry.milliseconds(of: entry.schedule)
      else { return nil }
      return (model, chosen)
    }
  }

  /// The timings given with those of this graph's kernels.
  public let timings: KernelTimings
  /// In the order in which they first run.
  public let kernels: [Kernel]
}

/// Measures the schedules that a graph's kernels could have on this machine: for each matrix product
/// and convolution, the cost model's and some others, in turn. Another is chosen where its time is
/// less than 0.97 of the cost model's. Give the timings to `CompileOptions.timings`.
///
/// Kernels that `options.timings` has are not measured again.
///
/// - Parameter progress: told what is done, for people.
/// - Throws: `timings` for another machine's target or a backend without schedules; what `compile`
///   throws.
public func tune(
  _ graph: Graph, _ options: CompileOptions = CompileOptions(),
  progress: @escaping (String) -> Void = { _ in }
) throws -> TuningReport {
  guard options.backend == .native else { throw TenonError.portableTuning }
  let (work, target, _) = try optimized(graph, options)
  let host = Target.host()
  guard target.runs(on: host) else { throw TenonError.foreignTuning(target.name, host.name) }
  let backend = PlanBackend(graph: work, target: target, options: options)
  var tuner = Tuner(
    backend: backend, sites: try backend.tunableSites(), timings: options.timings,
    progress: progress)
  return try tuner.run()
}

/// A kernel that can be tuned, with how often the entries run it.
struct TunableSite {
  let kernel: TunableKernel
  let key: String
  let label: String
  var uses: Int
}

/// Measures sites: first blocks of registers, then tiles around the best, then that once more.
private struct Tuner {
  let backend: PlanBackend
  let sites: [TunableSite]
  var timings: KernelTimings
  let progress: (String) -> Void
  /// How much of the cost model's time another schedule may take.
  static let margin = 0.97

  mutating func run() throws -> TuningReport {
    let open = sites.filter { timings[$0.key] == nil }
    var entries = open.map { site in
      KernelTimings.Entry(
        kernel: site.key, label: site.label, choice: site.kernel.model,
        modelChoice: site.kernel.model)
    }
    try measure(open, &entries, "blocks") { $0.kernel.otherBlocks(than: $1) }
    try measure(open, &entries, "tiles") { $0.kernel.otherCuts(than: $1) }
    // The best of many was lucky perhaps.
    try measure(open, &entries, "again") { _, _ in [] }
    for entry in entries { timings.set(entry) }
    let new = Set(open.map(\.key))
    return TuningReport(
      timings: timings,
      kernels: sites.map {
        TuningReport.Kernel(
          entry: timings[$0.key]!, uses: $0.uses, isNew: new.contains($0.key))
      })
  }

  /// Measures the model's choice, the best so far and others than that, all kernels compiled
  /// together.
  private func measure(
    _ sites: [TunableSite], _ entries: inout [KernelTimings.Entry], _ stage: String,
    others: (TunableSite, ContractionChoice) -> [ContractionChoice]
  ) throws {
    let choices = zip(sites, entries).map { site, entry in
      var choices = [entry.modelChoice]
      if entry.choice != entry.modelChoice { choices.append(entry.choice) }
      return choices + others(site, entry.choice).filter { !choices.contains($0) }
    }
    progress("compiling \(choices.reduce(0) { $0 + $1.count }) candidates (\(stage))")
    let compiler = KernelCompiler(
      target: backend.target, cache: backend.options.cache(backend.options.warn))
    var kernels = try compiler.compile(
      zip(sites, choices).flatMap { site, choices in choices.map { site.kernel.packed(for: $0) } }
    )[...]
    let threads = backend.options.threads ?? ProcessLimits.current.concurrency
    let watch = KernelStopwatch(threads: threads)
    for (number, site) in sites.enumerated() {
      let own = Array(kernels.prefix(choices[number].count))
      kernels = kernels.dropFirst(own.count)
      progress("measuring \(number + 1) of \(sites.count) (\(stage)): \(site.label)")
      guard own.count > 1 else { continue }
      let times = try watch.times(of: own, isFixed: site.kernel.isFixed)
      entries[number].take(times, of: choices[number])
    }
  }
}

extension KernelTimings.Entry {
  /// Adds what was measured, the cost model's choice first, and chooses anew.
  fileprivate mutating func take(_ nanoseconds: [Double], of choices: [ContractionChoice]) {
    for (choice, time) in zip(choices, nanoseconds) {
      let rounded = time.rounded() / 1e6
      if let known = candidates.firstIndex(where: { $0.schedule == choice.description }) {
        candidates[known].milliseconds = rounded
      } else {
        candidates.append(
          KernelTimings.Candidate(schedule: choice.description, milliseconds: rounded))
      }
    }
    let best = nanoseconds.indices.min { nanoseconds[$0] < nanoseconds[$1] }!
    choice =
      nanoseconds[best] < nanoseconds[0] * Tuner.margin ? choices[best] : modelChoice
  }
}
