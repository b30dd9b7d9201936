import ArgumentParser
import Tenon

/// `tenon run`: runs an entry of a model once.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a saved graph once.",
    discussion: """
      Each output is printed, or with --output-dir written as NAME.npy. Without inputs, says which \
      ones the model needs.
      """)

  @Argument(help: "The model: a .tenon file.")
  var model: String?

  @Option(
    help: ArgumentHelp(
      "A plan file to run in the place of a model: it is a program.", valueName: "FILE"))
  var plan: String?

  @OptionGroup var feeds: FeedOptions

  @Option(help: ArgumentHelp("The entry to run.", valueName: "NAME"))
  var entry: String?

  @Option(help: ArgumentHelp("Where outputs are written.", valueName: "DIR"))
  var outputDir: String?

  @Option(help: "Threads to use; all by default.")
  var threads: Int?

  @Option(help: "What runs it: native, portable or reference.")
  var backend: Backend = .native

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
    try PlanProgram.validate(model: model, plan: plan, entry: entry, feeds)
  }

  func run() throws {
    let (executable, results) = try plan.map(runPlan) ?? runModel(model!)
    for port in executable.outputs {
      let tensor = results[port.name]!
      if let outputDir {
        let path = "\(outputDir)/\(port.name).npy"
        try Npy.write(tensor, to: path)
        print("\(port.name) \(tensor.typeDescription) -> \(path)")
      } else {
        print("\(port.name) \(tensor)")
      }
    }
  }

  private func runModel(_ path: String) throws -> (any Executable, [String: Tensor]) {
    let file = try ModelFile(path: path)
    let entry = try file.entry(self.entry)
    let tensors = try feeds.tensors()
    let needed = file.inputs(entry)
    let missing = needed.map(\.name).filter { tensors[$0] == nil }
    guard missing.isEmpty else { throw TenonError.missingInputs(entry.name, missing, needed) }
    let sizes = try file.sizes(entry, given: feeds.sizes(), feeds: tensors)
    let program = try file.compiled(
      entry, sizes: sizes, options: CompileOptions(backend: backend, threads: threads))
    let results = try program.run(entry.name, tensors)
    return (try program.entry(entry.name), results)
  }

  private func runPlan(_ path: String) throws -> (any Executable, [String: Tensor]) {
    let executable = try PlanProgram.load(path, threads: threads)
    let tensors = try feeds.tensors()
    try PlanProgram.check(tensors, for: executable)
    return (executable, try executable.run(tensors))
  }
}

extension Backend: ExpressibleByArgument {}
