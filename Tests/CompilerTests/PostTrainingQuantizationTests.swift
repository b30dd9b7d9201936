import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

/// Layers of a trained model on 8-bit integers, by what samples show.
@Suite struct PostTrainingQuantizationTests {
  private static func numbers(_ shape: [Int], seed: UInt64, _ range: ClosedRange<Float> = -1...1)
    -> Tensor
  {
    var random = SplitMix(seed: seed)
    let count = shape.reduce(1, *)
    return try! Tensor(
      (0..<count).map { _ in Float.random(in: range, using: &random) }, shape: shape)
  }

  /// A convolution, a classifier, and between them what `prepare` makes of the activations.
  private func network(
    classifier: Tensor = numbers([10, 64], seed: 3), _ prepare: (Value) throws -> Value = { $0 }
  ) throws -> Graph {
    let graph = Graph("network")
    let x = try graph.input("x", .f32, [2, 3, 8, 8])
    let weights = try graph.constant(Self.numbers([64, 3, 3, 3], seed: 1))
    let bias = try graph.constant(Self.numbers([64], seed: 2))
    let features = try relu(conv2d(x, weights, bias: bias, padding: 1))
    let pooled = try mean(prepare(features), axes: [2, 3])
    try graph.output("scores", linear(pooled, graph.constant(classifier)))
    return graph
  }

  private let samples = (0..<4).map { seed in
    ["x": PostTrainingQuantizationTests.numbers([2, 3, 8, 8], seed: 10 + UInt64(seed))]
  }

  @Test func layersRunOnIntegers() throws {
    let graph = try network()
    let (quantized, report) = try PostTrainingQuantization().apply(
      to: graph, entry: "main", samples: samples)
    #expect(report.layers.map(\.op) == ["convolution", "linear"])
    #expect(report.layers.map(\.weights) == [[64, 3, 3, 3], [10, 64]])
    #expect(report.layers.allSatisfy { $0.isQuantized && $0.error > 0 && $0.error < 0.02 })
    #expect(report.layers.allSatisfy { $0.name.contains("PostTrainingQuantizationTests.swift:") })
    #expect(report.layers[0].range.lowerBound < -0.99 && report.layers[0].range.upperBound > 0.99)
    #expect(report.layers[1].range.lowerBound >= 0)
    #expect(report.sampleCount == 4)
    #expect(report.outputs.count == 1 && report.outputs[0].error < 0.03)

    let program = try compile(quantized)
    let running = program.report.kernels.filter { !$0.isPreparation }
    #expect(running.contains { $0.types.contains("u8[") && $0.types.contains("i8[") })
    let x = Self.numbers([2, 3, 8, 8], seed: 99)
    let q = try program.run(["x": x])["scores"]!.doubles()
    let y = try compile(graph).run(["x": x])["scores"]!.doubles()
    let size = y.map { $0 * $0 }.reduce(0, +)
    #expect(zip(q, y).map { ($0 - $1) * ($0 - $1) }.reduce(0, +) < 0.0025 * size)
    // The graph given stays as it was.
    #expect(graph.text() == (try network()).text())
  }

  @Test func layersThatWouldHurtStay() throws {
    // One input is a thousand times the others, but its weights are 0: steps of the scale are
    // larger than all that counts.
    let row = (0..<64).map { Float($0 == 0 ? 0 : $0 % 5) - 2 }
    let classifier = try Tensor(
      (0..<10).flatMap { _ in row.enumerated().map { $0 == 0 ? 0 : $1 } }, shape: [10, 64])
    var scale = [Float](repeating: 1, count: 64)
    scale[0] = 1e4
    let factors = try Tensor(scale, shape: [1, 64, 1, 1])
    let graph = try network(classifier: classifier) { features in
      try features * broadcast(features.graph.constant(factors), to: features)
    }
    let (quantized, report) = try PostTrainingQuantization(maximumError: 0.05).apply(
      to: graph, entry: "main", samples: samples)
    #expect(report.layers.map(\.isQuantized) == [true, false])
    #expect(report.layers[1].error > 0.05)
    let all = quantized.entry("main").map { quantized.nodes($0.region) } ?? []
    #expect(all.count { quantized.op($0) is Quantize } == 1)
    let none = try PostTrainingQuantization(maximumError: 0).apply(
      to: graph, entry: "main", samples: samples)
    #expect(none.report.outputs[0].error == 0)
  }

  @Test func whatCannotBeQuantizedIsRefused() throws {
    func refusal(_ graph: Graph, _ samples: [[String: Tensor]], entry: String = "main")
      -> String
    {
      do {
        _ = try PostTrainingQuantization().apply(to: graph, entry: entry, samples: samples)
        return "none"
      } catch let error as TenonError { return error.message } catch { return "\(error)" }
    }
    let graph = try network()
    #expect(
      refusal(graph, []) == "there are no samples; ranges are seen on a few dozen real inputs")
    #expect(refusal(graph, samples, entry: "train") == "the graph has no entry train")
    var endless = samples
    endless[1]["x"] = try Tensor(
      [Float](repeating: .infinity, count: 2 * 3 * 64), shape: [2, 3, 8, 8])
    #expect(refusal(graph, endless).hasSuffix("hold infinities or NaN, which no scale can give"))
    let plain = Graph("plain")
    try plain.output("y", relu(plain.input("x", .f32, [3])))
    #expect(
      refusal(plain, [["x": Tensor([1, 2, 3] as [Float])]])
        == "entry main has no matrix product or convolution of f32 with constant weights")
  }
}
