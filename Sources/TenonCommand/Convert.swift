import ArgumentParser
import Tenon

/// `tenon convert`: a model in one form to another.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Converts a model between formats.")

  @Argument(help: "The model: a .tenon or .onnx file.")
  var model: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Where the result is written: .tenon, or .txt for graph text.", valueName: "FILE"))
  var output: String?

  @OptionGroup var feeds: FeedOptions

  @Flag(help: "Writes nothing; lists every operator of the model that is not supported.")
  var dryRun = false

  func validate() throws {
    guard dryRun != (output != nil) else {
      throw ValidationError("give -o FILE, or --dry-run to look only")
    }
  }

  func run() throws {
    guard let output else { return try reportUnsupported() }
    let file = try ModelFile(path: model, feeds.read())
    if output.hasSuffix(".tenon") {
      try file.graph.save(
        to: output,
        variables: file.graph.variables.compactMap { variable in
          file.variables[variable.name].map { (variable.name, $0) }
        })
    } else if output.hasSuffix(".txt") {
      try AtomicFile.write(Array((file.graph.text() + "\n").utf8), to: output)
    } else {
      throw TenonError.outputKind(output)
    }
    print("wrote \(output)")
  }

  /// - Throws: `unsupported-operators` where there are any.
  private func reportUnsupported() throws {
    if model.hasSuffix(".onnx") {
      let model = try ONNXModel(path: model)
      try model.checkOperators()
      print("all \(model.nodeCount) nodes are of supported operators")
    } else {
      _ = try ModelFile(path: model)
      print("the file is read as it is")
    }
  }
}

extension TenonError {
  static func outputKind(_ path: String) -> TenonError {
    TenonError("model-kind", "\(path): not a kind of file this command writes: .tenon or .txt")
  }
}
