import Glibc
import TenonCodegen
import TenonTensor

/// Checks many cases in processes of their own, so that one that crashes or hangs fails alone.
public struct ConformanceRun {
  public var options: ConformanceOptions
  /// The program and arguments that start a worker, which calls `ConformanceWorker.run`.
  public var worker: [String]
  /// Workers at a time.
  public var processes: Int

  public init(_ options: ConformanceOptions, worker: [String], processes: Int) {
    self.options = options
    self.worker = worker
    self.processes = max(1, processes)
  }

  /// The results of cases, in their order. `progress` is told how many are done.
  public func check(
    _ cases: [ConformanceCase], progress: (Int) -> Void = { _ in }
  ) -> [ConformanceResult] {
    var results: [ConformanceResult?] = cases.map { _ in nil }
    var chunks = self.chunks(Array(cases.indices), of: max(1, options.casesTogether))
    var done = 0
    while !chunks.isEmpty {
      var again: [[Int]] = []
      let jobs = chunks.map { chunk in
        ChildProcess.Job(
          program: worker[0], arguments: Array(worker.dropFirst()),
          input: ConformanceWorker.input(chunk.map { cases[$0] }))
      }
      // A worker ends itself; this is for one that cannot.
      let limit = 600 + 2 * options.secondsPerCase * options.casesTogether
      _ = ChildProcess.run(jobs, atOnce: processes, timeLimit: limit) { number, outcome in
        let chunk = chunks[number]
        let account = ConformanceWorker.Account(outcome.output, chunk.map { cases[$0] })
        for (place, result) in account.results { results[chunk[place]] = result }
        var open = chunk.filter { results[$0] == nil }
        if !open.isEmpty {
          // Where nobody else is to blame, the first case is.
          let isAlone = open.count == 1
          if let blamed = account.current.map({ chunk[$0] }) ?? (isAlone ? open[0] : nil) {
            results[blamed] = ConformanceResult(
              name: cases[blamed].name, .failed, reason: reason(outcome, account))
            open.removeAll { $0 == blamed }
          }
          again += self.chunks(open, of: max(1, (open.count + 3) / 4))
        }
        done = results.reduce(0) { $0 + ($1 == nil ? 0 : 1) }
        progress(done)
      }
      chunks = again
    }
    return results.map { $0! }
  }

  private func chunks(_ numbers: [Int], of size: Int) -> [[Int]] {
    stride(from: 0, to: numbers.count, by: size).map { start in
      Array(numbers[start..<min(numbers.count, start + size)])
    }
  }

  private func reason(
    _ outcome: ChildProcess.Outcome, _ account: ConformanceWorker.Account
  ) -> String {
    let words = account.lastWords.isEmpty ? "" : ": \(account.lastWords)"
    switch outcome.ending {
    case .killed(SIGALRM): return "took longer than \(options.secondsPerCase) s"
    case .timedOut: return "the process that checks it hung"
    case .killed(let signal): return "crashed with signal \(signal)\(words)"
    case .exited(let status):
      return "the process that checks it ended with status \(status)\(words)"
    case .notStarted(let reason): return "the process that checks it did not start: \(reason)"
    }
  }
}
