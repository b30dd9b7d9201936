import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct ClaimLoweringsTests {
  @Test func compositesBecomeTheirBodies() throws {
    let graph = Graph("relu")
    let x = try graph.input("x", .f32, [2])
    try graph.output("y", relu(x))
    let context = PassContext(testing: graph)
    try context.run(ClaimLowerings.self)
    #expect(
      Listing.of(graph) == [
        "%0 = constant<value: [0.0]>() f32[]",
        "%1 = broadcast_in_dim<shape: [2], dimensions: []>(%0) f32[2]",
        "%2 = maximum(%x, %1) f32[2]", "y = %2",
      ])
    #expect(context.log.edits.map(\.reason) == ["it has no lowering of its own"])
  }

  @Test func claimedKindsStay() throws {
    let graph = Graph("claimed")
    let x = try graph.input("x", .f32, [2])
    try graph.output("y", graph.apply1(Wrapped(), [x], site: CallSite()))
    let before = Listing.of(graph)
    let claiming = PassContext(testing: graph, options: PassOptions(claimedLowerings: ["library"]))
    try claiming.run(ClaimLowerings.self)
    #expect(Listing.of(graph) == before)
    #expect(claiming.log.passes[0].isUnchanged)
    let other = PassContext(testing: graph, options: PassOptions(claimedLowerings: ["compute"]))
    try other.run(ClaimLowerings.self)
    #expect(Listing.of(graph) == ["%0 = exponential(%x) f32[2]", "y = %0"])
    #expect(other.log.edits.map(\.reason) == ["no backend claims library"])
  }

  @Test func aCompositeMadeOfItselfIsNamed() throws {
    let graph = Graph("endless")
    let x = try graph.input("x", .f32, [2])
    try graph.output("y", graph.apply1(Endless(), [x], site: CallSite()))
    let error = #expect(throws: TenonError.self) {
      try PassContext(testing: graph).run(ClaimLowerings.self)
    }
    #expect(
      error?.description == """
        endless: bodies inside bodies go deeper than 64; a composite must not be made of itself
          in pass claim-lowerings
        """)
  }
}

private struct Wrapped: CompositeOp {
  static let name = "wrapped"
  static let signature = Signature(["x"])
  func infer(_ site: InferenceSite) throws -> [ValueType] { [site.type(0)] }
  func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] { [try exp(operands[0])] }
  func lowering(_ site: LoweringSite) -> Lowering? { .library("fft") }
}

private struct Endless: CompositeOp {
  static let name = "endless"
  static let signature = Signature(["x"])
  func infer(_ site: InferenceSite) throws -> [ValueType] { [site.type(0)] }
  func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    [try graph.apply1(Endless(), operands, site: CallSite())]
  }
}
