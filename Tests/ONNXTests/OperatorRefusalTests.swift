import TenonTensor
import Testing

@testable import TenonONNX

/// What operators refuse, in whole messages.
@Suite struct OperatorRefusalTests {
  private func refusal(
    _ op: String, _ inputs: [String] = ["x"], version: Int64 = 17,
    attributes: KeyValuePairs<String, Any> = [:]
  ) -> String {
    var sketch = ONNXSketch(version: version)
    sketch.input("x", .f32, ["2", "3"])
    sketch.input("k", .i32, ["2", "3"])
    sketch.node(op, inputs, ["y"], name: "here", attributes: attributes)
    sketch.output("y")
    let lines = sketch.message().split(separator: "\n")
    let rest = lines.suffix(2)
    #expect(
      rest == ["  while importing node here (\(op))", "  while importing sketch.onnx"])
    return lines.dropLast(2).joined(separator: "\n")
  }

  @Test func attributesOutOfRange() {
    #expect(
      refusal("Softmax", attributes: ["axis": 2]) == """
        Softmax: axis 2 is out of range for rank 2
          inputs: x f32[2x3]
        """)
    #expect(
      refusal("BitShift", ["k", "k"], attributes: ["direction": "UP"]) == """
        BitShift: direction must be LEFT or RIGHT, not UP
          inputs: k i32[2x3], k i32[2x3]
        """)
    #expect(
      refusal("Gelu", version: 20, attributes: ["approximate": "fast"]) == """
        Gelu: approximate must be none or tanh, not fast
          inputs: x f32[2x3]
        """)
    #expect(
      refusal("Mod", ["x", "x"]) == """
        Mod: floats need the attribute fmod to be 1
          inputs: x f32[2x3], x f32[2x3]
        """)
    #expect(
      refusal("ReduceSum", version: 11, attributes: ["axes": [0, -2]]) == """
        ReduceSum: axes [0, -2] repeat an axis
          inputs: x f32[2x3]
        """)
    #expect(
      refusal("NegativeLogLikelihoodLoss", ["x", "k"], attributes: ["reduction": "all"])
        .hasPrefix("negative_log_likelihood: labels must have"))
  }

  @Test func typesThatDoNotFit() {
    #expect(
      refusal("Cast", attributes: ["to": 8]) == """
        Cast: from f32 to string is not supported; numbers and bool are
          inputs: x f32[2x3]
        """)
    #expect(
      refusal("Cast", attributes: ["to": 99]) == """
        Cast: attribute to is 99, which is no element type that is known
          inputs: x f32[2x3]
        """)
    #expect(
      refusal("BitCast", version: 26, attributes: ["to": 11]) == """
        BitCast: f32 and f64 differ in width; use Cast
          inputs: x f32[2x3]
        """)
    #expect(
      refusal("Erf", ["k"]).hasPrefix("erf: is not defined for i32"))
  }

  @Test func valuesThatOnlyARunKnows() {
    #expect(
      refusal("CumSum", ["x", "k"]) == """
        CumSum: input 1 must be known
          inputs: x f32[2x3], k i32[2x3]
          it depends on k; bind the input by value, or give its size
        """)
    #expect(
      refusal("Dropout", ["x", "", "x"]) == """
        Dropout: input 2 must be known
          inputs: x f32[2x3], x f32[2x3]
          it depends on x; bind the input by value, or give its size
        """)
  }

  @Test func shapesThatDoNotFit() {
    #expect(
      refusal("Det") == """
        Det: matrices must be square, of a known size of at most 128
          inputs: x f32[2x3]
        """)
    #expect(
      refusal("QuantizeLinear", ["x", "x"], version: 21) == """
        QuantizeLinear: a scale of rank 2 needs the attribute block_size
          inputs: x f32[2x3], x f32[2x3]
        """)
  }
}
