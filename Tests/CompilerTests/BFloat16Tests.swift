import TenonCodegen
import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import Testing

/// Networks whose products may be of bf16.
@Suite struct BFloat16Tests {
  private static func numbers(_ shape: [Int]) -> Tensor {
    let count = shape.reduce(1, *)
    let numbers = (0..<count).map { (place: Int) -> Float in
      let mixed: Int = place &* 7919 + place / 11
      return Float(mixed % 101 - 50) / 64
    }
    return try! Tensor(numbers, shape: shape)
  }

  private func network() throws -> Graph {
    let graph = Graph("network")
    let x = try graph.input("x", .f32, [2, 32, 12, 12])
    let first = try relu(
      conv2d(
        x, graph.constant(Self.numbers([64, 32, 3, 3])),
        bias: graph.constant(Self.numbers([64])), padding: 1))
    let second = try relu(conv2d(first, graph.constant(Self.numbers([64, 64, 1, 1]))) + first)
    let pooled = try mean(second, axes: [2, 3])
    try graph.output("y", linear(pooled, graph.constant(Self.numbers([100, 64]))))
    return graph
  }

  @Test func resultsAreOffByItsSteps() throws {
    let graph = try network()
    let feeds = ["x": Self.numbers([2, 32, 12, 12])]
    var options = CompileOptions()
    options.passes.precision = .bfloat16
    let program = try compile(graph, options)
    let found = try program.run(feeds)["y"]!.doubles()
    let exact = try compile(graph, CompileOptions(backend: .reference)).run(feeds)["y"]!.doubles()
    let size = exact.map { $0 * $0 }.reduce(0, +)
    let error = zip(found, exact).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
    #expect(error < 1e-4 * size)
    let hasInstruction = Target.host().hasBFloat16DotProduct
    #expect((error > 1e-12 * size) == hasInstruction)
    let kernels = program.report.kernels.filter { !$0.isPreparation }
    #expect(kernels.contains { $0.schedule.contains("dot products of 2") } == hasInstruction)
    // One thread gives the same bits.
    options.threads = 1
    #expect(try compile(graph, options).run(feeds)["y"]!.doubles() == found)
  }
}
