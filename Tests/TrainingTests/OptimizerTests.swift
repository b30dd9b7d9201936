import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import TenonTraining
import Testing

@Suite struct OptimizerTests {
  /// Three updates of w = 1 under the loss (w - 3)², by an optimizer.
  private func weights(_ optimizer: some Optimizer) throws -> [Double] {
    let graph = Graph("optimizer")
    let w = try graph.variable("w") { try $0.scalar(1.0, .f64) }
    try graph.entry("train") {
      let distance = try w.read() - 3.0
      let loss = try distance * distance
      let slopes = try gradients(of: loss, wrt: [w.read()])
      try optimizer.update(graph, [w], gradients: slopes)
      try graph.output("loss", loss)
    }
    let program = try compile(graph, CompileOptions(backend: .reference))
    return try (0..<3).map { _ in
      _ = try program.run("train")
      return try program.value(of: "w").scalar(as: Double.self)
    }
  }

  @Test func gradientDescentFollowsTheSlope() throws {
    // Slopes -4, -3.2, -2.56.
    let values = try weights(GradientDescent(learningRate: 0.1))
    for (value, expected) in zip(values, [1.4, 1.72, 1.976]) {
      #expect(abs(value - expected) < 1e-12)
    }
  }

  @Test func momentumKeepsAVelocity() throws {
    // v: -4, 0.9 · -4 - 3.2 = -6.8, 0.9 · -6.8 - 1.84 = -7.96.
    let values = try weights(GradientDescent(learningRate: 0.1, momentum: 0.9))
    for (value, expected) in zip(values, [1.4, 2.08, 2.876]) {
      #expect(abs(value - expected) < 1e-12)
    }
  }

  @Test func adamFollowsItsPaper() throws {
    var (w, m, v) = (1.0, 0.0, 0.0)
    let expected = (1...3).map { step -> Double in
      let slope = 2 * (w - 3)
      m = 0.9 * m + 0.1 * slope
      v = 0.999 * v + 0.001 * slope * slope
      func corrected(_ average: Double, _ beta: Double) -> Double {
        average / (1 - (1...step).reduce(1.0) { power, _ in power * beta })
      }
      w -= 0.1 * corrected(m, 0.9) / (corrected(v, 0.999).squareRoot() + 1e-8)
      return w
    }
    // The corrections' powers are kept in f32.
    for (value, expected) in zip(try weights(Adam(learningRate: 0.1)), expected) {
      #expect(abs(value - expected) < 1e-5)
    }
  }
}
