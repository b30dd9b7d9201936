import TenonTensor
import Testing

@testable import TenonONNX

/// Shapes and movement of elements while sizes are open, and what these operators refuse.
@Suite struct MovementTests {
  private func sketch(_ build: (inout ONNXSketch) -> Void) -> ONNXSketch {
    var sketch = ONNXSketch()
    sketch.input("x", .f32, ["n", "6"])
    build(&sketch)
    sketch.output("y")
    return sketch
  }

  private func type(_ sketch: ONNXSketch) throws -> String {
    let graph = try sketch.imported().graph
    let entry = try #require(graph.entry("main"))
    return "\(graph.type(graph.results(entry.region)[0]))"
  }

  @Test func sizesStayKnownThroughShapes() throws {
    let graph = sketch { sketch in
      sketch.initializer("first", [0])
      sketch.initializer("rest", [2, -1])
      sketch.node("Shape", ["x"], ["shape"])
      sketch.node("Gather", ["shape", "first"], ["size"])
      sketch.node("Concat", ["size", "rest"], ["target"], attributes: ["axis": 0])
      sketch.node("Reshape", ["x", "target"], ["y"])
    }
    #expect(try type(graph) == "f32[n, 2, 3]")
  }

  @Test func slicesFromTheEndHaveOpenSizes() throws {
    let graph = sketch { sketch in
      sketch.initializer("starts", [1])
      sketch.initializer("ends", [-1])
      sketch.initializer("axes", [1])
      sketch.node("Slice", ["x", "starts", "ends", "axes"], ["y"])
    }
    #expect(try type(graph) == "f32[n, 4]")
  }

  @Test func wrongNumbersOfAmountsAreNamed() {
    let graph = sketch { sketch in
      sketch.initializer("pads", [1, 1])
      sketch.node("Pad", ["x", "pads"], ["y"], name: "pad_1")
    }
    #expect(
      graph.message() == """
        Pad: needs two amounts for each of 2 axes, not [1, 1]
          inputs: x f32[n, 6], pads i64[2]
          while importing node pad_1 (Pad)
          while importing sketch.onnx
        """)
  }

  @Test func resultsWhoseSizesValuesDecideNeedThem() {
    let graph = sketch { $0.node("NonZero", ["x"], ["y"], name: "nonzero_1") }
    #expect(
      graph.message() == """
        NonZero: input 0 must be known
          inputs: x f32[n, 6]
          it depends on x; bind the input by value, or give its size
          while importing node nonzero_1 (NonZero)
          while importing sketch.onnx
        """)
  }
}
