import ArgumentParser
import Glibc
import Tenon

/// `tenon bench`: how long a model takes.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures latency, compile time, first run and memory of a model.",
    discussion: "Inputs that no file gives are random.")

  @OptionGroup var execution: ExecutionOptions

  @Option(help: "Seconds to run for.")
  var seconds: Double = 2

  @Flag(help: "Prints the figures as JSON.")
  var json = false

  @Flag(
    help: ArgumentHelp(
      "Prints READY when warm, then for each line S on standard input runs for S seconds and "
        + "prints a JSON array of milliseconds, one for each run."))
  var serve = false

  @Flag(
    help: ArgumentHelp(
      "Prints where the time goes: a row for each kind of step, with the threads that worked on it "
        + "and the work it did a nanosecond; beside the machine's peak where `tenon doctor "
        + "--measure` was run."))
  var profile = false

  func validate() throws {
    guard !(profile && (json || serve)) else {
      throw ValidationError("--profile goes with neither --json nor --serve")
    }
    guard seconds > 0, seconds < 86_400 else {
      throw ValidationError("--seconds must lie between 0 and 86400")
    }
  }

  func run() throws {
    let (executable, given, load, compile) = try prepared(execution.feeds.read())
    var tensors = given
    for port in executable.inputs where tensors[port.name] == nil {
      tensors[port.name] = try RandomInputs.tensor(port)
    }
    let inputs = tensors
    func once() throws -> Double {
      let start = ContinuousClock().now
      _ = try executable.run(inputs)
      return milliseconds(since: start)
    }
    let first = try once()
    if serve { return try answer(once) }
    var times = try samples(seconds / 10, once)
    if profile {
      _ = try samples(seconds) {
        _ = try executable.run(inputs, options: RunOptions(profile: true))
        return 0
      }
      print(ProfileTable.text(executable.report, .stored))
      return
    }
    times = try samples(seconds, once)
    let figures = Figures(
      times: times, compile: compile, load: load, first: first, report: executable.report)
    print(json ? figures.json : figures.table)
  }

  /// What is to be run, with the milliseconds that loading and compiling took.
  private func prepared(_ feeds: Feeds) throws -> (
    executable: any Executable, inputs: [String: Tensor], load: Double, compile: Double
  ) {
    let clock = ContinuousClock()
    var start = clock.now
    if let executable = try execution.loadedPlan() {
      return (executable, feeds.tensors, milliseconds(since: start), 0)
    }
    let file = try ModelFile(path: execution.model!, feeds)
    let entry = try file.entry(execution.entry)
    let load = milliseconds(since: start)
    start = clock.now
    let sizes = try file.chosenSizes([entry], feeds)
    let program = try file.compiled(entry, sizes: sizes, options: execution.compileOptions())
    let compile = milliseconds(since: start)
    let executable = try program.entry(entry.name)
    if !executable.variables.isEmpty && entry.name != "initialize" { try program.initialize() }
    return (executable, file.inputs(of: feeds), load, compile)
  }

  /// Runs for a while; milliseconds of each run, at least one.
  private func samples(_ seconds: Double, _ once: () throws -> Double) throws -> [Double] {
    let start = ContinuousClock().now
    var times: [Double] = []
    repeat { times.append(try once()) } while milliseconds(since: start) < seconds * 1000
    return times
  }

  private func answer(_ once: () throws -> Double) throws {
    _ = try samples(0.2, once)
    Console.say("READY")
    while let line = readLine() {
      guard let seconds = Double(line), seconds >= 0, seconds < 86_400 else {
        throw TenonError("serve", "bench --serve: expected seconds on a line, given \"\(line)\"")
      }
      let times = try samples(seconds, once)
      Console.say("[" + times.map { "\($0)" }.joined(separator: ",") + "]")
    }
  }

  private func milliseconds(since start: ContinuousClock.Instant) -> Double {
    let duration = start.duration(to: ContinuousClock().now).components
    return Double(duration.seconds) * 1e3 + Double(duration.attoseconds) * 1e-15
  }
}

extension Bench {
  /// What was measured.
  struct Figures {
    let times: [Double]
    let compile: Double
    let load: Double
    let first: Double
    let report: ExecutionReport

    /// The time that a share of the runs stayed under.
    func percentile(_ share: Double) -> Double {
      let sorted = times.sorted()
      return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    /// The largest resident size of this process so far.
    var peakResidentBytes: Int {
      var usage = rusage()
      getrusage(0, &usage)  // RUSAGE_SELF
      return usage.ru_maxrss * 1024
    }

    var rows: [(name: String, text: String)] {
      [
        ("median_ms", "\(percentile(0.5))"), ("p10_ms", "\(percentile(0.1))"),
        ("p90_ms", "\(percentile(0.9))"), ("compile_s", "\(compile / 1000)"),
        ("load_s", "\(load / 1000)"), ("first_ms", "\(first)"),
        ("arena_bytes", "\(report.memory.arena + report.memory.scratch)"),
        ("peak_rss_bytes", "\(peakResidentBytes)"), ("threads", "\(report.threads)"),
      ]
    }

    var json: String {
      "{" + rows.map { "\"\($0.name)\": \($0.text)" }.joined(separator: ", ") + "}"
    }

    var table: String {
      Console.table(rows.map { [$0.name, $0.text] }) + "\nruns       \(times.count)"
    }
  }
}

/// Inputs for measuring: numbers in -1 … 1 for floats, small counts for integers.
enum RandomInputs {
  static func tensor(_ port: PlanPort) throws -> Tensor {
    let sizes = port.shape.map { $0.evaluated { $0.maximum } ?? 1 }
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
    let count = sizes.reduce(1, *)
    if port.elementType.isFloat {
      return try Tensor(
        port.elementType, shape: sizes, doubles: (0..<count).map { _ in next() * 2 - 1 })
    }
    return try Tensor(
      port.elementType, shape: sizes, integers: (0..<count).map { _ in Int64(next() * 2) })
  }
}
