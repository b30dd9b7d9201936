import ArgumentParser
import Tenon

/// `tenon convert`: a model in one form to another.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Converts a model between formats.")

  @Argument(help: "The model: a .tenon file.")
  var model: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Where the result is written: .tenon, or .txt for graph text.", valueName: "FILE"))
  var output: String

  func run() throws {
    let file = try ModelFile(path: model)
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
}

extension TenonError {
  static func outputKind(_ path: String) -> TenonError {
    TenonError("model-kind", "\(path): not a kind of file this command writes: .tenon or .txt")
  }
}
