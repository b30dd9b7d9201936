import ArgumentParser
import Glibc
import Tenon

/// `tenon doctor`: what this machine offers.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Says what this machine offers and whether Tenon can use it.")

  @Flag(help: "Measures peak, memory stream and barrier; compilations use them from then on.")
  var measure = false

  func run() throws {
    let speed = measure ? try MachineSpeed.measure() : MachineSpeed.stored
    for line in MachineReport.current(speed).lines { print(line) }
  }
}
