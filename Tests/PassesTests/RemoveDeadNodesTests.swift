import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct RemoveDeadNodesTests {
  @Test func nodesWithoutUseLeave() throws {
    let graph = Graph("dead")
    let x = try graph.input("x", .f32, [2])
    _ = try sum(exp(x))
    try graph.output("y", log(x))
    let context = PassContext(testing: graph)
    try context.run(RemoveDeadNodes.self)
    #expect(Listing.of(graph) == ["%0 = log(%x) f32[2]", "y = %0"])
    let edit = context.log.edits[0]
    // exponential, the initial value, reduce, and the addition inside it.
    #expect(context.log.removed(edit).count == 4)
    for node in context.log.removed(edit) {
      #expect(
        context.log.fate(of: node)
          == .removed(rule: "remove-dead-nodes", reason: "nothing uses its results"))
    }
  }

  @Test func usedNodesStay() throws {
    let graph = Graph("live")
    let x = try graph.input("x", .f32, [2])
    try graph.output("y", sum(x))
    let before = Listing.of(graph)
    let context = PassContext(testing: graph)
    try context.run(RemoveDeadNodes.self)
    #expect(Listing.of(graph) == before)
    #expect(context.log.passes[0].isUnchanged)
  }
}
