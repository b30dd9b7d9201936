import ArgumentParser
import Glibc
import Tenon

/// `tenon doctor`: what this machine offers.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what this machine offers and whether Tenon can use it.")

  func run() throws {
    for line in MachineReport.current.lines { print(line) }
  }
}
