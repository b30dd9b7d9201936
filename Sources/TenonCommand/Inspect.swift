import ArgumentParser
import Tenon

/// `tenon inspect`: what the compiler did with a model, and why.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Shows what the compiler did with a model and why.",
    discussion: "Without options, prints the model's entries, variables and graph text.")

  @Argument(help: "The model: a .tenon or .onnx file.")
  var model: String

  @Option(help: ArgumentHelp("The entry to compile; all by default.", valueName: "NAME"))
  var entry: String?

  @OptionGroup var feeds: FeedOptions
  @OptionGroup var compilation: CompilationOptions

  @Flag(help: "Each pass: nodes before and after, time, rewrites with their reasons.")
  var passes = false

  @Option(help: ArgumentHelp("The graph text after a pass.", valueName: "PASS"))
  var after: String?

  @Flag(help: "Each kernel: user lines, shapes, FLOPs, bytes, schedule.")
  var kernels = false

  @Flag(help: "Each buffer: its lifetime and place, and the peak.")
  var memory = false

  @Flag(help: "Checks the graph after each pass and each edit on random values.")
  var verify = false

  func validate() throws {
    guard compilation.backend != .reference || !kernels && !memory else {
      throw ValidationError(
        "the reference backend has no kernels and plans no memory; give --backend native")
    }
  }

  func run() throws {
    let feeds = try self.feeds.read()
    let file = try ModelFile(path: model, feeds)
    guard passes || after != nil || kernels || memory else {
      print(file.graph.text())
      return
    }
    var options = try compilation.options()
    options.passes.verify = verify
    if let after {
      guard options.pipeline.names.contains(after) else {
        throw TenonError.unknownPassName(after, options.pipeline.names)
      }
      options.passes.dumpAfter = .after([after])
    }
    let report = try report(file, feeds, options)
    if kernels { print(PlanTables.kernels(report)) }
    if memory { print(PlanTables.memory(report)) }
    if passes { print(PassTable(report).text) }
    if let after {
      for pass in report.passes.passes where pass.name == after {
        print(pass.isUnchanged ? "(unchanged)" : pass.dump ?? "")
      }
    }
  }

  private func report(_ file: ModelFile, _ feeds: Feeds, _ options: CompileOptions) throws
    -> CompileReport
  {
    let entries = try entry.map { [try file.entry($0)] } ?? file.graph.entries
    var options = options
    options.entries = entries.map(\.name)
    options.sizes = try file.chosenSizes(entries, feeds)
    return try compileReport(file.graph, options)
  }
}
