import ArgumentParser
import FoundationEssentials
import Glibc
import Tenon
import TenonConformance

/// `tenon check`: runs standard test cases and compares.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Runs test cases of the ONNX format and compares their outputs.",
    discussion: """
      A case is a folder with model.onnx and test_data_set_N/{input,output}_K.pb; folders are \
      searched for them. Cases are imported for the shapes of their inputs, never for the declared \
      shapes of their outputs. The last line reads `N passed, M failed, K skipped`; the exit status \
      is 1 where a case failed.
      """)

  @Argument(help: ArgumentHelp("Folders of cases, or folders that hold some.", valueName: "PATH"))
  var paths: [String] = []

  @Option(help: ArgumentHelp("Where results are written as JSON.", valueName: "FILE"))
  var json: String?

  @Option(help: "How far an element may be from what is expected, relative to that.")
  var rtol: Double = 1e-3

  @Option(help: "How far an element may be from what is expected, on top of that.")
  var atol: Double = 1e-7

  @OptionGroup var compilation: CompilationOptions

  @Option(help: ArgumentHelp("Seconds that a case may take.", valueName: "SECONDS"))
  var timeLimit: Int = 60

  @Option(help: "Processes that check cases at a time; one for each processor by default.")
  var processes: Int?

  @Flag(help: .hidden) var worker = false

  func validate() throws {
    if paths.isEmpty && !worker { throw ValidationError("give a PATH of test cases") }
    if !(rtol >= 0) || !(atol >= 0) {
      throw ValidationError("--rtol and --atol must not be negative")
    }
    if timeLimit < 1 { throw ValidationError("--time-limit must be at least 1") }
    if let processes, processes < 1 { throw ValidationError("--processes must be at least 1") }
    try compilation.checkRunsHere()
  }

  func run() throws {
    let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let options = ConformanceOptions(
      compilation: try compilation.options(threads: 1),
      tolerance: ConformanceTolerance(relative: rtol, absolute: atol), secondsPerCase: timeLimit)
    if worker { return try ConformanceWorker.run(options) }
    let cases = try ConformanceCase.find(in: paths)
    let run = ConformanceRun(
      options,
      worker: [
        "/proc/self/exe", "check", "--worker", "--rtol", "\(rtol)", "--atol", "\(atol)",
        "--time-limit", "\(timeLimit)",
      ] + compilation.arguments, processes: processes ?? processors)
    let results = run.check(cases) { Console.progress("\($0) of \(cases.count) cases") }
    Console.endProgress()
    if let json { try AtomicFile.write(Array(results.json.utf8), to: json) }
    for result in results where result.outcome != .passed {
      let lines = result.reason.split(separator: "\n", omittingEmptySubsequences: true)
      print("\(result.outcome) \(result.name): \(lines.first ?? "")")
      for line in lines.dropFirst() { print("  \(line)") }
    }
    print(results.summary)
    if results.count(.failed) > 0 { throw ExitCode(1) }
  }
}
