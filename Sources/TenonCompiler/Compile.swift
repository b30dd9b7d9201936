import TenonCodegen
import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor

/// Compiles a graph: from what was recorded to something that runs. The graph itself stays as it
/// is.
///
/// - Throws: `empty-graph`, `unknown-entry`, `unbound-symbol`, and what passes and the backend
///   throw.
public func compile(_ graph: Graph, _ options: CompileOptions = CompileOptions()) throws -> Program
{
  var batch = CompilationBatch()
  let place = try batch.add(graph, options)
  batch.compileKernels()
  return try batch.program(place)
}

/// What compiling a graph does. The target may be another machine: nothing is loaded.
///
/// - Throws: as `compile`.
public func compileReport(_ graph: Graph, _ options: CompileOptions = CompileOptions()) throws
  -> CompileReport
{
  var batch = CompilationBatch()
  let place = try batch.add(graph, options)
  batch.compileKernels()
  return try batch.report(place)
}

/// The plans of a graph's entries before kernels are compiled: what each step is and why a step is
/// a host step.
///
/// - Throws: as `compile`.
package func planDrafts(_ graph: Graph, _ options: CompileOptions) throws -> [PlanDraft] {
  let (work, target, _) = try optimized(graph, options)
  return try PlanBackend(graph: work, target: target, options: options)
    .drafts(for: options.backend).map(\.draft)
}

/// A copy of the graph as the passes leave it.
func optimized(_ graph: Graph, _ options: CompileOptions) throws -> (
  graph: Graph, target: Target, log: PassLog
) {
  let work = graph.copy()
  try work.select(entries: options.entries)
  try work.freeze(options.frozen)
  try work.bind(options.sizes)
  try work.checkSymbolsAreBound()
  let target = options.usedTarget
  var passes = options.passes
  // Bytecode has no form for these, and without a compiler there is nothing else.
  if options.backend == .native, (try? CCompiler.find()) != nil {
    passes.claimedLowerings += KernelCompiler.claimedLowerings
  }
  let log = try options.pipeline.run(
    on: work, target: target, catalog: options.catalog, options: passes)
  try graph.checkConstants()
  return (work, target, log)
}

extension Graph {
  /// Keeps the entries called for, in the graph's order.
  fileprivate func select(entries names: [String]?) throws {
    if let names {
      let known = entries.map(\.name)
      for name in names where !known.contains(name) {
        throw TenonError.unknownEntry(name, known: known)
      }
      setEntries(entries.filter { names.contains($0.name) || $0.name == "initialize" })
    }
    guard !entries.isEmpty else { throw TenonError.emptyGraph }
  }

  fileprivate func checkSymbolsAreBound() throws {
    for entry in entries {
      var names: [String] = []
      for argument in arguments(entry.region) {
        for symbol in tensorType(argument).shape.symbols
        where !symbol.isRunning && !names.contains(symbol.name) {
          names.append(symbol.name)
        }
      }
      if !names.isEmpty { throw TenonError.unboundSymbols(entry.name, names) }
    }
  }
}
