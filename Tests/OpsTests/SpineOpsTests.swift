import TenonGraph
import TenonOps
import TenonTensor
import Testing

@Suite struct SpineOpsTests {
  @Test func matmulSoftmaxAndLossEvaluate() throws {
    let graph = Graph("spine")
    let x = try graph.input("x", .f32, [2, 3])
    let w = try graph.input("w", .f32, [3, 2])
    let labels = try graph.input("labels", .i32, [2])
    let logits = try relu(matmul(x, w))
    try graph.output("logits", logits)
    try graph.output("probabilities", softmax(logits))
    try graph.output("loss", mean(crossEntropy(logits, labels: labels)))
    graph.finishRecording()
    let result = try Interpreter(graph).run(
      graph.entry("main")!,
      inputs: [
        "x": Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]),
        "w": Tensor([1, 0, 0, 1, 1, -1] as [Float], shape: [3, 2]),
        "labels": Tensor([0, 1] as [Int32]),
      ])
    #expect(try result.outputs[0].value.scalars(as: Float.self) == [4, 0, 10, 0])
    let probabilities = try result.outputs[1].value.scalars(as: Float.self)
    #expect(abs(probabilities[0] - 0.98201376) < 1e-6)
    #expect(abs(try result.outputs[2].value.scalar(as: Float.self) - 5.0090977) < 1e-5)
  }

  @Test func convolutionMatchesByHand() throws {
    let graph = Graph("convolution")
    let x = try graph.input("x", .f32, [1, 1, 3, 3])
    let w = try graph.input("w", .f32, [1, 1, 2, 2])
    try graph.output("y", convolution(x, w, padding: [[1, 0], [0, 0]]))
    graph.finishRecording()
    let result = try Interpreter(graph).run(
      graph.entry("main")!,
      inputs: [
        "x": Tensor((1...9).map { Float($0) }, shape: [1, 1, 3, 3]),
        "w": Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 2, 2]),
      ])
    #expect(result.outputs[0].value.shape == [1, 1, 3, 2])
    #expect(
      try result.outputs[0].value.scalars(as: Float.self) == [11, 18, 37, 47, 67, 77])
  }

  @Test func aWrongShapeNamesBothOperandsAndTheLine() throws {
    let graph = Graph("wrong")
    let x = try graph.input("x", .f32, [2, 3])
    let y = try graph.input("y", .f32, [3])
    let error = #expect(throws: TenonError.self) { try x + y }
    let text = try #require(error).description
    #expect(
      text.hasPrefix(
        "add: operands must have one shape; insert `broadcast` first\n  operands: x f32[2x3], y f32[3]\n"
      ))
    print(text)
  }
}
