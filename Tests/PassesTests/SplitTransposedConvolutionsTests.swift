import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct SplitTransposedConvolutionsTests {
  struct Case: CustomTestStringConvertible {
    var window: [Int]
    var dilation: [Int]
    var padding: [[Int]]
    var reversal: [Bool]? = nil
    var groups = 1
    var strides: [Int]? = nil
    var isConstant = true

    var testDescription: String { "\(window) \(dilation) \(padding) \(groups)" }
  }

  /// The convolution with holes in its input, after the pass, every edit of which is checked on
  /// random values.
  private static func split(_ test: Case) throws -> (convolutions: [Convolution], log: String) {
    let graph = Graph("g")
    try graph.entry("main") {
      let rank = test.window.count
      let digits = (0..<rank).map(String.init).joined()
      let x = try graph.input("x", .f32, Shape([2, 4] + (0..<rank).map { Dimension(5 - $0) }))
      let shape = [4 / test.groups, 6] + test.window
      let numbers = (0..<shape.reduce(1, *)).map { Float($0 * 37 % 101) / 50 - 1 }
      let w =
        test.isConstant
        ? try graph.constant(Tensor(numbers, shape: shape))
        : try graph.input("w", .f32, Shape(shape.map { Dimension($0) }))
      let convolution = Convolution(
        axes: "nc\(digits)_io\(digits)->nc\(digits)",
        strides: test.strides ?? test.window.map { _ in 1 }, padding: test.padding,
        inputDilation: test.dilation, reversal: test.reversal, featureGroups: test.groups)
      try graph.output("y", graph.apply1(convolution, [x, w], site: CallSite()))
    }
    let context = PassContext(
      graph, target: Target(.avx512), catalog: .standard, options: PassOptions(verify: true))
    try context.run(SplitTransposedConvolutions.self)
    try graph.verify()
    let nodes = graph.nodes(graph.entry("main")!.region)
    return (nodes.compactMap { graph.op($0) as? Convolution }, context.log.text(times: false))
  }

  @Test(arguments: [
    Case(window: [2, 2], dilation: [2, 2], padding: [[1, 1], [1, 1]], reversal: [true, true]),
    Case(window: [3, 3], dilation: [2, 2], padding: [[1, 1], [1, 2]], reversal: [true, true]),
    Case(window: [4, 4], dilation: [2, 2], padding: [[2, 2], [2, 2]]),
    Case(window: [5], dilation: [3], padding: [[4, 2]], reversal: [true]),
    Case(window: [4, 3], dilation: [3, 1], padding: [[0, 0], [1, 0]], groups: 2),
    Case(window: [7], dilation: [2], padding: [[-1, 3]]),
    Case(window: [2, 3, 2], dilation: [2, 2, 1], padding: [[1, 1], [2, 1], [0, 0]]),
  ])
  func eachPhaseIsOneConvolutionWithoutHoles(test: Case) throws {
    let (convolutions, log) = try Self.split(test)
    let phases = test.dilation.reduce(1, *)
    #expect(convolutions.count == phases)
    #expect(convolutions.allSatisfy { $0.inputDilation.allSatisfy { $0 == 1 } })
    #expect(
      log.contains(
        "1 x convolution-by-phases: \(phases) convolutions without holes, one for each phase"))
  }

  @Test(arguments: [
    (
      Case(window: [2], dilation: [3], padding: [[0, 0]]),
      "some of its results are sums of nothing but holes"
    ),
    (
      Case(window: [3], dilation: [2], padding: [[0, 0]], strides: [2]),
      "strides and dilated windows go over holes in other ways"
    ),
    (
      Case(window: [5, 5], dilation: [5, 5], padding: [[4, 4], [4, 4]]),
      "25 phases are too many"
    ),
    (
      Case(window: [2], dilation: [2], padding: [[1, 1]], isConstant: false),
      "the weights are no constants, and by infinite ones holes give NaN"
    ),
  ])
  func othersAreLeft(test: Case, reason: String) throws {
    let (convolutions, log) = try Self.split(test)
    #expect(convolutions.count == 1 && convolutions[0].inputDilation == test.dilation)
    #expect(log.contains("left 1 x convolution-by-phases: \(reason)"))
  }
}
