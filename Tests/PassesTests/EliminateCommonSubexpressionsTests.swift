import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct EliminateCommonSubexpressionsTests {
  private func merged(_ record: (Graph, Value) throws -> [Value]) throws -> [String] {
    let graph = Graph("merge")
    let x = try graph.input("x", .f32, [2])
    for (place, value) in try record(graph, x).enumerated() {
      try graph.output("y\(place)", value)
    }
    try PassContext(testing: graph).run(EliminateCommonSubexpressions.self)
    return Listing.of(graph)
  }

  @Test func equalChainsBecomeOne() throws {
    #expect(
      try merged { _, x in [try log(exp(x)), try log(exp(x))] } == [
        "%0 = exponential(%x) f32[2]", "%1 = log(%0) f32[2]", "y0 = %1", "y1 = %1",
      ])
  }

  @Test func equalRegionsCountAsEqual() throws {
    #expect(
      try merged { _, x in [try sum(x), try sum(x), try product(x)] }.filter {
        $0.contains("reduce")
      }.count == 2)
  }

  @Test func attributesAndTypesKeepNodesApart() throws {
    #expect(
      try merged { _, x in
        [try convert(x, to: .f16), try convert(x, to: .bf16), try reshape(x, [2, 1])]
      }.count == 6)
  }

  @Test func theFirstNodeTakesTheLinesOfBoth() throws {
    let graph = Graph("lines")
    let x = try graph.input("x", .f32, [2])
    try graph.output("a", exp(x, fileID: "M/a.swift", line: 1))
    try graph.output("b", exp(x, fileID: "M/a.swift", line: 2))
    let context = PassContext(testing: graph)
    try context.run(EliminateCommonSubexpressions.self)
    #expect(graph.origins.lines(graph.origin(NodeID(0))) == ["M/a.swift:1", "M/a.swift:2"])
    #expect(
      context.log.fate(of: NodeID(1))
        == .replaced(
          by: [graph.result(NodeID(0))], rule: "merge-equal-nodes",
          reason: "computed before from the same"))
  }

  @Test func barriersAndWhatReadsThemStayApart() throws {
    let lines = try merged { graph, x in
      let a = try graph.apply1(Barrier(), [x], site: CallSite())
      let b = try graph.apply1(Barrier(), [x], site: CallSite())
      return [try exp(a), try exp(b)]
    }
    #expect(
      lines == [
        "%0 = test_barrier(%x) f32[2]", "%1 = test_barrier(%x) f32[2]",
        "%2 = exponential(%0) f32[2]", "%3 = exponential(%1) f32[2]", "y0 = %2", "y1 = %3",
      ])
  }

  @Test func differentNodesAreUnchanged() throws {
    let graph = Graph("different")
    let x = try graph.input("x", .f32, [2])
    try graph.output("y", exp(log(x)))
    let context = PassContext(testing: graph)
    try context.run(EliminateCommonSubexpressions.self)
    #expect(context.log.passes[0].isUnchanged)
  }
}
