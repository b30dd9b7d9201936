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
  private let command: CommandFolder
  private var folder: String { command.path }

  init() throws {
    command = try CommandFolder()
    let graph = Graph("small")
    let batch = Dimension(.bound("batch"))
    let x = try graph.input("x", .f32, Shape([batch, 3]))
    try graph.output("y", softmax(x + x))
    try graph.save(to: "\(folder)/small.tenon")
    try Npy.write(
      Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [2, 3]), to: "\(folder)/x.npy")
  }

  private func tenon(
    _ arguments: String, _ variables: String = "", times: Int = 1
  ) -> ChildProcess.Outcome {
    command.tenon(arguments, variables, times: times)
  }

  /// Where clang is.
  private var path: String { "PATH='\(String(cString: getenv("PATH")))'" }

  @Test func twoProcessesWriteTheSameBytesThatRunWithoutClang() throws {
    defer { command.remove() }
    for name in ["one", "two"] {
      let outcome = tenon(
        "compile small.tenon -o \(name).plan --dim batch=2 --input x=x.npy --keep-c \(name)",
        "\(path) TENON_CACHE=\(folder)/cache-\(name)")
      #expect(outcome.ending == .exited(0))
      #expect(outcome.output.hasPrefix("wrote \(name).plan\nwrote "))
    }
    #expect(try command.bytes("one.plan") == command.bytes("two.plan"))
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
    defer { command.remove() }
    #expect(tenon("compile small.tenon -o small.plan --dim batch=2", path).ending == .exited(0))
    let outcome = tenon("run --plan small.plan --input x=x.npy", times: 100)
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output.split(separator: "\n").count == 200)
  }

  /// A plan for aarch64 needs no machine of that family, nor an emulator.
  @Test(
    .enabled(
      if: Target(.neon).counterpart(on: .host()) != nil,
      "needs a machine of x86-64-v3 or newer"))
  func plansForAnotherMachine() throws {
    defer { command.remove() }
    let cache = "\(path) TENON_CACHE=\(folder)/cache"
    let outcome = tenon(
      "compile small.tenon -o arm.plan --dim batch=2 --input x=x.npy --target aarch64 --keep-c arm",
      cache)
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output.hasPrefix("wrote arm.plan\nwrote "))
    #expect(
      tenon("run --plan arm.plan --input x=x.npy")
        == .init(
          ending: .exited(1),
          output: "tenon: plan file: it is for `aarch64` processors, and this one is x86_64; "
            + "compile the model here\n  while loading arm.plan\n"))
    let run = tenon("run small.tenon --target neon --dim batch=2 --input x=x.npy", cache)
    #expect(run.ending == .exited(64))
    #expect(
      run.output.hasPrefix(
        "Error: --target neon: this machine has \(Target.host().instructionSet.rawValue)\n"))
    let inspected = tenon("inspect small.tenon --target neon --dim batch=2 --kernels", cache)
    #expect(inspected.ending == .exited(0))
  }

  @Test func refusals() throws {
    defer { command.remove() }
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
