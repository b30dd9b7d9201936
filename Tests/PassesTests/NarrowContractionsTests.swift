import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct NarrowContractionsTests {
  private static func graph() throws -> Graph {
    let graph = Graph("g")
    try graph.entry("main") {
      let x = try graph.input("x", .f32, [4, 6])
      let w = try graph.input("w", .f32, [6, 5])
      let image = try graph.input("image", .f32, [1, 4, 5, 5])
      let kernel = try graph.input("kernel", .f32, [4, 1, 3, 3])
      try graph.output("y", matmul(x, w))
      try graph.output("z", conv2d(image, kernel, groups: 4))
    }
    return graph
  }

  private static func run(_ precision: PassOptions.Precision, isFast: Bool) throws -> (
    graph: Graph, log: String
  ) {
    var target = Target(.avx512)
    target.hasBFloat16DotProduct = isFast
    let graph = try graph()
    let context = PassContext(
      graph, target: target, catalog: .standard,
      options: PassOptions(verify: true, precision: precision))
    try context.run(ClaimLowerings.self)
    try context.run(NarrowContractions.self)
    try graph.verify()
    return (graph, context.log.text(times: false))
  }

  private static func elements(_ graph: Graph) -> [ElementType] {
    graph.nodes(graph.entry("main")!.region).compactMap { node in
      graph.op(node) is DotGeneral || graph.op(node) is Convolution
        ? graph.tensorType(graph.operand(node, 0)).element : nil
    }
  }

  @Test func productsAreOfBFloat16WhereAskedFor() throws {
    let (graph, log) = try Self.run(.bfloat16, isFast: true)
    #expect(Self.elements(graph) == [.bf16, .f32])
    #expect(log.contains("1 x contraction-of-bf16: bf16 is what the precision allows"))
    #expect(log.contains("groups of channels have few products to gain from"))
  }

  @Test(arguments: [PassOptions.Precision.standard, .strict])
  func otherwiseNothingChanges(precision: PassOptions.Precision) throws {
    let (graph, _) = try Self.run(precision, isFast: true)
    #expect(Self.elements(graph) == [.f32, .f32])
  }

  @Test func otherMachinesKeepF32() throws {
    let (graph, log) = try Self.run(.bfloat16, isFast: false)
    #expect(Self.elements(graph) == [.f32, .f32])
    #expect(log.contains("avx512 has no dot products of bf16"))
  }
}
