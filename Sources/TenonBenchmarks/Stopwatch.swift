import Glibc

/// Wall-clock times of repeated work.
enum Stopwatch {
  /// Milliseconds that `body` takes.
  static func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let duration = try clock.measure(body).components
    return Double(duration.seconds) * 1e3 + Double(duration.attoseconds) * 1e-15
  }

  /// The median of a few.
  static func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

  /// `12.3 ms`, `4.56 s`.
  static func text(_ milliseconds: Double) -> String {
    milliseconds >= 1000
      ? "\((milliseconds / 10).rounded() / 100) s" : "\((milliseconds * 10).rounded() / 10) ms"
  }
}

/// Page faults of this process that needed no disk.
func minorFaults() -> Int {
  var usage = rusage()
  getrusage(0, &usage)  // RUSAGE_SELF
  return usage.ru_minflt
}
