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
        options: PlanningOptions(verify: true, passes: entry.name == "main" ? passes : []),
        refusal: KernelCompiler.refusal,
        preferredLayouts: {
          Scheduler(target: target).preferredLayouts(
            $0, mayChange: $1, leastBytes: Scheduler.leastPackedBytes)
        }
      ).draft
    }
  }

  private func message(
    _ graph: @autoclosure () throws -> Graph, _ pass: any PlanPass.Type
  ) -> String {
    do {
      try draft(graph(), [pass])
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

  // MARK: Preparation

  /// Two products of weights that are large enough to be packed, and a variable that the entry
  /// writes.
  private func prepared() throws -> Graph {
    let graph = Graph("plans")
    let (w, v) = try (
      graph.variable("w") { try broadcast($0.scalar(1.0, .f32), to: [50, 100]) },
      graph.variable("v") { try broadcast($0.scalar(2.0, .f32), to: [50, 100]) }
    )
    let count = try graph.variable("count") { try broadcast($0.scalar(2.0, .f32), to: [20, 20]) }
    try graph.entry("main") {
      let x = try graph.input("x", .f32, [20, 50])
      try graph.output("y", matmul(x, w.read(), fileID: model, line: 3))
      try graph.output("z", matmul(x, v.read(), fileID: model, line: 4))
      let next = try count.read()
      try count.assign(matmul(next, next, fileID: model, line: 5))
    }
    return graph
  }

  @Test func packedWeightsAreRight() throws {
    let drafts = try draft(prepared())
    let main = try #require(drafts.first { $0.name == "main" })
    #expect(main.prepare.map(\.label) == ["pack", "pack"])
    #expect(main.steps.map(\.label) == ["dot_general", "dot_general", "dot_general"])
  }

  @Test func aPackedOperandReadAsAPlainOneIsNamed() throws {
    #expect(
      message(try prepared(), ForgetLayout.self) == """
        plan pass forget-layout: entry main computes something else after it; correct the pass
          step dot_general at M/model.swift:3 reads b7 (w) after step pack at M/model.swift:3 \
        wrote b7 (w) there
          at M/model.swift:3
        """)
  }

  @Test func otherWeightsPackedAreNamed() throws {
    #expect(
      message(try prepared(), PackTheOther.self) == """
        plan pass pack-the-other: entry main computes something else after it; correct the pass
          step pack at M/model.swift:3 reads b1 (v) before any step wrote it
          at M/model.swift:3
        """)
  }

  @Test func inputsThatArePreparedAreNamed() throws {
    #expect(
      message(try prepared(), PrepareFirst.self) == """
        plan pass prepare-first: entry main computes something else after it; correct the pass
          step dot_general at M/model.swift:3 runs once but reads b3 (x), which runs change
          at M/model.swift:3
        """)
  }

  @Test func writtenVariablesThatArePreparedAreNamed() throws {
    #expect(
      message(try prepared(), PrepareLast.self) == """
        plan pass prepare-last: entry main computes something else after it; correct the pass
          step dot_general at M/model.swift:5 runs once but reads b2 (count), which runs change
          at M/model.swift:5
        """)
  }

  @Test func overwrittenPreparationIsNamed() throws {
    #expect(
      message(try prepared(), OverwritePacked.self) == """
        plan pass overwrite-packed: entry main computes something else after it; correct the pass
          step dot_general at M/model.swift:3 writes b4 (y), which is prepared once
          at M/model.swift:3
        """)
  }
}

extension PlanDraft.Step {
  fileprivate var kernel: (group: Int, inputs: [Int], outputs: [Int]) {
    guard case .kernel(let group, let inputs, let outputs) = kind else { fatalError("no kernel") }
    return (group, inputs, outputs)
  }
}

/// Lets the first step read its packed operand as if it lay plainly.
private struct ForgetLayout: PlanPass {
  static let name = "forget-layout"
  func run(_ draft: inout PlanDraft) {
    let (group, inputs, outputs) = draft.steps[0].kernel
    var plain = draft.groups[group]
    for place in plain.inputs.indices { plain.inputs[place].layout = nil }
    draft.steps[0].kind = .kernel(
      group: draft.number(of: plain), inputs: inputs, outputs: outputs)
  }
}

/// Packs the second packing's operand in the first one's place.
private struct PackTheOther: PlanPass {
  static let name = "pack-the-other"
  func run(_ draft: inout PlanDraft) {
    let (group, _, outputs) = draft.prepare[0].kernel
    draft.prepare[0].kind = .kernel(
      group: group, inputs: draft.prepare[1].kernel.inputs, outputs: outputs)
  }
}

private struct PrepareFirst: PlanPass {
  static let name = "prepare-first"
  func run(_ draft: inout PlanDraft) { draft.prepare.append(draft.steps.removeFirst()) }
}

private struct PrepareLast: PlanPass {
  static let name = "prepare-last"
  func run(_ draft: inout PlanDraft) { draft.prepare.append(draft.steps.removeLast()) }
}

/// Gives the first result the memory of the first packed operand.
private struct OverwritePacked: PlanPass {
  static let name = "overwrite-packed"
  func run(_ draft: inout PlanDraft) {
    let result = draft.steps[0].writes[0]
    draft.buffers[result].place = .alias(of: draft.prepare[0].writes[0], byteOffset: 0)
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
