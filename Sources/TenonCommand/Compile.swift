import ArgumentParser
import Glibc
import Tenon

/// `tenon compile`: a plan file that starts without compiling.
struct Compile: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile", abstract: "Compiles an entry of a model to a plan file.",
    discussion: """
      The plan runs without a compiler: tenon run --plan FILE. It holds machine code, so it is a \
      program; run only plans that you trust.
      """)

  @Argument(help: "The model: a .tenon or .onnx file.")
  var model: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Where the plan is written.", valueName: "FILE"))
  var output: String

  @Option(help: ArgumentHelp("The entry to compile.", valueName: "NAME"))
  var entry: String?

  @OptionGroup var compilation: CompilationOptions

  @Flag(
    help: """
      Measures schedules of matrix products and convolutions on this machine, takes the best, and \
      keeps them with their times in the file of --timings.
      """)
  var tune = false

  @Option(
    name: .customLong("keep-c"),
    help: ArgumentHelp(
      "Where each kernel is written as a C file that runs and checks itself alone.",
      valueName: "DIR"))
  var keptSources: String?

  @OptionGroup var feeds: FeedOptions

  func validate() throws {
    guard compilation.backend != .reference else {
      throw ValidationError("--backend must be native or portable: the reference has no plans")
    }
    guard compilation.backend == .native || keptSources == nil else {
      throw ValidationError("--keep-c goes with native kernels only")
    }
    guard compilation.backend == .native || !tune else {
      throw ValidationError("--tune goes with native kernels only")
    }
    if tune { try compilation.checkRunsHere() }
  }

  func run() throws {
    guard output.hasSuffix(".plan") else { throw TenonError.planEnding(output) }
    let feeds = try self.feeds.read()
    let file = try ModelFile(path: model, feeds)
    let entry = try file.entry(self.entry)
    var options = try compilation.options(tunes: tune)
    options.sizes = try file.sizes(entry, feeds)
    options.frozen = file.variables
    let compiled = try compilePlan(
      file.graph, entry: entry.name, options, tunes: tune, progress: Console.progress)
    Console.endProgress()
    let inputs = file.inputs(of: feeds)
    let kernels = try keptSources.map { _ in try compiled.standaloneKernels(inputs: inputs) }
    if let tuning = compiled.tuning {
      print(TuningTable(tuning).text)
      if let path = compilation.timings {
        try tuning.timings.write(to: path)
        print("wrote \(path)")
      }
    }
    try compiled.file.write(to: output)
    print("wrote \(output)")
    if let keptSources, let kernels {
      mkdir(keptSources, 0o777)
      for kernel in kernels {
        try AtomicFile.write(Array(kernel.source.utf8), to: "\(keptSources)/\(kernel.fileName)")
      }
      print("wrote \(kernels.count) C files to \(keptSources)")
    }
  }
}

extension TenonError {
  static func planEnding(_ path: String) -> TenonError {
    TenonError("model-kind", "\(path): the name of a plan file must end in .plan")
  }

  static func planAsModel(_ path: String) -> TenonError {
    TenonError(
      "model-kind",
      "\(path): a plan file is a program with machine code of its own; to run it, ask for it: "
        + "--plan \(path)")
  }
}
