import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct SeparatePaddingTests {
  /// A convolution with a stride over a padded image, after the pass, whose edits are checked.
  private static func separated(
    channels: Int, outputs: Int = 32, groups: Int = 1, padding: [[Int]] = [[1, 1], [0, 2]],
    algorithm: Convolution.Algorithm? = nil
  ) throws -> (text: String, log: String) {
    let graph = Graph("g")
    try graph.entry("main") {
      let x = try graph.input("x", .f32, [1, Dimension(channels), 9, 7])
      let w = try graph.input(
        "w", .f32, [Dimension(outputs), Dimension(channels / groups), 3, 3])
      let convolution = Convolution(
        axes: "nc01_oi01->nc01", strides: algorithm == nil ? [2, 2] : [1, 1], padding: padding,
        featureGroups: groups, algorithm: algorithm)
      try graph.output("y", graph.apply1(convolution, [x, w], site: CallSite()))
    }
    let context = PassContext(
      graph, target: Target(.avx512), catalog: .standard, options: PassOptions(verify: true))
    try context.run(SeparatePadding.self)
    try graph.verify()
    return (graph.text(), context.log.text(times: false))
  }

  @Test func imagesArePaddedBeforehand() throws {
    let (text, log) = try Self.separated(channels: 16)
    #expect(
      text.contains(
        "pad(%0, %2) {low = [0, 0, 1, 0], high = [0, 0, 1, 2], interior = [0, 0, 0, 0]}: "
          + "f32[1x16x11x9]"), "\(text)")
    #expect(text.contains("padding = [[0, 0], [0, 0]]"))
    #expect(
      log.contains("1 x convolution-of-padded: its channels may lie in blocks of 16"))
  }

  @Test func imagesOfFewChannelsArePaddedToo() throws {
    let (text, _) = try Self.separated(channels: 3)
    #expect(text.contains("f32[1x3x11x9]"), "\(text)")
  }

  @Test func resultsThatAreNoWholeBlocksAreLeft() throws {
    let (text, log) = try Self.separated(channels: 16, outputs: 24)
    #expect(!text.contains("pad("))
    #expect(
      log.contains(
        "left 1 x convolution-of-padded: its channels are no whole blocks of 16 of known sizes"))
  }

  @Test func groupsCropsAndWinogradAreLeft() throws {
    let texts = try [
      Self.separated(channels: 32, groups: 2),
      Self.separated(channels: 16, padding: [[0, 0], [0, -1]]),
      Self.separated(channels: 16, algorithm: .winograd),
    ]
    for (text, _) in texts { #expect(!text.contains("pad(")) }
  }
}
