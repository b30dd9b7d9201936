import TenonCodegen
import TenonGraph
import TenonRuntime
import TenonTensor

/// From an optimized graph to plans and sessions over them, of native kernels or of bytecode.
struct PlanBackend {
  let graph: Graph
  let target: Target
  let options: CompileOptions

  /// The entries as plans, for bytecode without the kernels that a compiler makes.
  ///
  /// - Throws: what drafting and compiling throw.
  func plans() throws -> [PlannedEntry] {
    guard options.backend == .native else { return try portablePlans() }
    let drafts = try self.drafts(for: .native)
    return try plans(drafts, Result { try nativeKernels(drafts.map(\.draft)) })
  }

  /// The drafts with their kernels as plans, or as plans of bytecode where no compiler made the
  /// kernels: then with a warning. Bytecode takes no other machine's place.
  ///
  /// - Throws: as `plans`.
  func plans(_ drafts: [Draft], _ kernels: Result<[[GroupKernel]], any Error>) throws
    -> [PlannedEntry]
  {
    do {
      return try zip(drafts, kernels.get()).map { draft, kernels in
        planned(draft, explained(kernels, of: draft.draft))
      }
    } catch let error as TenonError where error.isWithoutCompiler && target.runs(on: .host()) {
      options.warn(
        "running on the portable backend, which is slower than native kernels\n  \(error)")
      return try portablePlans()
    }
  }

  private func portablePlans() throws -> [PlannedEntry] {
    try drafts(for: .portable).map { draft in
      planned(draft, draft.draft.groups.map { .portable(PortableCompiler.compile($0)) })
    }
  }

  typealias Draft = (draft: PlanDraft, hostNodes: [NodeID])

  /// The entries' plans, each step a kernel that the backend has, or a host step.
  func drafts(for backend: Backend) throws -> [Draft] {
    let scheduler = Scheduler(target: target)
    guard backend == .native, !options.timings.entries.isEmpty else {
      return try drafts(for: backend) { _, _, _ in nil }
    }
    return try drafts(for: backend) { group, isFixed, _ in
      TunableKernel(group, isFixed: isFixed, scheduler).flatMap {
        options.timings[$0.key]?.request
      }
    }
  }

  /// The kernels of the entries whose schedules leave a choice, in the order of their first steps.
  func tunableSites() throws -> [TunableSite] {
    let scheduler = Scheduler(target: target)
    var sites: [TunableSite] = []
    var places: [String: Int] = [:]
    _ = try drafts(for: .native) { group, isFixed, label in
      guard let kernel = TunableKernel(group, isFixed: isFixed, scheduler) else { return nil }
      let key = kernel.key
      if let place = places[key] {
        sites[place].uses += 1
      } else {
        places[key] = sites.count
        sites.append(TunableSite(kernel: kernel, key: key, label: label, uses: 1))
      }
      return nil
    }
    return sites
  }

  private func drafts(
    for backend: Backend, requested: @escaping DraftBuilder.RequestedSchedule
  ) throws -> [Draft] {
    let table = LoweringTable(graph)
    let groups = GroupBuilder(graph, table, target)
    let scheduler = Scheduler(target: target)
    let isPortable = backend == .portable
    return try graph.entries.map { entry in
      try TenonError.inContext("while planning entry \(entry.name)") {
        try DraftBuilder.draft(
          graph, table, groups, entry: entry,
          options: PlanningOptions(verify: options.passes.verify),
          refusal: { group in
            isPortable ? PortableCompiler.refusal(group) : KernelCompiler.refusal(group)
          },
          preferredLayouts: { group, mayChange in
            isPortable
              ? group.inputs.map { _ in nil }
              : scheduler.preferredLayouts(
                group, mayChange: mayChange, leastBytes: Scheduler.leastPackedBytes)
          },
          transformedOperands: { group, mayChange in
            isPortable ? nil : scheduler.transformedOperand(group, mayChange: mayChange)
          }, requestedSchedule: requested)
      }
    }
  }

  private func planned(_ draft: Draft, _ kernels: [GroupKernel]) -> PlannedEntry {
    let (draft, hostNodes) = draft
    let isNative = kernels.contains { $0.native != nil }
    let plan = draft.plan(
      target: isNative ? target.name : KernelReference.portableTarget,
      kernels: kernels.map(\.planned)
    ) { origin in
      graph.origins.lines(origin).joined(separator: ", ")
    }
    return PlannedEntry(
      entry: CompiledEntry(draft: draft, kernels: kernels, plan: plan),
      hostFunctions: hostFunctions(draft, hostNodes))
  }

