import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct RandomGraphTests {
  /// Every edit of every pass keeps the meaning on random graphs, and every recorded node is
  /// accounted for.
  @Test(arguments: 0..<16) func everyEditKeepsTheMeaning(_ seed: Int) throws {
    let graph = try RandomGraph.record(seed: UInt64(seed), nodes: 40)
    let recorded = graph.nodeCapacity
    let log = try Pipeline.standard.run(
      on: graph, target: Target(.generic), catalog: .standard, options: PassOptions(verify: true))
    var live: Set<NodeID> = []
    for entry in graph.entries {
      for region in graph.regions(under: entry.region) { live.formUnion(graph.nodes(region)) }
    }
    for index in 0..<recorded {
      #expect((log.fate(of: NodeID(index)) == .live) == live.contains(NodeID(index)))
    }
    let unchecked = log.passes.flatMap(\.uncheckedEdits)
    #expect(
      Set(unchecked).subtracting(["expand-gradient: gradient neither evaluates nor has a body"])
        .isEmpty)
  }

  /// Two recordings of one program leave the same text.
  @Test(arguments: [1, 2, 3]) func theResultIsTheSameEachTime(_ seed: Int) throws {
    func run() throws -> String {
      let graph = try RandomGraph.record(seed: UInt64(seed), nodes: 60)
      try Pipeline.standard.run(on: graph, target: Target(.generic), catalog: .standard)
      return graph.text(.init(origins: true))
    }
    #expect(try run() == run())
  }
}
