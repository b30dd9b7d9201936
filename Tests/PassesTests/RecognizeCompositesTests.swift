import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

/// What exporters write in the place of composites, and what the pass leaves alone.
@Suite struct RecognizeCompositesTests {
  /// The ops that are left once dead nodes are gone, constants not named.
  private func ops(_ record: (Graph) throws -> Value) throws -> [String] {
    let graph = Graph("decomposed")
    try graph.output("y", record(graph))
    let pipeline = Pipeline([RecognizeComposites.self, RemoveDeadNodes.self])
    try pipeline.run(
      on: graph, target: Target(.generic), catalog: .standard, options: PassOptions(verify: true))
    return graph.nodes(graph.entries[0].region).map { type(of: graph.op($0)).name }
      .filter { $0 != "constant" }
  }

  @Test func geluByErfIsFound() throws {
    let text = try rewritten(
      by: RecognizeComposites.self,
      """
      graph "g" {
        entry "main" ("x" %0: f32[4]) {
          %1 = constant() {value = f32[4](1.4142135, 1.4142135, 1.4142135, 1.4142135)}: f32[4]
          %2 = constant() {value = f32[4](1.0, 1.0, 1.0, 1.0)}: f32[4]
          %3 = constant() {value = f32[4](0.5, 0.5, 0.5, 0.5)}: f32[4]
          %4 = divide(%0, %1): f32[4]
          %5 = erf(%4): f32[4]
          %6 = add(%5, %2): f32[4]
          %7 = multiply(%0, %6): f32[4]
          %8 = multiply(%7, %3): f32[4]
        } -> ("y" %8)
      }
      """)
    #expect(text.contains("gelu(%0) {isApproximate = false}: f32[4]"))
    #expect(!text.contains("%8 = multiply"))
  }

  @Test func geluInOtherOrders() throws {
    #expect(
      try ops { graph in
        let x = try graph.input("x", .f32, [3])
        return try x * (erf(x * 0.5.squareRoot()) + 1) / 2
      } == ["gelu"])
    #expect(
      try ops { graph in
        let x = try graph.input("x", .f32, [3])
        let cube = try pow(x, 3)
        return try x * 0.5 * (tanh((x + cube * 0.044715) * 0.7978845608) + 1)
      } == ["gelu"])
    #expect(
      try ops { graph in
        let x = try graph.input("x", .f32, [3])
        let inner = try x * 0.7978845608 * (x * 0.044715 * x + 1)
        return try (x * 0.5) * (tanh(inner) + 1)
      } == ["gelu"])
  }

  @Test func whatIsNotGeluStays() throws {
    let other = try ops { graph in
      let x = try graph.input("x", .f32, [3])
      return try x * 0.5 * (erf(x * 0.7) + 1)
    }
    #expect(!other.contains("gelu"))
    let shifted = try ops { graph in
      let (x, z) = (try graph.input("x", .f32, [3]), try graph.input("z", .f32, [3]))
      return try x * 0.5 * (erf(z * 0.5.squareRoot()) + 1)
    }
    #expect(!shifted.contains("gelu"))
  }

  @Test func layerNormalizationTakesScaleAndBias() throws {
    #expect(
      try ops { graph in
        let x = try graph.input("x", .f32, [2, 5])
        let (scale, bias) = (try graph.input("s", .f32, [5]), try graph.input("b", .f32, [5]))
        let centered = try x - broadcast(mean(x, axes: [1], keepingAxes: true), to: x)
        let variance = try mean(pow(centered, 2), axes: [1], keepingAxes: true)
        let normal = try centered / broadcast(sqrt(variance + 1e-5), to: x)
        return try normal * broadcast(scale, to: x) + broadcast(bias, to: x)
      } == ["layer_norm"])
    // Over another axis it is none.
    let other = try ops { graph in
      let x = try graph.input("x", .f32, [2, 5])
      let centered = try x - broadcast(mean(x, axes: [0], keepingAxes: true), to: x)
      let variance = try mean(centered * centered, axes: [0], keepingAxes: true)
      return try centered / broadcast(sqrt(variance + 1e-5), to: x)
    }
    #expect(!other.contains("layer_norm"))
  }

  @Test func rootMeanSquareNormalizationTakesItsScale() throws {
    #expect(
      try ops { graph in
        let (x, scale) = (try graph.input("x", .f32, [2, 5]), try graph.input("s", .f32, [5]))
        let square = try mean(x * x, axes: [1], keepingAxes: true)
        let normal = try x * broadcast(rsqrt(square + 1e-6), to: x)
        return try broadcast(scale, to: x) * normal
      } == ["rms_norm"])
    #expect(
      try ops { graph in
        let x = try graph.input("x", .f32, [2, 5])
        let root = try sqrt(mean(pow(x, 2), axes: [1], keepingAxes: true) + 1e-6)
        return try x * broadcast(1 / root, to: x)
      } == ["rms_norm"])
  }

  private func attention(
    _ graph: Graph, mask: Value?, replacesNaN: Bool = false
  ) throws -> Value {
    let q = try graph.input("q", .f32, [1, 2, 3, 4])
    let k = try graph.input("k", .f32, [1, 2, 5, 4])
    let v = try graph.input("v", .f32, [1, 2, 5, 4])
    var scores = try matmul(q * 0.5, transpose(k, [0, 1, 3, 2]))
    if let mask { scores = try scores + broadcast(mask, to: scores) }
    var weights = try softmax(scores, axis: -1)
    if replacesNaN {
      weights = try select(
        notEqual(weights, weights), weights.filled(0, site: CallSite()), weights)
    }
    return try matmul(weights, v)
  }

  @Test func attentionIsFoundWhereEachRowSeesOrNaNIsReplaced() throws {
    let plain = try ops { try attention($0, mask: nil) }
    #expect(plain == ["transpose", "transpose", "attention"])
    let guarded = try ops {
      try attention($0, mask: $0.input("m", .f32, [1, 1, 3, 5]), replacesNaN: true)
    }
    #expect(guarded.contains("attention") && !guarded.contains("softmax"))
    let open = try ops { try attention($0, mask: $0.input("m", .f32, [1, 1, 3, 5])) }
    #expect(open.contains("softmax") && !open.contains("attention"))
  }
}
