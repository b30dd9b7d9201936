import ArgumentParser
import Glibc
import Tenon

/// `tenon run`: runs an entry of a model once.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a model once.",
    discussion: """
      Each output is printed, or with --output-dir written as NAME.npy. Without inputs, says which \
      ones the model needs.
      """)

  @OptionGroup var execution: ExecutionOptions

  @Option(help: ArgumentHelp("Where outputs are written.", valueName: "DIR"))
  var outputDir: String?

  @Option(
    help: ArgumentHelp(
      "Seconds that the run may take, checked between steps.", valueName: "SECONDS"))
  var timeLimit: Double?

  func validate() throws {
    if let timeLimit, !(timeLimit > 0) { throw ValidationError("--time-limit must be over 0") }
  }

  func run() throws {
    let (executable, results) = try runPlan() ?? runModel()
    if let outputDir { mkdir(outputDir, 0o777) }
    for port in executable.outputs {
      let tensor = results[port.name]!
      if let outputDir {
        let path = "\(outputDir)/\(Run.fileName(port.name)).npy"
        try Npy.write(tensor, to: path)
        print("\(port.name) \(tensor.typeDescription) -> \(path)")
      } else {
        print("\(port.name) \(tensor)")
      }
    }
  }

  /// An output's name as that of a file in the folder: a model's names may have any characters.
  private static func fileName(_ name: String) -> String {
    let plain = name.replacing("/", with: "_")
    return plain.hasPrefix(".") ? "_" + plain : plain
  }

  private func runModel() throws -> (any Executable, [String: Tensor]) {
    let feeds = try execution.feeds.read()
    let file = try ModelFile(path: execution.model!, feeds)
    let entry = try file.entry(execution.entry)
    let tensors = file.inputs(of: feeds)
    try check(tensors, entry: entry.name, file.inputs(entry))
    let sizes = try file.sizes(entry, feeds)
    let program = try file.compiled(entry, sizes: sizes, options: execution.compileOptions())
    let results = try program.run(entry.name, tensors, options: options)
    return (try program.entry(entry.name), results)
  }

  private func runPlan() throws -> (any Executable, [String: Tensor])? {
    guard let executable = try execution.loadedPlan() else { return nil }
    let tensors = try execution.feeds.read().tensors
    try check(
      tensors, entry: executable.name,
      executable.inputs.map { ($0.name, TensorType($0.elementType, $0.shape)) })
    return (executable, try executable.run(tensors, options: options))
  }

  /// - Throws: `feed` with all inputs needed where one is missing.
  private func check(
    _ tensors: [String: Tensor], entry: String, _ needed: [(name: String, type: TensorType)]
  ) throws {
    let missing = needed.map(\.name).filter { tensors[$0] == nil }
    guard missing.isEmpty else { throw TenonError.missingInputs(entry, missing, needed) }
  }

  private var options: RunOptions {
    RunOptions(timeLimit: timeLimit.map { .seconds(min($0, 1e9)) })
  }
}
