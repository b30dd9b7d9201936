import TenonCodegen
import TenonGraph
import TenonOps
import TenonTensor
import Testing

/// Drafts of loops and branches as text.
@Suite struct ControlFlowDraftTests {
  @Test func aLoopCarriesItsValuesWhereTheyLie() throws {
    let drafted = try expectDraftEqual { graph in
      let x = try graph.input("x", .f32, [6])
      let results = try whileLoop([try graph.scalar(3, .i64), x]) {
        try greater($0[0], 0)
      } body: {
        [try $0[0] - 1, try exp(-$0[1])]
      }
      try graph.output("y", results[1])
    }
    let copies = drafted.draft.steps.filter {
      if case .copy = $0.kind { true } else { false }
    }
    // The input and the constant are copied once, before the loop; nothing is copied in it.
    #expect(copies.count == 2)
    guard case .loop(let condition, _, let body, nil) = drafted.draft.steps.last!.kind else {
      Issue.record("the last step is no loop\n\(drafted.draft)")
      return
    }
    #expect(condition.count == 1)
    #expect(body.count == 2)
    #expect(body.allSatisfy { if case .kernel = $0.kind { true } else { false } })
    #expect(condition[0].barrierBefore && body[0].barrierBefore)
  }

  @Test func swappedValuesAreMovedAsIfAtOnce() throws {
    try expectDraftEqual { graph in
      let x = try graph.input("x", .f32, [6])
      let y = try graph.input("y", .f32, [6])
      let results = try whileLoop([try graph.scalar(3, .i64), x, y]) {
        try greater($0[0], 0)
      } body: {
        [try $0[0] - 1, $0[2], $0[1]]
      }
      try graph.output("a", results[1])
      try graph.output("b", results[2])
    }
  }

  @Test func branchesWriteTheirResultsWhereTheyEnd() throws {
    let drafted = try expectDraftEqual { graph in
      let x = try graph.input("x", .f32, [6])
      let results = try conditional(less(sum(x), sum(x * x))) {
        [try exp(x)]
      } onFalse: {
        [try -x]
      }
      try graph.output("y", results[0])
    }
    guard case .branch(_, let branches) = drafted.draft.steps.last!.kind else {
      Issue.record("the last step is no branch\n\(drafted.draft)")
      return
    }
    #expect(branches.map(\.count) == [1, 1])
    for branch in branches {
      #expect(
        branch[0].writes.map { drafted.draft.buffers[drafted.draft.root($0).buffer].place } == [
          .output(0)
        ])
    }
  }

  @Test func aCheckpointIsNoBranch() throws {
    let drafted = try expectDraftEqual { graph in
      let x = try graph.input("x", .f32, [6])
      let results = try graph.checkpoint { [try exp(x)] }
      try graph.output("y", results[0])
    }
    #expect(drafted.draft.steps.allSatisfy { $0.blocks.isEmpty })
  }
}
