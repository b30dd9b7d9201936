import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct CanonicalizeTests {
  @Test func operandsOfCommutativeOpsAreOrdered() throws {
    let graph = Graph("order")
    let x = try graph.input("x", .f32, [])
    let y = try graph.input("y", .f32, [])
    try graph.output("a", y + x)
    try graph.output("b", 2 * x)
    let context = PassContext(testing: graph)
    try context.run(Canonicalize.self)
    #expect(
      Listing.of(graph) == [
        "%0 = add(%x, %y) f32[]", "%1 = constant<value: [2.0]>() f32[]",
        "%2 = multiply(%x, %1) f32[]", "a = %0", "b = %2",
      ])
    #expect(context.log.edits.map(\.reason) == ["the op is commutative", "the op is commutative"])
  }

  @Test func orderedOperandsAndOtherOpsStay() throws {
    let graph = Graph("ordered")
    let x = try graph.input("x", .f32, [])
    let y = try graph.input("y", .f32, [])
    try graph.output("a", x + y)
    try graph.output("b", y - x)
    try graph.output("c", x * 2)
    let before = Listing.of(graph)
    let context = PassContext(testing: graph)
    try context.run(Canonicalize.self)
    #expect(Listing.of(graph) == before)
    #expect(context.log.passes[0].isUnchanged)
  }
}
