import TenonTensor
import Testing

@testable import TenonONNX

/// What ONNX leaves open is which numbers come; these hold for any.
@Suite struct RandomOperatorTests {
  private func output(
    _ op: String, _ x: Tensor? = nil, attributes: KeyValuePairs<String, Any> = [:]
  ) throws -> Tensor {
    var sketch = ONNXSketch()
    if let x { sketch.input("x", x.elementType, x.shape.map(String.init)) }
    sketch.node(op, x == nil ? [] : ["x"], ["y"], name: "noise", attributes: attributes)
    sketch.output("y")
    return try #require(try sketch.run(x.map { ["x": $0] } ?? [:])["y"])
  }

  @Test func uniformNumbersLieInTheirRange() throws {
    let y = try output(
      "RandomUniform", attributes: ["shape": [40, 50], "low": -2.0, "high": 3.0, "dtype": 11])
    #expect(y.elementType == .f64 && y.shape == [40, 50])
    let values = try y.doubles()
    #expect(values.allSatisfy { $0 >= -2 && $0 < 3 })
    let mean = values.reduce(0, +) / 2000
    // Five standard errors of a mean of 2,000 numbers.
    #expect(Swift.abs(mean - 0.5) < 5 * 5 / (12.0 * 2000).squareRoot())
  }

  @Test func normalNumbersHaveTheirMeanAndDeviation() throws {
    let x = try Tensor(.f16, shape: [2000], doubles: [Double](repeating: 0, count: 2000))
    let y = try output("RandomNormalLike", x, attributes: ["mean": 4.0, "scale": 2.0])
    #expect(y.elementType == .f16 && y.shape == [2000])
    let values = try y.doubles()
    let mean = values.reduce(0, +) / 2000
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2000
    #expect(Swift.abs(mean - 4) < 5 * 2 / (2000.0).squareRoot())
    #expect(Swift.abs(variance - 4) < 5 * 4 * (2 / 2000.0).squareRoot())
  }

  @Test func seedsDecideTheNumbers() throws {
    func draw(_ seed: Double) throws -> [Double] {
      try output("RandomUniform", attributes: ["shape": [8], "seed": seed]).doubles()
    }
    #expect(try draw(1) == draw(1))
    #expect(try draw(1) != draw(2))
  }

  @Test func certainChancesAreCertain() throws {
    let chances = Tensor([0, 1, 0, 1, 1] as [Float])
    let y = try output("Bernoulli", chances, attributes: ["dtype": 7])
    #expect(try y.scalars(as: Int64.self) == [0, 1, 0, 1, 1])
    let rows = try Tensor([0, -1000, -1000, 0] as [Float], shape: [2, 2])
    let classes = try output("Multinomial", rows, attributes: ["sample_size": 3])
    #expect(classes.shape == [2, 3])
    #expect(try classes.scalars(as: Int32.self) == [0, 0, 0, 1, 1, 1])
  }

  @Test func keptElementsAreScaled() throws {
    var sketch = ONNXSketch()
    sketch.input("x", .f32, ["1000"])
    sketch.initializer("rate", Tensor(Float(0.25)))
    sketch.initializer("training", Tensor(true))
    sketch.node(
      "Dropout", ["x", "rate", "training"], ["y", "mask"], attributes: ["seed": 7])
    sketch.output("y")
    sketch.output("mask")
    let x = Tensor([Float](repeating: 3, count: 1000))
    let results = try sketch.run(["x": x])
    let kept = try #require(results["mask"]).scalars(as: Bool.self)
    let y = try #require(results["y"]).scalars(as: Float.self)
    #expect(zip(y, kept).allSatisfy { $0 == ($1 ? 4 : 0) })
    let count = Double(kept.count { $0 })
    #expect(Swift.abs(count - 750) < 5 * (1000 * 0.25 * 0.75).squareRoot())
  }
}
