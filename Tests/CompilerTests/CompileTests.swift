import Synchronization
import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import Testing

@Suite struct CompileTests {
  /// y = relu(x w) + 1 over a bound batch.
  private func network() throws -> Graph {
    let graph = Graph("network")
    let x = try graph.input("x", .f32, [Dimension(.bound("batch")), 3])
    let w = try graph.input("w", .f32, [3, 2])
    try graph.output("y", relu(matmul(x, w)) + 1)
    return graph
  }

  private let feeds = [
    "x": Tensor.filled([2, 3]) { Float($0) - 2 }, "w": Tensor.filled([3, 2]) { Float($0 % 3) - 1 },
  ]

  @Test func nativeAgreesWithReference() throws {
    let graph = try network()
    let outputs = try [Backend.native, .reference].map { backend in
      try compile(graph, CompileOptions(sizes: ["batch": 2], backend: backend)).run(feeds)["y"]!
    }
    #expect(outputs[0].isIdentical(to: outputs[1]))
  }

  @Test func oneGraphCompilesForManySizes() throws {
    let graph = try network()
    for batch in [0, 1, 5] {
      let program = try compile(graph, CompileOptions(sizes: ["batch": batch]))
      let x = Tensor.filled([batch, 3]) { Float($0) }
      #expect(try program.run(["x": x, "w": feeds["w"]!])["y"]!.shape == [batch, 2])
    }
  }

  @Test func unboundSizesAreNamed() throws {
    let error = try #require(
      #expect(throws: TenonError.self) { try compile(network()) })
    #expect(
      error.description == """
        compile: entry main has dimensions without a number: batch; bind them: \
        `sizes: ["batch": 1]`, or `--dim batch=1`
        """)
  }

  @Test func anEmptyGraphIsRefused() throws {
    let error = try #require(#expect(throws: TenonError.self) { try compile(Graph("empty")) })
    #expect(
      error.description == "compile: the graph has no entry; declare an `output` first")
  }

  @Test func unknownEntriesAreNamed() throws {
    let error = try #require(
      #expect(throws: TenonError.self) {
        try compile(network(), CompileOptions(entries: ["train"]))
      })
    #expect(error.description == "the graph has no entry train\n  entries: main")
  }

  @Test func entriesShareVariablesOnEveryBackend() throws {
    for backend in [Backend.native, .reference] {
      let graph = Graph("counter")
      let count = try graph.variable("count") { try $0.scalar(10, .i32) }
      try graph.entry("increase") { try count.assign(count.read() + 1) }
      try graph.entry("read") { try graph.output("count", count.read()) }
      let program = try compile(graph, CompileOptions(backend: backend))
      for _ in 0..<3 { _ = try program.run("increase") }
      #expect(try program.run("read")["count"]!.scalar(as: Int32.self) == 13)
      try program.setValues(["count": Tensor(Int32(5))])
      #expect(try program.run("read")["count"]!.scalar(as: Int32.self) == 5)
    }
  }

  @Test func frozenVariablesAreConstants() throws {
    let graph = Graph("frozen")
    let scale = try graph.variable("scale") { try $0.scalar(2.0, .f32) }
    try graph.entry("apply") {
      let x = try graph.input("x", .f32, [2])
      try graph.output("y", x * broadcast(scale.read(), to: x))
    }
    let program = try compile(
      graph, CompileOptions(entries: ["apply"], frozen: ["scale": Tensor(Float(3))]))
    #expect(program.entries.map(\.name) == ["apply"])
    #expect(try program.entry("apply").variables.isEmpty)
    let y = try program.run("apply", ["x": Tensor([1, 2] as [Float])])["y"]!
    #expect(try y.scalars(as: Float.self) == [3, 6])
  }

  @Test func compilingLeavesTheGraphAsItWas() throws {
    let graph = try network()
    graph.finishRecording()
    let before = graph.text()
    _ = try compile(graph, CompileOptions(sizes: ["batch": 2], backend: .reference))
    #expect(graph.text() == before)
  }
}

extension Tensor {
  fileprivate static func filled(_ shape: [Int], _ element: (Int) -> Float) -> Tensor {
    // The count is that of the shape.
    try! Tensor((0..<shape.reduce(1, *)).map(element), shape: shape)
  }
}
