import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

@Suite struct QuantizedNetworkTests {
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
    let middle = try graph.constant(Tensor(UInt8(99)))
    try graph.output(
      "y", quantize(product, to: .u8, scale: graph.scalar(640, .f32), zeroPoint: middle))
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
