import CTenonKernels

extension ThreadTeam {
  /// What each thread of a timed job does; one phase follows another.
  private final class Work {
    var phases: Int
    let threads: Int
    let body: (Int) -> Void

    init(_ phases: Int, _ threads: Int, _ body: @escaping (Int) -> Void) {
      (self.phases, self.threads, self.body) = (phases, threads, body)
    }

    static func of(_ context: UnsafeMutableRawPointer?) -> Work {
      Unmanaged<Work>.fromOpaque(context!).takeUnretainedValue()
    }
  }

  /// Nanoseconds that phases take in which each thread runs `body`, with its number, once; all
  /// threads end a phase before one begins the next.
  package static func nanoseconds(
    threads: Int, phases: Int, _ body: @escaping (_ thread: Int) -> Void
  ) -> Double {
    let threads = min(threads, capacity)
    let clock = ContinuousClock()
    let duration: Duration
    if threads < 2 {
      duration = clock.measure { for _ in 0..<phases { body(0) } }
    } else {
      let work = Work(phases, threads, body)
      duration = withExtendedLifetime(work) {
        var job = tenon_job(
          context: Unmanaged.passUnretained(work).toOpaque(),
          advance: { context, _ in
            let work = Work.of(context)
            guard work.phases > 0 else { return 0 }
            work.phases -= 1
            return Int64(work.threads)
          },
          share: { _, _ in 1 },
          chunk: { context, _, owner, _ in Work.of(context).body(Int(owner)) })
        return clock.measure { tenon_team_run(Int32(threads), &job) }
      }
    }
    return Double(duration.components.seconds) * 1e9
      + Double(duration.components.attoseconds) * 1e-9
  }
}
