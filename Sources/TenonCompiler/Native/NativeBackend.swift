import TenonCodegen
import TenonGraph
import TenonRuntime
import TenonTensor

/// From an optimized graph to sessions over compiled plans.
struct NativeBackend {
  let graph: Graph
  let target: Target
  let options: CompileOptions

  /// A session for each entry, all sharing their variables, and what the compiler did.
  ///
  /// - Throws: what drafting, compiling and loading throw.
  func compile() throws -> (sessions: [Session], entries: [CompiledEntry]) {
    let table = LoweringTable(graph)
    let groups = GroupBuilder(graph, table, target)
    let drafts = try graph.entries.map { entry in
      try TenonError.inContext("while planning entry \(entry.name)") {
        try DraftBuilder.draft(
          graph, table, groups, entry: entry, refusal: KernelCompiler.refusal)
      }
    }
    let kernels = try compileKernels(drafts.map(\.draft))
    let store = VariableStore()
    var sessions: [Session] = []
    var entries: [CompiledEntry] = []
    for ((draft, hostNodes), kernels) in zip(drafts, kernels) {
      let planned = try kernels.map { kernel in
        PlannedKernel(
          object: .file(kernel.objectPath), symbol: kernel.symbol, sizes: kernel.sizes,
          tiles: kernel.tiles, scratchBytes: kernel.scratchBytes)
      }
      let plan = draft.plan(target: target.name, kernels: planned) { origin in
        graph.origins.lines(origin).joined(separator: ", ")
      }
      let loaded = try LoadedPlan(plan, hostFunctions: hostFunctions(draft, hostNodes))
      sessions.append(
        try Session(
          loaded, store: store, threads: options.threads, maximumMemory: options.maximumMemory))
      entries.append(CompiledEntry(draft: draft, kernels: kernels, plan: plan))
    }
    return (sessions, entries)
  }

  /// The kernels of each draft's groups, all compiled together.
  private func compileKernels(_ drafts: [PlanDraft]) throws -> [[CompiledKernel]] {
    let cache =
      options.cacheFolder.map { KernelCache(folder: $0, warnings: options.warn) }
      ?? KernelCache.standard(warnings: options.warn)
    let compiler = KernelCompiler(target: target, cache: cache)
    var kernels = try compiler.compile(drafts.flatMap(\.groups))[...]
    return drafts.map { draft in
      defer { kernels = kernels.dropFirst(draft.groups.count) }
      return Array(kernels.prefix(draft.groups.count))
    }
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

/// What became of an entry.
package struct CompiledEntry: Sendable {
  package let draft: PlanDraft
  /// By group of the draft.
  package let kernels: [CompiledKernel]
  package let plan: Plan
}

/// Evaluates one node on the runtime's buffers. The graph is not edited any more.
private struct HostEvaluator: @unchecked Sendable {
  let graph: Graph
  let node: NodeID

  func evaluate(_ operands: [HostOperand]) throws {
    let count = graph.operandCount(node)
    let inputs = try operands.prefix(count).map { operand in
      try Tensor(operand.elementType, shape: operand.shape) { bytes in
        bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: operand.bytes[..<bytes.count]))
      }
    }
    let results = try Interpreter(graph, sizes: sizes(operands)).evaluate(node, inputs)
    for (result, operand) in zip(results, operands.dropFirst(count)) {
      result.withUnsafeBytes { operand.bytes.copyMemory(from: $0) }
    }
  }

  /// The numbers that symbols have in this run, from the sizes of what the node reads and gives.
  private func sizes(_ operands: [HostOperand]) -> [String: Int] {
    var sizes: [String: Int] = [:]
    for (value, operand) in zip(graph.operands(node) + graph.results(node), operands) {
      for (dimension, size) in zip(graph.tensorType(value).shape, operand.shape) {
        if let symbol = dimension.symbols.first, dimension == Dimension(symbol) {
          sizes[symbol.name] = size
        }
      }
    }
    return sizes
  }
}
