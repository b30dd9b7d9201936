import TenonCodegen
import TenonGraph
import TenonPasses
import TenonRuntime
import TenonTensor

/// An entry compiled to a plan that carries its object code.
public struct CompiledPlan: Sendable {
  public let file: PlanFile
  /// The file's plan with its prepare steps.
  let fullPlan: Plan
  /// The plan, its groups and its kernels.
  package let entry: CompiledEntry
  /// What tuning found; nil where it was not asked for.
  public let tuning: TuningReport?
  let options: CompileOptions
}

/// Compiles one entry to a plan that runs where there is no compiler, on this machine or, with its
/// target, on another. Equal graphs and options give equal bytes: kernels are compiled anew, not
/// taken from the cache, whose objects hold what happened to be compiled together. Where the kernels
/// run here, the file holds what the prepare steps keep in their place.
///
/// - Parameter options: `frozen` holds the variables' values; those left out get the ones that the
///   entry `initialize` gives; `backend` is native or portable. `entries` and `cacheFolder` are not
///   used.
/// - Parameter tunes: whether schedules are measured first, and the best then compiled: see `tune`.
/// - Parameter progress: told what tuning does, for people.
/// - Throws: `unknown-entry`; `plan-file` for an entry that writes variables or reads one without a
///   value, or has steps without a kernel; and what `compile` throws.
public func compilePlan(
  _ graph: Graph, entry name: String, _ options: CompileOptions = CompileOptions(),
  tunes: Bool = false, progress: @escaping (String) -> Void = { _ in }
) throws -> CompiledPlan {
  guard let entry = graph.entry(name) else {
    throw TenonError.unknownEntry(name, known: graph.entries.map(\.name))
  }
  guard entry.results.allSatisfy({ if case .port = $0 { true } else { false } }) else {
    throw TenonError.writingEntry(name)
  }
  var options = options
  if options.backend == .reference { options.backend = .native }
  options.frozen = try values(of: entry, graph, options)
  options.entries = [name]
  options.target = options.usedTarget
  var tuning: TuningReport?
  if tunes {
    let report = try tune(graph, options, progress: progress)
    (options.timings, tuning) = (report.timings, report)
  }
  options.cacheFolder = TemporaryFolder.make()
  var batch = CompilationBatch()
  let place = try batch.add(graph, options)
  batch.compileKernels()
  guard let compiled = try batch.plans(place).map(\.entry).first(where: { $0.plan.name == name })
  else { preconditionFailure("internal: no plan for entry \(name)") }
  let hostSteps = compiled.plan.hostSteps.map { step in
    step.label + (step.origins.isEmpty ? "" : " at \(step.origins)")
  }
  guard hostSteps.isEmpty else { throw TenonError.hostSteps(name, hostSteps) }
  try compiled.plan.verify()
  let full = try PlanFile(compiled.plan)
  let runsHere =
    compiled.plan.target == KernelReference.portableTarget
    || options.usedTarget.runs(on: .host())
  return CompiledPlan(
    file: runsHere ? try PlanFile(full.plan.prepared()) : full, fullPlan: full.plan,
    entry: compiled, tuning: tuning, options: options)
}

/// The values of all variables that an entry reads, given or first ones.
private func values(of entry: Entry, _ graph: Graph, _ options: CompileOptions) throws
  -> [String: Tensor]
{
  let read = graph.variables.indices.filter { entry.arguments.contains(.variable(VariableID($0))) }
    .map { graph.variables[$0].name }
  var values: [String: Tensor] = [:]
  for name in read { values[name] = options.frozen[name] }
  guard let missing = read.first(where: { values[$0] == nil }) else { return values }
  guard graph.entry("initialize") != nil else {
    throw TenonError.noFirstValue(entry.name, missing)
  }
  var first = options
  first.entries = ["initialize"]
  first.frozen = [:]
  if !options.usedTarget.runs(on: .host()) { first.target = nil }
  let program = try compile(graph, first)
  for name in read where values[name] == nil { values[name] = try program.value(of: name) }
  return values
}

extension Plan {
  /// The steps that call host functions, those inside others included.
  var hostSteps: [Step] { Plan.hostSteps(prepare + steps) }

  private static func hostSteps(_ steps: [Step]) -> [Step] {
    steps.flatMap { step -> [Step] in
      switch step.kind {
      case .kernel, .copy, .readSize: []
      case .host: [step]
      case .loop(let condition, _, let body, _): hostSteps(condition + body)
      case .branch(_, let branches): hostSteps(branches.flatMap { $0 })
      }
    }
  }
}

extension TenonError {
  static func hostSteps(_ entry: String, _ steps: [String]) -> TenonError {
    TenonError(
      "plan-file",
      "compile: entry \(entry) has steps without a kernel, which need the op catalogue and so "
        + "cannot be in a plan file; run the saved graph itself",
      details: steps)
  }

  static func writingEntry(_ entry: String) -> TenonError {
    TenonError(
      "plan-file",
      "compile: entry \(entry) writes variables, and a plan file keeps none; name an entry that "
        + "only computes")
  }

  static func noFirstValue(_ entry: String, _ variable: String) -> TenonError {
    TenonError(
      "plan-file",
      "compile: variable \(variable) of entry \(entry) has no value; save the graph with its "
        + "variables, or record an initializer")
  }

  static func noSource(_ entry: String) -> TenonError {
    TenonError(
      "plan-file",
      "compile: the plan of entry \(entry) is bytecode and has no C files; compile it for the "
        + "native backend")
  }
}
