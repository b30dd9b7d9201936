import TenonCodegen
import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct PreparationTests {
  /// Larger than folding takes.
  private func weights() throws -> Tensor { try random([160, 130], seed: 3) }

  @Test func workOnConstantsAloneIsDoneOnce() throws {
    let weights = try weights()
    let drafted = try expectDraftEqual { graph in
      let x = try graph.input("x", .f32, [2, 160])
      let w = try exp(graph.constant(weights))
      try graph.output("y", dotGeneral(x, w, lhsContracting: [1], rhsContracting: [0]))
    }
    #expect(drafted.draft.prepare.map(\.label) == ["exponential"])
    #expect(drafted.draft.steps.map(\.label) == ["dot_general"])
    #expect(drafted.draft.preparedBytes == 160 * 130 * 4)
  }

  @Test func variablesThatTheEntryWritesAreNotPrepared() throws {
    let drafted = try expectDraftEqual { graph in
      let w = try graph.variable("w") { try broadcast($0.scalar(0.5, .f32), to: [160, 130]) }
      try graph.entry("main") {
        let x = try graph.input("x", .f32, [2, 160])
        let powers = try exp(w.read())
        try graph.output("y", dotGeneral(x, powers, lhsContracting: [1], rhsContracting: [0]))
        try w.assign(powers)
      }
    }
    #expect(drafted.draft.prepare.isEmpty)
  }

  @Test func variablesThatTheEntryOnlyReadsArePrepared() throws {
    let drafted = try expectDraftEqual { graph in
      let w = try graph.variable("w") { try broadcast($0.scalar(0.5, .f32), to: [160, 130]) }
      try graph.entry("main") {
        let x = try graph.input("x", .f32, [2, 160])
        let powers = try exp(w.read())
        try graph.output("y", dotGeneral(x, powers, lhsContracting: [1], rhsContracting: [0]))
      }
    }
    #expect(drafted.draft.prepare.map(\.label) == ["exponential"])
  }
}
