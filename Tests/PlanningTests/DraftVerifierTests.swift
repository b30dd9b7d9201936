import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import TenonTestKit
import Testing

@testable import TenonCodegen

@Suite struct DraftVerifierTests {
  private let model: StaticString = "M/model.swift"

  /// Contractions that stay kernels of their own.
  private func network(_ record: (Graph, Value, Value) throws -> Void) throws -> Graph {
    let graph = Graph("plans")
    try record(graph, graph.input("x", .f32, [4, 4]), graph.input("w", .f32, [4, 4]))
    return graph
  }

  /// The drafts of all entries, every plan pass checked.
  @discardableResult
  private func draft(
    _ graph: Graph, sizes: [String: Int] = [:], _ passes: [any PlanPass.Type] = []
  ) throws -> [PlanDraft] {
    try graph.bind(sizes)
    let target = Target(.generic)
    try Pipeline.standard.run(on: graph, target: target, catalog: .standard)
    let table = LoweringTable(graph)
    let groups = GroupBuilder(graph, table, target)
    return try graph.entries.map { entry in
      try DraftBuilder.draft(
        graph, table, groups, entry: entry,
        options: PlanningOptions(verify: true, passes: passes),
        refusal: KernelCompiler.refusal
      ).draft
    }
  }

  private func message(_ graph: Graph, _ pass: any PlanPass.Type) -> String {
    do {
      try draft(graph, [pass])
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: TestNetwork.all) func thePlanPassesAreRight(_ network: TestNetwork) throws {
    try draft(network.record(), sizes: network.sizes)
  }

  @Test func anOverwrittenLiveValueIsNamed() throws {
    let graph = try network { graph, x, w in
      let a = try matmul(x, w, fileID: model, line: 3).named("a")
      let b = try matmul(w, x, fileID: model, line: 4).named("b")
      try graph.output("c", matmul(a, b, fileID: model, line: 5))
    }
    #expect(
      message(graph, OverwriteA.self) == """
        plan pass overwrite-a: entry main computes something else after it; correct the pass
          step dot_general at M/model.swift:5 reads b2 (a) after step dot_general at \
        M/model.swift:4 wrote b3 (b) there
          at M/model.swift:5
        """)
  }

  @Test func aDeadValueMayBeOverwritten() throws {
    let graph = try network { graph, x, w in
      let a = try matmul(x, w).named("a")
      let c = try matmul(a, w).named("c")
      let b = try matmul(c, x).named("b")
      try graph.output("d", matmul(b, x))
    }
    #expect(message(graph, OverwriteA.self) == "no error")
  }

  @Test func anOperandThatIsStillReadIsNamed() throws {
    let graph = try network { graph, x, w in
      let a = try matmul(x, w, fileID: model, line: 3).named("a")
      let b = try matmul(a, x, fileID: model, line: 4).named("b")
      try graph.output("c", matmul(b, x, fileID: model, line: 5))
    }
    #expect(
      message(graph, OverwriteA.self) == """
        plan pass overwrite-a: entry main computes something else after it; correct the pass
          step dot_general at M/model.swift:4 writes b3 (b) over b2 (a), which it still reads
          at M/model.swift:4
        """)
  }

  @Test func twoOutputsInOnePlaceAreNamed() throws {
    let graph = try network { graph, x, w in
      try graph.output("y", matmul(x, w, fileID: model, line: 3))
      try graph.output("z", matmul(w, x, fileID: model, line: 4))
    }
    #expect(
      message(graph, AliasOutputs.self) == """
        plan pass alias-outputs: entry main computes something else after it; correct the pass
          output y is taken from b2 after step dot_general at M/model.swift:4 wrote b3 (z) there
          at M/model.swift:4
        """)
  }

  @Test func stepsInTheOtherOrderAreRight() throws {
    let graph = try network { graph, x, w in
      try graph.output("y", matmul(x, w))
      try graph.output("z", matmul(w, x))
    }
    #expect(message(graph, ReverseSteps.self) == "no error")
  }

  @Test func stepsThatReadTooEarlyAreNamed() throws {
    let graph = try network { graph, x, w in
      let a = try matmul(x, w, fileID: model, line: 3).named("a")
      try graph.output("y", matmul(a, x, fileID: model, line: 4))
    }
    #expect(
      message(graph, ReverseSteps.self) == """
        plan pass reverse-steps: entry main computes something else after it; correct the pass
          step dot_general at M/model.swift:4 reads b2 (a) before any step wrote it
          at M/model.swift:4
        """)
  }
}

/// Gives the value `b` the memory of `a`.
private struct OverwriteA: PlanPass {
  static let name = "overwrite-a"
  func run(_ draft: inout PlanDraft) {
    let (a, b) = (
      draft.buffers.firstIndex { $0.name == "a" }!, draft.buffers.firstIndex { $0.name == "b" }!
    )
    draft.buffers[b].place = .alias(of: a, byteOffset: 0)
  }
}

/// Gives the second output the memory of the first.
private struct AliasOutputs: PlanPass {
  static let name = "alias-outputs"
  func run(_ draft: inout PlanDraft) {
    let first = draft.buffers.firstIndex { $0.place == .output(0) }!
    let second = draft.buffers.firstIndex { $0.place == .output(1) }!
    draft.buffers[second].place = .alias(of: first, byteOffset: 0)
  }
}

private struct ReverseSteps: PlanPass {
  static let name = "reverse-steps"
  func run(_ draft: inout PlanDraft) { draft.steps.reverse() }
}
