import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

/// Contractions of dequantized bytes with constant weights: products of the bytes themselves.
@Suite struct QuantizedProductTests {
  private func weights(_ graph: Graph, _ shape: Shape, axis: Int) throws -> Value {
    let count = shape.elementCount.constant!
    let numbers = (0..<count).map { Int8(truncatingIfNeeded: $0 * 53 - 128) }
    let channels = shape[axis].constant!
    return try dequantize(
      graph.constant(Tensor(numbers, shape: shape.map { $0.constant! })),
      scale: graph.constant(Tensor((1...channels).map { Float($0) / 8 })), axis: axis)
  }

  private func ops(_ graph: Graph) -> [String] {
    graph.nodes(graph.entries[0].region).map { type(of: graph.op($0)).name }
      .filter { $0 != "constant" && $0 != "broadcast_in_dim" }
  }

  @Test func bytesWithoutAZeroPointAreMultipliedAsTheyAre() throws {
    let graph = Graph("plain")
    let x = try dequantize(graph.input("p", .u8, [4, 6]), scale: graph.scalar(0.5, .f32))
    try graph.output(
      "y",
      dotGeneral(
        x, weights(graph, [6, 3], axis: 1), lhsContracting: [1], rhsContracting: [0]))
    let context = PassContext(testing: graph, options: PassOptions(verify: true))
    try context.run(QuantizeContractions.self)
    #expect(context.log.passes[0].checkedEdits == 1)
    #expect(ops(graph) == ["dot_general", "multiply", "convert", "multiply"])
  }

  @Test func theZeroPointIsTakenOffTheSums() throws {
    for element in [ElementType.u8, .i8] {
      let graph = Graph("zero")
      let x = try dequantize(
        graph.input("p", element, [2, 3, 5, 4]), scale: graph.scalar(0.5, .f32),
        zeroPoint: graph.scalar(7, element))
      try graph.output("y", conv2d(x, weights(graph, [4, 3, 3, 3], axis: 0), padding: 1))
      let context = PassContext(testing: graph, options: PassOptions(verify: true))
      try context.run(QuantizeContractions.self)
      #expect(context.log.passes[0].checkedEdits == 1)
      let names = ops(graph)
      #expect(names.filter { $0 == "pad" }.count == 1, "\(names)")
      #expect(names.filter { $0 == "reduce" }.count == 1, "\(names)")
      let sums = try #require(
        graph.nodes(graph.entries[0].region).first { graph.op($0) is Convolution })
      #expect(graph.operands(sums).map { graph.tensorType($0).element } == [.u8, .i8])
      #expect(graph.tensorType(graph.result(sums)).element == .i32)
    }
  }

  @Test func weightsOfARunWithAZeroPointAreDifferences() throws {
    let graph = Graph("run")
    let x = try dequantize(
      graph.input("p", .u8, [4, 6]), scale: graph.scalar(0.5, .f32),
      zeroPoint: graph.scalar(7, .u8))
    let w = try dequantize(graph.input("q", .i8, [6, 3]), scale: graph.scalar(0.25, .f32))
    try graph.output("y", dotGeneral(x, w, lhsContracting: [1], rhsContracting: [0]))
    let context = PassContext(testing: graph, options: PassOptions(verify: true))
    try context.run(QuantizeContractions.self)
    let sums = try #require(
      graph.nodes(graph.entries[0].region).first { graph.op($0) is DotGeneral })
    #expect(graph.operands(sums).map { graph.tensorType($0).element } == [.i16, .i16])
  }

  @Test func aLargestElementIsLookedForAmongTheNumbers() throws {
    let text =
      try rewritten(
        by: QuantizeContractions.self,
        """
        graph "g" {
          entry "main" ("p" %0: u8[1x1x4x4]) {
            %1 = constant() {value = f32[](0.5)}: f32[]
            %2 = constant() {value = u8[](9)}: u8[]
            %3 = dequantize(%0, %1, %2) {axis = 1, blockSize = none}: f32[1x1x4x4]
            %4 = max_pool(%3) {window = [2, 2], strides = [2, 2], padding = [[0, 0], [0, 0]], \
        dilation = [1, 1], roundsUp = false}: f32[1x1x2x2]
            %5 = quantize(%4, %1, %2) {element = u8, axis = 1, blockSize = none}: u8[1x1x2x2]
          } -> ("y" %5)
        }
        """)
    #expect(
      text == """
        graph "g" {
          entry "main" ("p" %0: u8[1x1x4x4]) {
            %1 = max_pool(%0) {window = [2, 2], strides = [2, 2], padding = [[0, 0], [0, 0]], \
        dilation = [1, 1], roundsUp = false}: u8[1x1x2x2]
          } -> ("y" %1)
        }

        """)
  }
}
