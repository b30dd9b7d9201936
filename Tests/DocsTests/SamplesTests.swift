import Foundation
import TenonTestKit
import Testing

/// The samples print what their pages say.
@Suite struct SamplesTests {
  /// The programs that are built with the tests.
  private static let programs = URL(
    fileURLWithPath: try! FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  ).deletingLastPathComponent()

  private func output(_ program: String, _ arguments: [String] = []) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = SamplesTests.programs.appendingPathComponent(program)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }

  @Test(
    arguments: ["01-HelloGraph", "03-WriteAnOp", "04-WriteAPass", "05-DebugAGraph", "06-RunONNX"])
  func theOutputIsWhatThePageSays(_ sample: String) throws {
    let page = try PackageFiles.text("Samples/\(sample)/README.md")
    let block = try #require(page.firstMatch(of: #/(?s)It prints\n\n```\n(.*?)```/#))
    #expect(try output(String(sample.dropFirst(3))) == String(block.1))
  }

  @Test func digitsAreLearned() throws {
    let lines = try output("TrainDigits").split(separator: "\n")
    let pattern = #/test accuracy: ([0-9.]+) \(\d+ of 599\)/#
    let accuracies = lines.compactMap { $0.wholeMatch(of: pattern).flatMap { Double($0.1) } }
    #expect(lines.count == 21)
    #expect(accuracies.count == 1 && accuracies[0] >= 0.98)
  }

  @Test func wrongArgumentsOfDigitsAreRefused() throws {
    let refusal = try output("TrainDigits", ["--backend", "fast"])
    #expect(
      refusal.hasPrefix("Error: The value 'fast' is invalid for '--backend <backend>'."),
      "\(refusal)")
    #expect(
      try output("TrainDigits", ["--epochs", "0"])
        .hasPrefix("Error: --epochs must be at least 1, not 0\n"))
  }

  @Test func theReadmeExampleLearns() throws {
    var lines: [String] = []
    try readmeExample { lines.append("\($0)") }
    #expect(lines.count == 101)
    #expect(lines[99].hasPrefix("f32[] 0.006"), "\(lines[99])")
  }
}
