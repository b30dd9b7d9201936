import TenonTensor
import Testing

@testable import TenonONNX

/// What operators of networks refuse, in whole messages.
@Suite struct NetworkRefusalTests {
  private func refusal(
    _ op: String, _ inputs: [String], version: Int64 = 22,
    attributes: KeyValuePairs<String, Any> = [:]
  ) -> String {
    var sketch = ONNXSketch(version: version)
    sketch.input("x", .f32, ["1", "2", "n"])
    sketch.input("w", .f32, ["3", "2", "3"])
    sketch.input("m", .f32, ["2", "2"])
    sketch.node(op, inputs, ["y"], name: "here", attributes: attributes)
    sketch.output("y")
    let lines = sketch.message().split(separator: "\n")
    #expect(
      lines.suffix(2) == ["  while importing node here (\(op))", "  while importing sketch.onnx"])
    return lines.dropLast(2).joined(separator: "\n")
  }

  @Test func convolutions() {
    #expect(
      refusal("Conv", ["x", "w"], attributes: ["auto_pad": "SAME_UPPER", "strides": [2]]) == """
        Conv: auto_pad with strides needs the number of n; give that size
          inputs: x f32[1, 2, n], w f32[3x2x3]
        """)
    #expect(
      refusal("Conv", ["x", "w"], attributes: ["kernel_shape": [5]]) == """
        Conv: kernel_shape [5] differs from the kernel's [3]
          inputs: x f32[1, 2, n], w f32[3x2x3]
        """)
    #expect(
      refusal("Conv", ["x", "w"], attributes: ["pads": [1]]) == """
        Conv: pads must have 2 integers of at least 0, given [1]
          inputs: x f32[1, 2, n], w f32[3x2x3]
        """)
    #expect(
      refusal("Conv", ["x", "m"]) == """
        Conv: the input and the kernel must have one rank, of 3 or more
          inputs: x f32[1, 2, n], m f32[2x2]
        """)
  }

  @Test func pooling() {
    #expect(
      refusal("MaxPool", ["x"]) == """
        MaxPool: attribute kernel_shape is missing
          inputs: x f32[1, 2, n]
        """)
    #expect(
      refusal(
        "AveragePool", ["x"],
        attributes: ["kernel_shape": [2], "strides": [2], "ceil_mode": 1]) == """
          AveragePool: ceil_mode needs the numbers of [1, 2, n]; give them
            inputs: x f32[1, 2, n]
          """)
  }

  @Test func attentionAndRecurrentLayers() {
    #expect(
      refusal("Attention", ["x", "x", "x"], version: 23) == """
        Attention: inputs of rank 3 need q_num_heads and kv_num_heads
          inputs: x f32[1, 2, n], x f32[1, 2, n], x f32[1, 2, n]
        """)
    #expect(
      refusal("LSTM", ["x", "w", "w"], attributes: ["direction": "sideways"]) == """
        LSTM: direction must be forward, reverse or bidirectional, not sideways
          inputs: x f32[1, 2, n], w f32[3x2x3], w f32[3x2x3]
        """)
  }
}
