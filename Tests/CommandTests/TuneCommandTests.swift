import Glibc
import TenonCompiler
import TenonFormats
import TenonGraph
import TenonOps
import TenonTensor
import Testing

@testable import TenonCodegen

/// `tenon compile --tune` and `--timings`, as processes.
@Suite struct TuneCommandTests {
  private let command: CommandFolder

  init() throws {
    command = try CommandFolder()
    let graph = Graph("small")
    let x = try graph.input("x", .f32, [32, 48])
    let weights = try graph.constant(
      Tensor((0..<48 * 64).map { Float($0 % 7) }, shape: [48, 64]))
    try graph.output("y", try matmul(x, weights))
    try graph.save(to: "\(command.path)/small.tenon")
  }

  /// Where clang is, and a cache of the test's own.
  private var variables: String {
    "PATH='\(String(cString: getenv("PATH")))' TENON_CACHE=\(command.path)/cache"
  }

  @Test func timingsAreWrittenAndFollowed() throws {
    defer { command.remove() }
    let tuned = command.tenon("compile small.tenon -o a.plan --tune --timings t.json", variables)
    #expect(tuned.ending == .exited(0))
    let lines = tuned.output.split(separator: "\n")
    #expect(lines.count == 5)
    #expect(
      lines[0].split(separator: " ")
        == ["kernel", "steps", "model", "ms", "chosen", "ms", "gain", "schedule"])
    #expect(lines[1].hasPrefix("dot_general "))
    #expect(lines[2].hasPrefix("1 kernels measured; together "))
    #expect(lines.suffix(2) == ["wrote t.json", "wrote a.plan"])

    let written = try command.bytes("t.json")
    let again = command.tenon("compile small.tenon -o b.plan --tune --timings t.json", variables)
    #expect(again.output.contains("0 kernels measured, 1 from the file; together "))
    #expect(try command.bytes("t.json") == written)
    let followed = command.tenon("compile small.tenon -o c.plan --timings t.json", variables)
    #expect(followed.output == "wrote c.plan\n")
    #expect(try command.bytes("a.plan") == command.bytes("b.plan"))
    #expect(try command.bytes("a.plan") == command.bytes("c.plan"))
    let shown = command.tenon("inspect small.tenon --kernels --timings t.json", variables)
    #expect(shown.output.contains("; measured: "))
    let bench = command.tenon("bench small.tenon --seconds 0.01 --timings t.json --json", variables)
    #expect(bench.ending == .exited(0))
  }

  @Test func wrongTimingsAreRefused() throws {
    defer { command.remove() }
    try AtomicFile.write(Array("{}".utf8), to: command.file("t.json"))
    for arguments in ["compile small.tenon -o a.plan --tune", "compile small.tenon -o a.plan"] {
      let outcome = command.tenon("\(arguments) --timings t.json", variables)
      #expect(outcome.ending == .exited(1))
      #expect(
        outcome.output == "tenon: t.json: the file holds no timings: its \"format\" is not "
          + "\"tenon timings\"\n")
    }
    #expect(access(command.file("a.plan"), F_OK) != 0)
    let portable = command.tenon("compile small.tenon -o a.plan --tune --backend portable")
    #expect(portable.ending == .exited(64))
    #expect(portable.output.contains("--tune goes with native kernels only"))
    let plan = command.tenon("run --plan a.plan --timings t.json")
    #expect(plan.ending == .exited(64))
    #expect(plan.output.contains("--timings are fixed when a plan is compiled"))
  }
}
