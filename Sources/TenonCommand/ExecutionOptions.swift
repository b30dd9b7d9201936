import ArgumentParser
import Tenon

/// What is run and how: shared by the subcommands that run a model or a plan.
struct ExecutionOptions: ParsableArguments {
  @Argument(help: "The model: a .tenon or .onnx file.")
  var model: String?

  @Option(
    help: ArgumentHelp(
      "A plan file to run in the place of a model: it is a program.", valueName: "FILE"))
  var plan: String?

  @OptionGroup var feeds: FeedOptions

  @Option(help: ArgumentHelp("The entry to run.", valueName: "NAME"))
  var entry: String?

  @Option(help: "Threads to use; all by default.")
  var threads: Int?

  @OptionGroup var compilation: CompilationOptions

  /// Refuses a command line with a model and a plan, with neither, or with a choice that a plan
  /// leaves none of.
  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
    switch (model, plan) {
    case (nil, nil): throw ValidationError("give a MODEL, or a plan with --plan FILE")
    case (.some, .some): throw ValidationError("give a MODEL or --plan FILE, not both")
    case (nil, .some) where entry != nil || (feeds.dimensions + feeds.maximumDimensions).count > 0:
      throw ValidationError("--entry, --dim and --max-dim are fixed when a plan is compiled")
    case (nil, .some) where compilation.target != nil:
      throw ValidationError("--target is fixed when a plan is compiled")
    case (nil, .some) where compilation.timings != nil:
      throw ValidationError("--timings are fixed when a plan is compiled")
    default: try compilation.checkRunsHere()
    }
  }

  /// The plan's machine code, loaded; nil where a model is run.
  func loadedPlan() throws -> (any Executable)? {
    guard let plan else { return nil }
    if threads != 1 { ThreadTeam.begin() }
    return try PlanFile.load(path: plan).executable(threads: threads)
  }

  /// How a model is compiled.
  ///
  /// - Throws: what reading timings throws.
  func compileOptions() throws -> CompileOptions { try compilation.options(threads: threads) }
}
