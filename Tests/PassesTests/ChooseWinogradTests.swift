import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct ChooseWinogradTests {
  /// A convolution of 3 x 3 windows with constant weights.
  private static func graph(
    _ input: [Int], outputs: Int, isConstant: Bool = true, element: ElementType = .f32
  ) throws -> Graph {
    let graph = Graph("g")
    try graph.entry("main") {
      let x = try graph.input("x", element, Shape(input.map { Dimension($0) }))
      let shape = [outputs, input[1], 3, 3]
      let w =
        isConstant
        ? try graph.constant(filled(element, shape))
        : try graph.input("w", element, Shape(shape.map { Dimension($0) }))
      try graph.output("y", convolution(x, w, padding: [[1, 1], [1, 1]]))
    }
    return graph
  }

  private static func filled(_ element: ElementType, _ shape: [Int]) throws -> Tensor {
    try Tensor(
      element, shape: shape, doubles: [Double](repeating: 0.5, count: shape.reduce(1, *)))
  }

  private static func log(
    _ graph: Graph, precision: PassOptions.Precision = .standard, isClaimed: Bool = true
  ) throws -> (text: String, log: String) {
    let options = PassOptions(
      claimedLowerings: isClaimed ? ["compute", "winograd"] : ["compute"], precision: precision)
    let context = PassContext(
      graph, target: Target(.avx512), catalog: .standard, options: options)
    try context.run(ChooseWinograd.self)
    try graph.verify()
    return (graph.text(), context.log.text(times: false))
  }

  @Test func largeImagesAreComputedSo() throws {
    let (text, log) = try Self.log(Self.graph([1, 64, 56, 56], outputs: 64))
    #expect(text.contains("algorithm = \"winograd\""))
    #expect(
      log == """
        choose-winograd  2 -> 2 nodes, 2 rounds
          1 x convolution-by-winograd: F(4x4, 3x3) takes about 460.6 us, term by term 1360.1 us; \
        errors are about 1e-5 of the results' scale

        """)
  }

  private func expectLeft(_ graph: Graph, because reason: String, strictly: Bool = false) throws {
    let before = graph.text()
    let (text, log) = try Self.log(graph, precision: strictly ? .strict : .standard)
    #expect(text == before)
    #expect(
      log == """
        choose-winograd  \(graph.text().contains("constant") ? 2 : 1) nodes (unchanged)
          left 1 x convolution-by-winograd: \(reason)

        """)
  }

  @Test func refusalsSayWhy() throws {
    try expectLeft(
      Self.graph([1, 64, 56, 56], outputs: 64),
      because: "strict precision allows no errors of 1e-5",
      strictly: true)
    try expectLeft(
      Self.graph([1, 64, 56, 56], outputs: 64, isConstant: false),
      because: "the weights are no constants, so that each run would transform them")
    try expectLeft(
      Self.graph([1, 64, 56, 56], outputs: 60),
      because: "its channels are no whole blocks of 16 of known sizes")
    try expectLeft(
      Self.graph([1, 64, 56, 56], outputs: 64, element: .f64), because: "only f32 is computed so")
    let uncovered = Graph("g")
    try uncovered.entry("main") {
      let x = try uncovered.input("x", .f32, [1, 64, 56, 57])
      let w = try uncovered.constant(Self.filled(.f32, [64, 64, 3, 3]))
      try uncovered.output("y", convolution(x, w, padding: [[1, 1], [0, 0]]))
    }
    try expectLeft(uncovered, because: "tiles of 4 x 4 results would read beyond the image")
    try expectLeft(
      Self.graph([1, 512, 7, 7], outputs: 512),
      because: "F(4x4, 3x3) takes about 2843.4 us, term by term 1360.1 us")
  }

  @Test func otherBackendsAndOtherWindowsAreLeft() throws {
    let graph = try Self.graph([1, 64, 56, 56], outputs: 64)
    #expect(
      try Self.log(graph, isClaimed: false).log == "choose-winograd  2 nodes (unchanged)\n")
    let strided = Graph("g")
    try strided.entry("main") {
      let x = try strided.input("x", .f32, [1, 64, 56, 56])
      let w = try strided.constant(Self.filled(.f32, [64, 64, 3, 3]))
      try strided.output("y", convolution(x, w, strides: [2, 2], padding: [[1, 1], [1, 1]]))
    }
    #expect(try Self.log(strided).log == "choose-winograd  2 nodes (unchanged)\n")
  }
}
