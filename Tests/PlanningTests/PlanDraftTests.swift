import TenonCodegen
import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import TenonTestKit
import Testing

/// An entry's draft with what made it.
struct Drafted {
  let graph: Graph
  let draft: PlanDraft
  let hostNodes: [NodeID]

  /// - Parameter packs: whether constant operands get the layouts that native kernels prefer.
  init(
    _ graph: Graph, pipeline: Pipeline = .standard, entry: String = "main", packs: Bool = false
  ) throws {
    self.graph = graph
    let target = Target(.avx2)
    try pipeline.run(on: graph, target: target, catalog: .standard)
    let table = LoweringTable(graph)
    let groups = GroupBuilder(graph, table, target)
    (draft, hostNodes) = try DraftBuilder.draft(
      graph, table, groups, entry: graph.entry(entry)!, options: PlanningOptions(verify: true),
      refusal: { group in
        if case .stages = group.body { nil } else { "it is run by its meaning here" }
      },
      preferredLayouts: { group, mayChange in
        packs
          ? Scheduler(target: target).preferredLayouts(
            group, mayChange: mayChange, leastBytes: Scheduler.leastPackedBytes)
          : group.inputs.map { _ in nil }
      })
  }
}

/// Runs the draft and the interpreter on the same inputs and compares every output and variable.
@discardableResult
func expectDraftEqual(
  _ record: (Graph) throws -> Void, seed: UInt64 = 1, pipeline: Pipeline = .standard,
  packs: Bool = false
) throws -> Drafted {
  let reference = Graph("reference")
  try record(reference)
  reference.finishRecording()
  let graph = Graph("test")
  try record(graph)
  let drafted = try Drafted(graph, pipeline: pipeline, packs: packs)
  let entry = reference.entry("main")!
  var inputs: [String: Tensor] = [:]
  for (place, binding) in entry.arguments.enumerated() {
    guard case .port(let name) = binding else { continue }
    let type = reference.tensorType(reference.arguments(entry.region)[place])
    inputs[name] = try random(type.shape.constants!, seed: seed &+ UInt64(place))
      .converted(to: type.element)
  }
  let variables = try reference.variables.enumerated().map { place, variable in
    try random(variable.type.shape.constants!, seed: seed &+ UInt64(100 + place))
      .converted(to: variable.type.element)
  }
  let expected = try Interpreter(reference).run(entry, inputs: inputs, variables: variables)
  for runSeed in 0..<3 {
    let runner = DraftRunner(drafted.draft, graph, drafted.hostNodes, seed: UInt64(runSeed))
    let results = try runner.run(
      drafted.draft.inputs.map { inputs[$0.name]! },
      variables: drafted.draft.variables.map { port in
        variables[reference.variables.firstIndex { $0.name == port.name }!]
      })
    for (place, (name, tensor)) in expected.outputs.enumerated() {
      expectClose(results[place], tensor, "\(name)\n\(drafted.draft)")
    }
    for (place, port) in drafted.draft.variables.enumerated() {
      let number = reference.variables.firstIndex { $0.name == port.name }!
      expectClose(
        results[expected.outputs.count + place], expected.variables[number],
        "\(port.name)\n\(drafted.draft)")
    }
  }
  return drafted
}

func expectClose(_ a: Tensor, _ b: Tensor, _ what: String) {
  let (x, y) = ((try? a.doubles()) ?? [], (try? b.doubles()) ?? [])
  let isClose =
    a.shape == b.shape
    && zip(x, y).allSatisfy { x, y in
      x == y || x.isNaN && y.isNaN || abs(x - y) <= 1e-4 * max(1, abs(y))
    }
  #expect(isClose, "\(what)\n\(a)\n\(b)")
}

@Suite struct PlanDraftTests {
  @Test(arguments: 0..<200) func randomGraphsComputeWhatTheyMean(seed: Int) throws {
    let drafted = try expectDraftEqual(
      { try RandomGraph.record($0, seed: UInt64(seed)) }, seed: UInt64(seed))
    #expect(drafted.draft.liveBytes <= drafted.draft.arenaBytes)
    #expect(
      Double(drafted.draft.arenaBytes) <= 1.1 * Double(drafted.draft.liveBytes),
      "\(drafted.draft)")
  }

  @Test func aVariableIsUpdatedWhereItLies() throws {
    let drafted = try expectDraftEqual { graph in
      let w = try graph.variable("w") { try broadcast($0.scalar(1.0, .f32), to: [6, 5]) }
      try graph.entry("main") {
        let x = try graph.input("x", .f32, [4, 6])
        let y = try dotGeneral(x, try w.read(), lhsContracting: [1], rhsContracting: [0])
        let slope = try dotGeneral(x, y, lhsContracting: [0], rhsContracting: [0])
        let back = try dotGeneral(y, try w.read(), lhsContracting: [1], rhsContracting: [1])
        try w.assign(try w.read() - slope * slope.filled(0.1, site: CallSite()))
        try graph.output("back", back)
      }
    }
    #expect(drafted.draft.variablesWrittenInPlace == [0])
    #expect(drafted.draft.variableUpdates.isEmpty)
    #expect(
      drafted.draft.description == """
        draft main
          b0 w: f32[6x5] variable w
          b1 x: f32[4x6] input x
          b2 dot_general: f32[4x5] arena
          b3 back: f32[4x6] output back
          b4 dot_general+multiply+subtract: f32[6x5] in b0
          steps
            b2 = kernel 0(b1, b0) dot_general
            | b3 = kernel 1(b2, b0) dot_general
            | b4 = kernel 2(b1, b2, b0) dot_general+multiply+subtract

        """)
  }
}
