import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import Testing

/// Work on constants that is too large to fold when compiling is done once, when a plan is loaded.
@Suite struct PreparedWeightsTests {
  private func agree(_ graph: Graph, _ feeds: [String: Tensor]) throws -> CompileReport {
    let native = try compile(graph)
    let outputs = try native.run(feeds)["y"]!
    let expected = try compile(graph, CompileOptions(backend: .reference)).run(feeds)["y"]!
    guard
      case (.floats(let found), .floats(let wanted)) = try (
        outputs.elements(), expected.elements()
      )
    else { preconditionFailure("internal: not floats") }
    for (a, b) in zip(found, wanted) {
      #expect((a - b).magnitude <= 1e-4 * max(1, b.magnitude))
    }
    return native.report
  }

  @Test func aLargeFoldedFactorIsPrepared() throws {
    let graph = Graph("folded")
    let x = try graph.input("x", .f32, [4, 64])
    let weights = try graph.constant(
      Tensor((0..<64 * 512).map { Float($0 % 13) / 8 - 0.75 }, shape: [64, 512]))
    let factor = try graph.constant(Tensor((0..<512).map { Float($0 % 5) / 4 + 0.5 }))
    let y = try matmul(x, weights)
    try graph.output("y", relu(y * broadcast(factor, to: y)))
    let report = try agree(
      graph, ["x": Tensor((0..<256).map { Float($0 % 9) / 4 - 1 }, shape: [4, 64])])
    #expect(report.kernels.first { $0.isPreparation }?.label == "multiply")
  }

  /// Weights with a scale for every 32 along the depth, as exporters for decoding write them: one
  /// row reads the bytes themselves, many rows read floats that were made once.
  @Test(arguments: [1, 16])
  func weightsInBlocksAreReadWhereThatIsLess(rows: Int) throws {
    let graph = Graph("blocks")
    let (columns, depth) = (1024, 768)
    let x = try graph.input("x", .f32, [Dimension(rows), Dimension(depth)])
    let codes = try graph.constant(
      Tensor((0..<columns * depth).map { UInt8($0 % 251) }, shape: [columns, depth]))
    let scales = try graph.constant(
      Tensor(
        (0..<columns * depth / 32).map { Float($0 % 7 + 1) / 512 }, shape: [columns, depth / 32]))
    let zero = try graph.scalar(128, .u8)
    let weights = try dequantize(
      codes, scale: scales, zeroPoint: broadcast(zero, to: scales), axis: 1,
      blockSize: 32)
    try graph.output("y", linear(x, weights))
    let report = try agree(
      graph,
      ["x": Tensor((0..<rows * depth).map { Float($0 % 9) / 4 - 1 }, shape: [rows, depth])])
    let running = report.kernels.filter { !$0.isPreparation }
    #expect(running.count == 1)
    #expect(running.contains { $0.types.contains("u8[") } == (rows == 1))
    #expect(running.allSatisfy { $0.schedule.contains("panels in place") })
  }

  @Test func aQuantizedProductRunsOnIntegers() throws {
    let graph = Graph("integers")
    let x = try dequantize(
      graph.input("p", .u8, [4, 64]), scale: graph.scalar(0.02, .f32),
      zeroPoint: graph.scalar(7, .u8))
    let codes = try Tensor((0..<64 * 32).map { Int8($0 % 251 - 125) }, shape: [64, 32])
    let w = try dequantize(graph.constant(codes), scale: graph.scalar(0.01, .f32))
    try graph.output("y", quantize(matmul(x, w), to: .i8, scale: graph.scalar(0.5, .f32)))
    let feeds = try ["p": Tensor((0..<256).map { UInt8($0) }, shape: [4, 64])]
    let native = try compile(graph)
    #expect(
      try native.run(feeds)["y"]!.isIdentical(
        to: compile(graph, CompileOptions(backend: .reference)).run(feeds)["y"]!))
    #expect(
      native.report.kernels.filter { !$0.isPreparation }.map(\.types).allSatisfy {
        $0.hasPrefix("u8[4x64], i8[")
      },
      "\(native.report.kernels.map { "\($0.label) \($0.types)" })")
  }
}
