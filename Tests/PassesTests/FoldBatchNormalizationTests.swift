import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct FoldBatchNormalizationTests {
  @Test func aFactorGoesIntoTheWeights() throws {
    let text =
      try rewritten(
        by: FoldBatchNormalization.self,
        """
        graph "g" {
          entry "main" ("x" %0: f32[4x2]) {
            %1 = constant() {value = f32[2x3](1.0, 2.0, 3.0, 4.0, 5.0, 6.0)}: f32[2x3]
            %2 = constant() {value = f32[3](0.5, 2.0, -1.0)}: f32[3]
            %3 = constant() {value = f32[3](1.0, 0.0, 3.0)}: f32[3]
            %4 = dot_general(%0, %1) {lhsBatching = [], rhsBatching = [], lhsContracting = [1], \
        rhsContracting = [0], result = none}: f32[4x3]
            %5 = broadcast_in_dim(%2) {shape = [4, 3], dimensions = [1]}: f32[4x3]
            %6 = multiply(%4, %5): f32[4x3]
            %7 = broadcast_in_dim(%3) {shape = [4, 3], dimensions = [1]}: f32[4x3]
            %8 = add(%6, %7): f32[4x3]
          } -> ("y" %8)
        }
        """)
    #expect(
      text == """
        graph "g" {
          entry "main" ("x" %0: f32[4x2]) {
            %1 = constant() {value = f32[2x3](1.0, 2.0, 3.0, 4.0, 5.0, 6.0)}: f32[2x3]
            %2 = constant() {value = f32[3](0.5, 2.0, -1.0)}: f32[3]
            %3 = constant() {value = f32[3](1.0, 0.0, 3.0)}: f32[3]
            %4 = broadcast_in_dim(%2) {shape = [2, 3], dimensions = [1]}: f32[2x3]
            %5 = multiply(%1, %4): f32[2x3]
            %6 = dot_general(%0, %5) {lhsBatching = [], rhsBatching = [], lhsContracting = [1], \
        rhsContracting = [0]}: f32[4x3]
            %7 = broadcast_in_dim(%3) {shape = [4, 3], dimensions = [1]}: f32[4x3]
            %8 = add(%6, %7): f32[4x3]
          } -> ("y" %8)
        }

        """)
  }

  /// A convolution with bias, then inference normalization: one convolution, one addition.
  @Test func aNormalizedConvolutionIsAConvolutionAndAnAddition() throws {
    let graph = Graph("conv")
    let x = try graph.input("x", .f32, [1, 2, 5, 5])
    func constant(_ sizes: [Int], _ phase: Int) throws -> Value {
      try graph.constant(
        Tensor(
          (0..<RowMajor.count(sizes)).map { Float(($0 + phase) % 7) / 4 + 0.25 }, shape: sizes))
    }
    let y = try conv2d(x, constant([4, 1, 3, 3], 1), bias: constant([4], 2), groups: 2)
    try graph.output(
      "y",
      relu(
        batchNorm(
          y, scale: constant([4], 3), bias: constant([4], 4), mean: constant([4], 5),
          variance: constant([4], 6))))
    let log = try Pipeline.standard.removing("fuse").run(
      on: graph, target: Target(.generic), catalog: .standard, options: PassOptions(verify: true))
    let region = graph.entries[0].region
    #expect(
      graph.nodes(region).map { type(of: graph.op($0)).name } == [
        "constant", "convolution", "constant", "broadcast_in_dim", "add", "constant",
        "broadcast_in_dim", "maximum",
      ])
    let fold = try #require(log.passes.first { $0.name == "fold-batch-normalization" })
    #expect(
      log.rewriteCounts(fold).map(\.rule) == [
        "factor-through-shift", "factor-into-weights", "shifts-into-one",
      ])
    #expect(fold.uncheckedEdits == [])
  }

  @Test func whatIsUsedWithoutTheFactorStays() throws {
    let graph = Graph("used")
    let x = try graph.input("x", .f32, [4, 2])
    let weights = try graph.constant(Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]))
    let factor = try broadcast(graph.constant(Tensor([2, 3] as [Float])), to: [4, 2])
    let y = try dotGeneral(x, weights, lhsContracting: [1], rhsContracting: [0])
    try graph.output("y", y)
    try graph.output("z", y * factor)
    let before = Listing.of(graph)
    let context = PassContext(testing: graph, options: PassOptions(verify: true))
    try context.run(FoldBatchNormalization.self)
    #expect(Listing.of(graph) == before)
    #expect(
      context.log.passes[0].refusals.map(\.reason) == [
        "what it multiplies is used without the factor too"
      ])
  }

  @Test func weightsThatAreNoConstantsStay() throws {
    let graph = Graph("fed")
    let x = try graph.input("x", .f32, [4, 2])
    let factor = try broadcast(graph.constant(Tensor([2, 3] as [Float])), to: [4, 2])
    try graph.output("y", matmul(x, graph.input("w", .f32, [2, 2])) * factor)
    let before = Listing.of(graph)
    let context = PassContext(testing: graph, options: PassOptions(verify: true))
    try context.run(FoldBatchNormalization.self)
    #expect(context.log.passes[0].isUnchanged)
    #expect(Listing.of(graph) == before)
  }
}
