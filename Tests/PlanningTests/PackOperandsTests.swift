import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

@testable import TenonCodegen

@Suite struct PackOperandsTests {
  private static func weights(_ graph: Graph, _ sizes: [Dimension]) throws -> Variable {
    try graph.variable("w") { try broadcast($0.scalar(1.0, .f32), to: Shape(sizes)) }
  }

  @Test func whatStaysTheSameIsPackedOnce() throws {
    let drafted = try expectDraftEqual(
      { graph in
        let w = try PackOperandsTests.weights(graph, [50, 100])
        try graph.entry("main") {
          let x = try graph.input("x", .f32, [20, 50])
          let y = try graph.input("y", .f32, [20, 50])
          let weights = try w.read()
          try graph.output("a", dotGeneral(x, weights, lhsContracting: [1], rhsContracting: [0]))
          try graph.output("b", dotGeneral(y, weights, lhsContracting: [1], rhsContracting: [0]))
        }
      }, packs: true)
    #expect(
      drafted.draft.description == """
        draft main
          b0 w: f32[50x100] variable w
          b1 x: f32[20x50] input x
          b2 y: f32[20x50] input y
          b3 a: f32[20x100] output a
          b4 b: f32[20x100] output b
          b5 w: f32[7x50x16] prepared
          prepare
            b5 = kernel 0(b0) pack
          steps
            b3 = kernel 1(b1, b5) dot_general
            b4 = kernel 1(b2, b5) dot_general

        """)
    #expect(drafted.draft.groups[1].inputs[1].layout?.description == "{1/16,0,16:1}")
    #expect(drafted.draft.preparedBytes == 7 * 50 * 16 * 4)
  }

  @Test func loopsReadWhatIsPackedOutside() throws {
    let drafted = try expectDraftEqual(
      { graph in
        let w = try PackOperandsTests.weights(graph, [90, 90])
        try graph.entry("main") {
          let x = try graph.input("x", .f32, [2, 20, 90])
          let weights = try w.read()
          let start = try broadcast(graph.scalar(0.0, .f32), to: [20, 90])
          let results = try scan([start], over: [x]) { carried, slices in
            let next = try dotGeneral(
              carried[0] + slices[0], weights, lhsContracting: [1], rhsContracting: [1])
            return ([next], [])
          }
          try graph.output("y", results.carried[0])
        }
      }, packs: true)
    #expect(drafted.draft.prepare.count == 1)
    let inner = drafted.draft.steps.flatMap(\.blocks).joined()
    #expect(
      inner.contains { step in
        step.reads.contains { drafted.draft.buffers[$0].place == .prepared }
      })
  }

  @Test func whatChangesOrIsSmallIsNotPacked() throws {
    func prepared(_ sizes: [Dimension], updates: Bool) throws -> Int {
      let drafted = try expectDraftEqual(
        { graph in
          let w = try PackOperandsTests.weights(graph, sizes)
          try graph.entry("main") {
            let x = try graph.input("x", .f32, [20, sizes[0]])
            let weights = try w.read()
            try graph.output(
              "a", dotGeneral(x, weights, lhsContracting: [1], rhsContracting: [0]))
            if updates { try w.assign(weights + weights) }
          }
        }, packs: true)
      return drafted.draft.prepare.count
    }
    #expect(try prepared([50, 100], updates: false) == 1)
    #expect(try prepared([50, 100], updates: true) == 0)
    #expect(try prepared([30, 100], updates: false) == 0)
  }
}
