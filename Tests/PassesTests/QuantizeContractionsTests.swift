import TenonCompiler
import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import TenonTestKit
import Testing

@Suite struct QuantizeContractionsTests {
  private func rewritten(_ graph: Graph) throws -> (lines: [String], log: PassLog) {
    let context = PassContext(testing: graph)
    try context.run(QuantizeContractions.self)
    try context.run(RemoveDeadNodes.self)
    return (Listing.of(graph), context.log)
  }

  @Test func symmetricBytesAreSummedAsTheyAre() throws {
    let graph = Graph("symmetric")
    let x = try graph.input("x", .i8, [2, 3])
    let w = try graph.input("w", .i8, [4, 3])
    let (s, t) = (try graph.input("s", .f32, []), try graph.input("t", .f32, [4]))
    try graph.output("y", linear(dequantize(x, scale: s), dequantize(w, scale: t, axis: 0)))
    let (lines, log) = try rewritten(graph)
    #expect(
      lines == [
        "%0 = dot_general<lhsBatching: [], rhsBatching: [], lhsContracting: [1], rhsContracting: [1], result: i32>(%x, %w) i32[2x4]",
        "%1 = convert<element: f32>(%0) f32[2x4]",
        "%2 = broadcast_in_dim<shape: [2, 4], dimensions: []>(%s) f32[2x4]",
        "%3 = multiply(%1, %2) f32[2x4]",
        "%4 = broadcast_in_dim<shape: [2, 4], dimensions: [1]>(%t) f32[2x4]",
        "%5 = multiply(%3, %4) f32[2x4]", "y = %5",
      ])
    #expect(
      log.edits.map(\.reason) == [
        "its operands are quantized", "sums of integers are exact; the scales multiply the sum",
      ])
  }

  @Test func zeroPointsAreTakenOffFirst() throws {
    let graph = Graph("shifted")
    let x = try graph.input("x", .u8, [2, 3])
    let w = try graph.input("w", .i8, [3])
    let (s, z) = (try graph.input("s", .f32, []), try graph.input("z", .u8, []))
    let product = try dotGeneral(
      dequantize(x, scale: s, zeroPoint: z), dequantize(w, scale: s), lhsContracting: [1],
      rhsContracting: [0])
    try graph.output("y", product)
    let (lines, _) = try rewritten(graph)
    #expect(
      lines.prefix(6) == [
        "%0 = convert<element: i32>(%x) i32[2x3]", "%1 = convert<element: i32>(%z) i32[]",
        "%2 = broadcast_in_dim<shape: [2, 3], dimensions: []>(%1) i32[2x3]",
        "%3 = subtract(%0, %2) i32[2x3]", "%4 = convert<element: i32>(%w) i32[3]",
        "%5 = dot_general<lhsBatching: [], rhsBatching: [], lhsContracting: [1], rhsContracting: [0], result: i32>(%3, %4) i32[2]",
      ])
  }

  @Test func floatsAndBlocksStay() throws {
    let graph = Graph("floats")
    let x = try graph.input("x", .f32, [2, 4])
    let w = try graph.input("w", .i8, [4, 4])
    let t = try graph.input("t", .f32, [2, 4])
    let weight = try dequantize(w, scale: t, axis: 0, blockSize: 2)
    try graph.output(
      "y", matmul(x, weight) + matmul(slice(weight, axis: 0, from: 0, to: 2), weight))
    let before = Listing.of(graph)
    let (lines, log) = try rewritten(graph)
    #expect(lines == before)
    #expect(log.passes[0].isUnchanged)
  }

  @Test func refusalsSayWhy() throws {
    func refusal(_ inner: Int, axis: Int) throws -> [String] {
      let graph = Graph("refused")
      let x = try graph.input("x", .u8, [2, Dimension(inner)])
      let w = try graph.input("w", .u8, [Dimension(inner), 3])
      let s = try graph.input("s", .f32, [])
      let t = try graph.input("t", .f32, [Dimension(axis == 0 ? inner : 3)])
      let product = try dotGeneral(
        dequantize(x, scale: s), dequantize(w, scale: t, axis: axis), lhsContracting: [1],
        rhsContracting: [0])
      try graph.output("y", product)
      return try rewritten(graph).log.passes.flatMap(\.refusals).map(\.reason)
    }
    #expect(try refusal(8, axis: 0) == ["a scale changes along an axis that is summed over"])
    #expect(try refusal(33_026, axis: 1) == ["a sum of 33026 products may not fit 32 bits"])
    #expect(try refusal(33_025, axis: 1) == [])
  }

  /// Quantized networks on every backend against integers summed by hand.
  @Test(arguments: Backend.allCases) func integersAreExact(_ backend: Backend) throws {
    let graph = Graph("network")
    let x = try graph.input("x", .u8, [2, 3, 5, 5])
    let kernel = try graph.input("kernel", .i8, [4, 3, 3, 3])
    let half = try graph.scalar(0.5, .f32)
    let zero = try graph.constant(Tensor(UInt8(7)))
    let scales = try graph.constant(Tensor([0.25, 1, 2, 4] as [Float]))
    let product = try conv2d(
      dequantize(x, scale: half, zeroPoint: zero), dequantize(kernel, scale: scales, axis: 0),
      padding: 1)
    try graph.output(
      "y",
      quantize(
        product, to: .u8, scale: graph.scalar(640, .f32), zeroPoint: graph.constant(Tensor(UInt8(99)))
      ))
    var random = SplitMix(seed: 3)
    let pixels = (0..<150).map { _ in UInt8(random.below(256)) }
    let weights = (0..<108).map { _ in Int8(random.below(256) - 128) }
    let program = try compile(graph, CompileOptions(backend: backend))
    let result = try program.run([
      "x": Tensor(pixels, shape: [2, 3, 5, 5]), "kernel": Tensor(weights, shape: [4, 3, 3, 3]),
    ])["y"]!
    var expected: [UInt8] = []
    for (image, output) in (0..<2).flatMap({ image in (0..<4).map { (image, $0) } }) {
      for (row, column) in (0..<5).flatMap({ row in (0..<5).map { (row, $0) } }) {
        var sum = 0
        for (channel, place) in (0..<3).flatMap({ one in (0..<9).map { (one, $0) } }) {
          let (y, x) = (row + place / 3 - 1, column + place % 3 - 1)
          guard (0..<5).contains(y), (0..<5).contains(x) else { continue }
          let pixel = Int(pixels[((image * 3 + channel) * 5 + y) * 5 + x]) - 7
          sum += pixel * Int(weights[(output * 3 + channel) * 9 + place])
        }
        let scaled = Float(sum) * 0.5 * [0.25, 1, 2, 4][output] / 640
        expected.append(UInt8(max(0, min(255, scaled.rounded(.toNearestOrEven) + 99))))
      }
    }
    #expect(try result.scalars(as: UInt8.self) == expected)
    #expect(Set(expected).count > 20)
  }
}
