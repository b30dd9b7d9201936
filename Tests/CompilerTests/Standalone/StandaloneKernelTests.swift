import Glibc
import TenonFormats
import TenonGraph
import TenonOps
import TenonTensor
import Testing

@testable import TenonCodegen
@testable import TenonCompiler

/// The C files of a plan's kernels, each compiled alone by the command in its first line.
@Suite struct StandaloneKernelTests {
  /// What compiling and running each file gives: the program's output and how it ended.
  static func outcomes(_ kernels: [StandaloneKernel]) throws -> [ChildProcess.Outcome] {
    let folder = TestFolder()
    let program = folder.file("a.out")
    return try kernels.map { kernel in
      try AtomicFile.write(Array(kernel.source.utf8), to: folder.file(kernel.fileName))
      let line = kernel.source.prefix { $0 != "\n" }.dropFirst(3)
      let words = line.split(separator: " ").map(String.init)
      let end = try #require(words.firstIndex(of: "&&"))
      #expect(words[end - 1] == kernel.fileName && words.last == "./a.out")
      let clang = try CCompiler.find().path
      let compiled = ChildProcess.run(
        [
          ChildProcess.Job(
            program: clang,
            arguments: words[1..<end - 1] + [folder.file(kernel.fileName), "-o", program])
        ], atOnce: 1)[0]
      guard compiled.succeeded else { return compiled }
      let run = words[(end + 1)...].dropLast() + [program]
      return ChildProcess.run(
        [ChildProcess.Job(program: run[end + 1], arguments: Array(run.dropFirst()))], atOnce: 1)[0]
    }
  }

  static let equal = ChildProcess.Outcome(ending: .exited(0), output: "equal\n")

  @Test(arguments: [nil, Target(.generic)])
  func eachFileReproducesItsOutputs(target: Target?) throws {
    let compiled = try compilePlan(
      SavedGraphTests.classifier(), entry: "predict",
      CompileOptions(sizes: ["batch": 3], target: target))
    let images = try Tensor((0..<72).map { Float($0) / 9 }, shape: [3, 24])
    let kernels = try compiled.standaloneKernels(inputs: ["images": images])
    #expect(!kernels.isEmpty)
    for kernel in kernels {
      #expect(
        kernel.source.contains(
          "// main: inputs and outputs of the kernel's first call in a run of the plan.\n"))
    }
    let outcomes = try Self.outcomes(kernels)
    #expect(outcomes == outcomes.map { _ in Self.equal })
  }

  /// One kernel serves two steps, and only the second writes over what it reads.
  @Test func aKernelOfTwoStepsIsCapturedAtOne() throws {
    let graph = Graph("twice")
    let x = try graph.input("x", .f32, [64])
    try graph.output("y", exp(sort(exp(x))))
    let kernels = try compilePlan(graph, entry: "main")
      .standaloneKernels(inputs: [
        "x": Tensor((0..<64).map { Float($0 * 7 % 64) / 64 }, shape: [64])
      ])
    #expect(kernels.map(\.fileName) == ["00_exponential.c", "01_sort.c"])
    #expect(try Self.outcomes(kernels) == [Self.equal, Self.equal])
  }

  @Test func aWrongResultIsFound() throws {
    let graph = Graph("double")
    let x = try graph.input("x", .f32, [4])
    try graph.output("y", x + x)
    let kernels = try compilePlan(graph, entry: "main")
      .standaloneKernels(inputs: ["x": Tensor([1, 2, 3, 4] as [Float])])
    #expect(kernels.map(\.fileName) == ["00_add.c"])
    let source = kernels[0].source
    #expect(source.contains("0x400000003f800000ul, 0x4080000040400000ul, };\n"))
    #expect(source.contains("0x4080000040000000ul, 0x4100000040c00000ul, };\n"))
    #expect(try Self.outcomes(kernels) == [Self.equal])
    let wrong = PlanFileTests.replacing(
      "0x4100000040c00000ul", by: "0x4100000040c00001ul", in: source)
    #expect(
      try Self.outcomes([StandaloneKernel(fileName: "00_add.c", source: wrong)])
        == [.init(ending: .exited(1), output: "memory 1 differs at byte 8\n")])
  }

  @Test func longBuffersAreAPattern() throws {
    let graph = Graph("long")
    let n = Dimension(.running("n", maximum: 400_000))
    let x = try graph.input("x", .f32, Shape([n]))
    try graph.output("y", TenonOps.exp(x))
    let kernels = try compilePlan(graph, entry: "main").standaloneKernels()
    #expect(kernels.count == 1)
    #expect(kernels[0].source.utf8.count < 100_000)
    #expect(kernels[0].source.contains("const i64 sizes[] = {400000, 0};"))
    #expect(
      kernels[0].source.contains("// main: inputs from a pattern, outputs by their hash.\n"))
    #expect(try Self.outcomes(kernels) == [Self.equal])
  }

  @Test func branchesThatTheRunDidNotReach() throws {
    let graph = Graph("branches")
    let x = try graph.input("x", .f32, [4])
    let p = try graph.input("p", .bool, [])
    let y = try conditional(
      p, onTrue: { [try TenonOps.exp(x + x)] }, onFalse: { [try x * x] })
    try graph.output("y", y[0])
    let kernels = try compilePlan(graph, entry: "main").standaloneKernels(inputs: [
      "x": Tensor([1, 2, 3, 4] as [Float]), "p": Tensor(true),
    ])
    let captured = kernels.filter { $0.source.contains("in a run of the plan.\n") }
    let patterned = kernels.filter { $0.source.contains("the run did not reach the kernel.\n") }
    #expect(captured.count == 1)
    #expect(patterned.count == 1)
    let outcomes = try Self.outcomes(kernels)
    #expect(outcomes == outcomes.map { _ in Self.equal })
  }
}
