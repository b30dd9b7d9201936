import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct SeparateStridesTests {
  /// A convolution with strides, after the pass, whose edits are checked.
  private static func separated(
    kernel: Int = 1, outputs: Int = 128, element: ElementType = .f32, result: ElementType? = nil
  ) throws -> (text: String, log: String) {
    let graph = Graph("g")
    try graph.entry("main") {
      let x = try graph.input("x", element, [1, 32, 9, 8])
      let size = Dimension(kernel)
      let w = try graph.input("w", element, [Dimension(outputs), 32, size, size])
      let convolution = Convolution(
        axes: "nc01_oi01->nc01", strides: [2, 3], padding: [[0, 0], [0, 0]], result: result)
      try graph.output("y", graph.apply1(convolution, [x, w], site: CallSite()))
    }
    let context = PassContext(
      graph, target: Target(.avx512), catalog: .standard, options: PassOptions(verify: true))
    try context.run(SeparateStrides.self)
    try graph.verify()
    return (graph.text(), context.log.text(times: false))
  }

  @Test func pixelsAreCopiedBeforehand() throws {
    let (text, log) = try Self.separated()
    #expect(text.contains("strides = [1, 1, 2, 3]}: f32[1x32x5x3]"), "\(text)")
    #expect(text.contains("strides = [1, 1], padding"), "\(text)")
    #expect(log.contains("1 x convolution-of-skipped-pixels: the pixels that it reads then lie"))
  }

  @Test func windowsFewChannelsAndNarrowNumbersAreLeft() throws {
    let texts = try [
      Self.separated(kernel: 3), Self.separated(outputs: 48),
      Self.separated(element: .i16, result: .i32),
    ]
    for (text, _) in texts { #expect(!text.contains("slice(")) }
  }
}
