import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct PassLogTests {
  @Test func theTextCountsRewritesAndRefusals() throws {
    let graph = Graph("log")
    let x = try graph.input("x", .f32, [2])
    let y = try graph.apply1(
      Subtract(), [x, x], site: CallSite(fileID: "M/model.swift", line: 3))
    try graph.output("y", -(-(-(-y))) * 1)
    let context = PassContext(testing: graph)
    try context.run(FoldConstants.self)
    try context.run(SimplifyAlgebra.self)
    try context.run(SimplifyAlgebra.self)
    #expect(
      context.log.text(graph, times: false) == """
        fold-constants      8 nodes (unchanged)
        simplify-algebra    8 -> 1 nodes, 2 rounds
          2 x negate-twice: -(-x) is x
          1 x multiply-by-one: x * 1 is x
          left 1 x subtract-integer-from-itself: x - x is not 0 for NaN and infinities, \
        first at M/model.swift:3
        simplify-algebra#2  1 nodes (unchanged)
          left 1 x subtract-integer-from-itself: x - x is not 0 for NaN and infinities, \
        first at M/model.swift:3

        """)
  }

  @Test func dumpsAreMadeWhereAskedFor() throws {
    let graph = Graph("dump")
    let x = try graph.input("x", .f32, [2])
    try graph.output("y", exp(x * 1))
    let context = PassContext(
      testing: graph, options: PassOptions(dumpAfter: .after(["simplify-algebra"])))
    try context.run(SimplifyAlgebra.self)
    try context.run(RemoveDeadNodes.self)
    try context.run(SimplifyAlgebra.self)
    let dump = """
      graph "dump" {
        entry "main" ("x" %0: f32[2]) {
          %1 "y" = exponential(%0): f32[2]
        } -> ("y" %1)
      }

      """
    #expect(context.log.passes.map(\.dump) == [dump, nil, "(unchanged)\n"])
  }
}
