import Glibc
import TenonCompiler
import TenonFormats
import TenonGraph
import TenonOps
import TenonTensor
import Testing

@testable import TenonCodegen

/// The command where things go wrong around it: killed, crowded, without a folder, without an end.
@Suite struct RobustnessTests {
  private let folder: CommandFolder
  private let path = "PATH='\(String(cString: getenv("PATH")))'"

  init() throws {
    folder = try CommandFolder()
    let graph = Graph("small")
    let x = try graph.input("x", .f32, [2, 3])
    try graph.output("y", softmax(x + x))
    try graph.save(to: folder.file("small.tenon"))
    try Npy.write(Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [2, 3]), to: folder.file("x.npy"))
  }

  private func shell(_ script: String) -> ChildProcess.Outcome {
    ChildProcess.run(
      [ChildProcess.Job(program: "/bin/sh", arguments: ["-c", "cd \(folder.path); \(script)"])],
      atOnce: 1, timeLimit: 300)[0]
  }

  @Test func aKilledSaveLeavesTheOldFileWhole() throws {
    defer { folder.remove() }
    // Large enough that the kill comes before, during and after the writing.
    let graph = Graph("large")
    let weight = try graph.variable("weight") {
      try broadcast($0.scalar(1, .f32), to: Shape([Dimension(1 << 20)]))
    }
    try graph.output("y", weight.read() * 2)
    var weights = ["weight": try Tensor([Float](repeating: 1, count: 1 << 20), shape: [1 << 20])]
    try graph.save(to: folder.file("old.tenon"), variables: weights.map { ($0.key, $0.value) })
    weights["weight"] = try Tensor([Float](repeating: 2, count: 1 << 20), shape: [1 << 20])
    try graph.save(to: folder.file("new.tenon"), variables: weights.map { ($0.key, $0.value) })
    let (old, new) = (try folder.bytes("old.tenon"), try folder.bytes("new.tenon"))
    var (olds, news) = (0, 0)
    for delay in 0..<40 {
      let outcome = shell(
        "cp old.tenon model.tenon; \(CommandFolder.program) convert new.tenon -o model.tenon & "
          + "sleep 0.\(delay < 10 ? "00" : "0")\(delay); kill -9 $!; wait $! 2>/dev/null; ls -a")
      #expect(outcome.ending == .exited(0))
      let left = try folder.bytes("model.tenon")
      if left == old { olds += 1 } else if left == new { news += 1 }
    }
    #expect(olds + news == 40)
    #expect(olds > 0)
  }

  @Test func twoProcessesCompileTheSameKernelsAtOnce() throws {
    defer { folder.remove() }
    let compile = "env -i \(path) TENON_CACHE=cache \(CommandFolder.program) compile small.tenon"
    let outcome = shell(
      "\(compile) -o one.plan & first=$!; \(compile) -o two.plan & wait $first && wait $!")
    #expect(outcome.ending == .exited(0), "\(outcome.output)")
    #expect(try folder.bytes("one.plan") == folder.bytes("two.plan"))
    #expect(folder.tenon("run --plan one.plan --input x=x.npy").ending == .exited(0))
  }

  @Test func aCacheThatCannotBeWrittenIsReplacedAndSaid() throws {
    defer { folder.remove() }
    let outcome = folder.tenon(
      "run small.tenon --input x=x.npy", "\(path) TENON_CACHE=/proc/none")
    #expect(outcome.ending == .exited(0))
    let pattern =
      #/tenon: warning: kernel cache: \/proc\/none could not be made: .*; kernels are kept in \S+ until the program ends/#
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.first?.wholeMatch(of: pattern) != nil, "\(outcome.output)")
    #expect(lines.dropFirst().first?.hasPrefix("y f32[2, 3]") == true)
  }

  @Test func aLoopWithoutEndEndsAtTheTimeLimit() throws {
    defer { folder.remove() }
    let graph = Graph("endless")
    let start = try graph.input("start", .i64, [])
    let results = try whileLoop([start]) {
      try greaterOrEqual($0[0], 0)
    } body: {
      [try maximum($0[0], 1)]
    }
    try graph.output("end", results[0])
    try graph.save(to: folder.file("endless.tenon"))
    try Npy.write(Tensor(Int64(1)), to: folder.file("start.npy"))
    for backend in ["native", "portable", "reference"] {
      let outcome = folder.tenon(
        "run endless.tenon --input start=start.npy --time-limit 0.2 --backend \(backend)", path)
      #expect(outcome.ending == .exited(1))
      #expect(
        outcome.output.contains("main: the run took longer than its limit of 0.2 seconds"),
        "\(outcome.output)")
    }
  }
}
