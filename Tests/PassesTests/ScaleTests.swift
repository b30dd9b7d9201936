import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import TenonTestKit
import Testing

@Suite struct ScaleTests {
  /// Twice the blocks give twice the nodes after every pass: no pass does more for a larger graph.
  @Test func nodesGrowWithTheBlocks() throws {
    func counts(_ blocks: Int) throws -> [Int] {
      let graph = try TransformerSketch(blocks: blocks).record()
      let log = try Pipeline.standard.run(
        on: graph, target: Target(.generic), catalog: .standard)
      let unfinished = log.passes.filter { !$0.reachedFixedPoint }
      #expect(unfinished.isEmpty)
      return log.passes.map(\.nodesAfter)
    }
    let (one, two, three) = (try counts(2), try counts(3), try counts(4))
    for place in one.indices {
      #expect(two[place] - one[place] == three[place] - two[place])
    }
  }

  @Test func aLongChainNeedsNoStack() throws {
    let graph = Graph("chain")
    let x = try graph.input("x", .f32, [])
    var y = x
    for _ in 0..<20_000 { y = try -y }
    try graph.output("d", gradients(of: y, wrt: [x])[0])
    let context = PassContext(testing: graph)
    try context.run(ExpandGradients.self)
    #expect(graph.liveNodeCount == 20_001)
    try context.run(SimplifyAlgebra.self)
    #expect(Listing.of(graph) == ["%0 = constant<value: [1.0]>() f32[]", "d = %0"])
  }
}
