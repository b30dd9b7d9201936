import ArgumentParser
import Glibc
import Tenon

@main
struct TenonCommand: ParsableCommand {
  // Without their names the commands' types are asked for theirs, a millisecond of every start.
  static let configuration = CommandConfiguration(
    commandName: "tenon", abstract: "Compiles, runs and explains tensor graphs.",
    subcommands: [
      Run.self, Check.self, Inspect.self, Bench.self, Compile.self, Convert.self, Quantize.self,
      Ops.self, Passes.self, Doctor.self,
    ])

  /// A `TenonError` is printed as it is, with exit status 1; misuse of the command line, with its
  /// usage, exits with 64.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as TenonError {
      Console.fail(error)
      Glibc.exit(1)
    } catch {
      exit(withError: error)
    }
  }
}
