import Glibc
import TenonCompiler
import TenonFormats
import TenonGraph
import TenonOps
import TenonTensor
import Testing

@testable import TenonCodegen

/// `tenon compile`, and plans run by `tenon run --plan` and `tenon bench --plan`, as processes.
@Suite struct CompileCommandTests {
  private let folder: String

  init() throws {
    var template = Array("/tmp/tenon-command-XXXXXX".utf8CString)
    folder = String(cString: mkdtemp(&template)!)
    let graph = Graph("small")
    let batch = Dimension(.bound("batch"))
    let x = try graph.input("x", .f32, Shape([batch, 3]))
    try graph.output("y", softmax(x + x))
    try graph.save(to: "\(folder)/small.tenon")
    try Npy.write(
      Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [2, 3]), to: "\(folder)/x.npy")
  }

  /// The command beside the tests' program, run in the folder with no variables but those given,
  /// until it fails or has run so many times.
  private func tenon(
    _ arguments: String, _ variables: String = "", times: Int = 1
  ) -> ChildProcess.Outcome {
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    let program = String(
      decoding: path[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let beside = program.split(separator: "/").dropLast().map { "/\($0)" }.joined()
    return ChildProcess.run(
      [
        ChildProcess.Job(
          program: "/bin/sh",
          arguments: [
            "-c",
            "cd \(folder); for i in $(seq \(times)); do "
              + "env -i \(variables) \(beside)/tenon \(arguments) || exit; done",
          ])
      ], atOnce: 1, timeLimit: 300)[0]
  }

  /// Where clang is.
  private var path: String { "PATH='\(String(cString: getenv("PATH")))'" }

  private func bytes(_ name: String) throws -> [UInt8] {
    let source = try ByteSource(path: "\(folder)/\(name)")
    return try source.copy(0..<source.count)
  }

  private func remove() {
    _ = ChildProcess.run(
      [ChildProcess.Job(program: "/bin/rm", arguments: ["-rf", folder])], atOnce: 1)
  }

  @Test func twoProcessesWriteTheSameBytesThatRunWithoutClang() throws {
    defer { remove() }
    for name in ["one", "two"] {
      let outcome = tenon(
        "compile small.tenon -o \(name).plan --dim batch=2 --input x=x.npy --keep-c \(name)",
        "\(path) TENON_CACHE=\(folder)/cache-\(name)")
      #expect(outcome.ending == .exited(0))
      #expect(outcome.output.hasPrefix("wrote \(name).plan\nwrote "))
    }
    #expect(try bytes("one.plan") == bytes("two.plan"))
    let run = tenon("run --plan one.plan --input x=x.npy")
    let model = tenon(
      "run small.tenon --input x=x.npy", "\(path) TENON_CACHE=\(folder)/cache-one")
    #expect(run.ending == .exited(0))
    #expect(run.output.hasPrefix("y f32[2, 3]"))
    #expect(run == model)
    let bench = tenon("bench --plan one.plan --seconds 0.01 --json")
    #expect(bench.ending == .exited(0))
    #expect(bench.output.hasPrefix("{\"median_ms\": "))
  }

  /// A process may end while its team's threads still start.
  @Test func processesThatEndAtOnceEndWell() throws {
    defer { remove() }
    #expect(tenon("compile small.tenon -o small.plan --dim batch=2", path).ending == .exited(0))
    let outcome = tenon("run --plan small.plan --input x=x.npy", times: 100)
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output.split(separator: "\n").count == 200)
  }

  @Test func refusals() throws {
    defer { remove() }
    #expect(
      tenon("run one.plan")
        == .init(
          ending: .exited(1),
          output: "tenon: one.plan: a plan file is a program with machine code of its own; to run "
            + "it, ask for it: --plan one.plan\n"))
    #expect(
      tenon("compile small.tenon -o small.bin --dim batch=2")
        == .init(
          ending: .exited(1),
          output: "tenon: small.bin: the name of a plan file must end in .plan\n"))
    #expect(
      tenon("run --plan small.tenon")
        == .init(
          ending: .exited(1),
          output: "tenon: plan file: it holds no plan: its metadata lack `tenon.plan-format`\n"
            + "  while loading small.tenon\n"))
    let both = tenon("run small.tenon --plan one.plan")
    #expect(both.ending == .exited(64))
    #expect(both.output.hasPrefix("Error: give a MODEL or --plan FILE, not both\n"))
    let neither = tenon("bench")
    #expect(neither.ending == .exited(64))
    #expect(neither.output.hasPrefix("Error: give a MODEL, or a plan with --plan FILE\n"))
  }
}