  /// A session for each plan, all sharing their variables.
  ///
  /// - Throws: `foreign-target` for another machine's kernels, and what loading throws.
  func sessions(_ plans: [PlannedEntry]) throws -> [Session] {
    let host = Target.host()
    let isNative = plans.contains { $0.entry.kernels.contains { $0.native != nil } }
    guard !isNative || target.runs(on: host) else {
      throw TenonError.foreignTarget(target.name, here: host.name)
    }
    let store = VariableStore()
    return try plans.map { plan in
      try Session(
        LoadedPlan(plan.entry.plan, hostFunctions: plan.hostFunctions), store: store,
        threads: options.threads, maximumMemory: options.maximumMemory)
    }
  }

  /// The kernels of each draft's groups, all compiled together.
  func nativeKernels(_ drafts: [PlanDraft]) throws -> [[GroupKernel]] {
    let compiler = KernelCompiler(target: target, cache: options.cache(options.warn))
    var kernels = try compiler.compile(drafts.flatMap(\.groups))[...]
    return drafts.map { draft in
      defer { kernels = kernels.dropFirst(draft.groups.count) }
      return kernels.prefix(draft.groups.count).map { .native($0) }
    }
  }

  /// The same kernels, those that the compiler was needed for with the reason.
  private func explained(_ kernels: [GroupKernel], of draft: PlanDraft) -> [GroupKernel] {
    CompilationHistory.explained(
      kernels.compactMap(\.native), names: names(of: draft), of: "\(graph.name)/\(draft.name)"
    ).map { .native($0) }
  }

  /// By group, the first step that runs it: `dot_general+add at M/model.swift:12`, and which one of
  /// those that read so.
  private func names(of draft: PlanDraft) -> [String] {
    var names = [String](repeating: "", count: draft.groups.count)
    var counts: [String: Int] = [:]
    func note(_ steps: [PlanDraft.Step]) {
      for step in steps {
        if case .kernel(let group, _, _) = step.kind, names[group].isEmpty {
          let lines = graph.origins.lines(step.origin).joined(separator: ", ")
          let name = "\(step.label) at \(lines)"
          counts[name, default: 0] += 1
          names[group] = "\(name) #\(counts[name]!)"
        }
        step.blocks.forEach(note)
      }
    }
    note(draft.prepare)
    note(draft.steps)
    return names
  }

  /// Each host step evaluates its node as the reference interpreter does.
  private func hostFunctions(_ draft: PlanDraft, _ nodes: [NodeID]) -> [String: HostFunction] {
    var functions: [String: HostFunction] = [:]
    for (name, node) in zip(draft.hostFunctions, nodes) {
      let evaluator = HostEvaluator(graph: graph, node: node)
      functions[name] = { try evaluator.evaluate($0) }
    }
    return functions
  }
}

/// A group as a backend runs it.
package enum GroupKernel: Sendable {
  case native(CompiledKernel)
  case portable(PortableKernel)

  var planned: PlannedKernel {
    switch self {
    case .native(let kernel):
      PlannedKernel(
        object: .file(kernel.objectPath), symbol: kernel.symbol, sizes: kernel.sizes,
        tiles: kernel.tiles, scratchBytes: kernel.scratchBytes)
    case .portable(let kernel):
      PlannedKernel(
        object: .portable, symbol: KernelReference.portableSymbol, sizes: kernel.sizes,
        tiles: kernel.tiles, scratchBytes: kernel.scratchBytes, program: kernel.program)
    }
  }

  /// The kernel where it is machine code.
  package var native: CompiledKernel? {
    if case .native(let kernel) = self { return kernel }
    return nil
  }

  /// The choices made, for people to read.
  package var schedule: String {
    switch self {
    case .native(let kernel): kernel.schedule
    case .portable(let kernel): "portable, " + kernel.schedule
    }
  }

  /// Whether the C compiler was needed for it, and why.
  var compilation: String {
    switch self {
    case .native(let kernel): "\(kernel.compilation)"
    case .portable: "no, it is bytecode"
    }
  }

  /// The C file that holds the kernel alone; empty for bytecode.
  package func source(comment: String) -> String {
    switch self {
    case .native(let kernel): kernel.source(comment: comment)
    case .portable: ""
    }
  }
}

/// An entry as a plan, not loaded yet.
package struct PlannedEntry: Sendable {
  package let entry: CompiledEntry
  /// What the plan's host steps call.
  package let hostFunctions: [String: HostFunction]
}

/// What became of an entry.
package struct CompiledEntry: Sendable {
  package let draft: PlanDraft
  /// By group of the draft.
  package let kernels: [GroupKernel]
  package let plan: Plan
}

extension TenonError {
  /// Whether there is no compiler, or none that does its work.
  fileprivate var isWithoutCompiler: Bool {
    code == "compiler-missing" || code == "compiler-failed"
  }
}
