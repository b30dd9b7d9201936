import TenonCodegen
import TenonGraph
import TenonPasses
import TenonRuntime
import TenonTensor

/// What the compiler did, for `inspect` and for questions.
public struct CompileReport: @unchecked Sendable {
  /// The graph as the passes left it. Nothing edits it any more.
  public let graph: Graph
  public let passes: PassLog
  /// The plans of the entries; empty on the reference backend.
  package let entries: [CompiledEntry]
  let target: Target

  init(graph: Graph, passes: PassLog, target: Target, entries: [CompiledEntry]) {
    self.graph = graph
    self.passes = passes
    self.target = target
    self.entries = entries
  }

  /// The entries' drafts, each with its kernels' symbols by group; drafted for the question alone
  /// where the entries run on the interpreter. Entries that cannot be drafted are missing.
  var drafts: [(draft: PlanDraft, symbols: [String]?)] {
    if !entries.isEmpty { return entries.map { ($0.draft, $0.kernels.map(\.planned.symbol)) } }
    let table = LoweringTable(graph)
    let groups = GroupBuilder(graph, table, target)
    return graph.entries.compactMap { entry in
      let made = try? DraftBuilder.draft(
        graph, table, groups, entry: entry, refusal: KernelCompiler.refusal)
      return made.map { ($0.draft, nil) }
    }
  }

  /// One step of a plan that runs a kernel.
  public struct Kernel: Sendable {
    public let entry: String
    /// What it computes: `dot_general+add`.
    public let label: String
    /// The function's name in the object and in the C source.
    public let symbol: String
    /// The user's lines, or a model's nodes.
    public let origins: [String]
    /// `f32[32x64], f32[64x10] -> f32[32x10]`.
    public let types: String
    /// Floating-point operations and bytes read and written, of one run.
    public let flops: Dimension
    public let bytes: Dimension
    /// Parts that threads take, at most so many at once.
    public let tiles: Dimension
    /// The choices made: tiles, order, vectors.
    public let schedule: String
    /// Why these ops are one kernel, and why what it computes does not join what reads it.
    public let reasons: [String]
    /// Each element type in which it computes, and why: `f32, as recorded`.
    public let arithmetic: [String]
    /// Whether this compilation needed the C compiler for it, and why.
    public let compilation: String
    /// True for steps that run once, when the plan is loaded.
    public let isPreparation: Bool
    /// The C source of the kernel alone.
    public let source: String
  }

  /// A buffer of a plan.
  public struct Buffer: Sendable {
    public let name: String
    public let type: TensorType
    /// `arena + 4096`, `input x`, `in b3 + 64`.
    public let place: String
    public let byteCount: Int
    /// The first and last step that need it; nil where none does.
    public let lifetime: ClosedRange<Int>?
  }

  /// The memory of an entry's plan.
  public struct Memory: Sendable {
    public let entry: String
    public let buffers: [Buffer]
    public let arenaBytes: Int
    /// The largest sum of bytes live at one step, each buffer rounded up to 64.
    public let liveBytes: Int
    public let preparedBytes: Int
    public let scratchBytesPerThread: Int
  }
}

extension CompileReport {
  /// The kernels of all entries in the order in which they run.
  public var kernels: [Kernel] {
    let arithmetic = ArithmeticReasons(self)
    return entries.flatMap { entry -> [Kernel] in
      let steps =
        CompileReport.flattened(entry.draft.prepare).map { ($0, true) }
        + CompileReport.flattened(entry.draft.steps).map { ($0, false) }
      var kernels: [Kernel] = []
      for (step, isPreparation) in steps {
        let kernel = kernel(step, entry, isPreparation, place: kernels.count, arithmetic)
        if let kernel { kernels.append(kernel) }
      }
      return kernels
    }
  }

  private func kernel(
    _ step: PlanDraft.Step, _ entry: CompiledEntry, _ isPreparation: Bool, place: Int,
    _ arithmetic: ArithmeticReasons
  ) -> Kernel? {
    guard case .kernel(let group, let inputs, let outputs) = step.kind else { return nil }
    let compiled = entry.kernels[group]
    let cost = entry.draft.groups[group].cost
    func types(_ buffers: [Int]) -> String {
      buffers.map { entry.draft.buffers[$0].type.description }.joined(separator: ", ")
    }
    let origins = graph.origins.lines(step.origin)
    let account = NodeAccount.Kernel(
      entry: entry.draft.name, label: step.label, symbol: compiled.planned.symbol, place: place)
    let comment = ([step.label] + origins).joined(separator: "\n")
    return Kernel(
      entry: entry.draft.name, label: step.label, symbol: compiled.planned.symbol,
      origins: origins, types: "\(types(inputs)) -> \(types(outputs))", flops: cost.flops,
      bytes: cost.bytes, tiles: compiled.planned.tiles, schedule: compiled.schedule,
      reasons: step.node.map(reasons) ?? [],
      arithmetic: arithmetic.lines(account, entry.draft.groups[group], step.node),
      compilation: compiled.compilation,
      isPreparation: isPreparation, source: compiled.source(comment: comment))
  }

  /// Why a node of the compiled graph is a kernel as it is: what made it, and what the `fuse` pass
  /// refused.
  private func reasons(_ node: NodeID) -> [String] {
    var reasons: [String] = []
    if let edit = passes.creation(of: node).map({ passes.edits[$0] }), edit.rule == "fuse" {
      reasons.append(edit.reason)
    }
    let members = graph.regions(node).reduce([node]) { $0 + graph.nodes($1) }
    for pass in passes.passes where pass.name == FuseGroups.name {
      for refusal in pass.refusals where members.contains(refusal.node) {
        let reason = "\(graph.opName(refusal.node)) does not join a reader: \(refusal.reason)"
        if !reasons.contains(reason) { reasons.append(reason) }
      }
    }
    return reasons
  }

  private static func flattened(_ steps: [PlanDraft.Step]) -> [PlanDraft.Step] {
    steps.flatMap { [$0] + $0.blocks.flatMap(flattened) }
  }

  /// The memory of each entry's plan.
  public var memory: [Memory] {
    entries.map { entry in
      Memory(
        entry: entry.draft.name,
        buffers: entry.draft.buffers.indices.map { buffer($0, entry.draft) },
        arenaBytes: entry.draft.arenaBytes, liveBytes: entry.draft.liveBytes,
        preparedBytes: entry.draft.preparedBytes,
        scratchBytesPerThread: entry.plan.scratchBytesPerThread)
    }
  }

  private func buffer(_ number: Int, _ draft: PlanDraft) -> Buffer {
    let buffer = draft.buffers[number]
    let place =
      switch buffer.place {
      case .arena: "arena + \(buffer.offset)"
      case .prepared: "prepared + \(buffer.offset)"
      case .constant(let index): "constant \(draft.constants[index].name)"
      case .variable(let index): "variable \(draft.variables[index].name)"
      case .input(let index): "input \(draft.inputs[index].name)"
      case .output(let index): "output \(draft.outputs[index].name)"
      case .alias(let other, let offset): "in b\(other)" + (offset == 0 ? "" : " + \(offset)")
      }
    return Buffer(
      name: buffer.name, type: buffer.type, place: place, byteCount: buffer.byteCount,
      lifetime: draft.lifetimes[number])
  }
}
