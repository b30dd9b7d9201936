import ArgumentParser

@main
struct TenonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenon", abstract: "Compiles, runs and explains tensor graphs.")
}
