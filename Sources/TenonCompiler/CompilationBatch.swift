import TenonCodegen
import TenonGraph
import TenonPasses
import TenonRuntime
import TenonTensor

/// Compiles graphs together: the kernels of all go through the compiler at once, which takes a
/// fraction of the time where the graphs are small and many.
///
/// - Returns: what `compile(_:_:)` gives for each graph, in their order.
public func compile(_ graphs: [(graph: Graph, options: CompileOptions)]) -> [Result<
  Program, any Error
>] {
  var batch = CompilationBatch()
  let places = graphs.map { graph, options in Result { try batch.add(graph, options) } }
  batch.compileKernels()
  return places.map { place in place.flatMap { place in Result { try batch.program(place) } } }
}

/// Graphs on their way through the compiler, in three steps: passes and plans one graph after the
/// other, kernels of all, programs.
package struct CompilationBatch {
  private struct Part {
    let backend: PlanBackend
    let log: PassLog
    /// Nil where the graph needs no native kernels.
    let drafts: [PlanBackend.Draft]?
    /// Of the drafts' groups; nil where the kernels of several graphs failed together.
    var kernels: Result<[[GroupKernel]], any Error>?
  }

  private var parts: [Part] = []

  package init() {}

  /// Runs the passes on a graph and plans it.
  ///
  /// - Returns: the graph's place in the batch.
  /// - Throws: as `compile`, for what is wrong before kernels are compiled.
  package mutating func add(_ graph: Graph, _ options: CompileOptions) throws -> Int {
    let (work, target, log) = try optimized(graph, options)
    let backend = PlanBackend(graph: work, target: target, options: options)
    let drafts = options.backend == .native ? try backend.drafts(for: .native) : nil
    parts.append(Part(backend: backend, log: log, drafts: drafts))
    return parts.count - 1
  }

  /// Compiles the kernels of all graphs that were added, those for one target and cache together.
  /// Where that fails, each graph is compiled by itself when its program is asked for.
  package mutating func compileKernels() {
    var open = parts.indices.filter { parts[$0].drafts != nil && parts[$0].kernels == nil }
    while let first = open.first {
      let place = parts[first].backend
      let together = open.filter {
        parts[$0].backend.target == place.target
          && parts[$0].backend.options.cacheFolder == place.options.cacheFolder
      }
      open.removeAll { together.contains($0) }
      let drafts = together.flatMap { parts[$0].drafts!.map(\.draft) }
      do {
        var kernels = try place.nativeKernels(drafts)[...]
        for number in together {
          let count = parts[number].drafts!.count
          parts[number].kernels = .success(Array(kernels.prefix(count)))
          kernels = kernels.dropFirst(count)
        }
      } catch  where together.count == 1 {
        parts[first].kernels = .failure(error)
      } catch {}
    }
  }

  /// The program of the graph at a place.
  ///
  /// - Throws: as `compile`.
  package func program(_ place: Int) throws -> Program {
    let backend = parts[place].backend
    if backend.options.backend == .reference {
      let work = backend.graph
      let store = ReferenceVariables(work.variables)
      return Program(
        entries: work.entries.map { ReferenceExecutable(work, $0, store) },
        report: report(place, []))
    }
    let plans = try self.plans(place)
    return Program(entries: try backend.sessions(plans), report: report(place, plans))
  }

  /// What the compiler did with the graph at a place, which may be for another machine.
  ///
  /// - Throws: what planning and compiling throw.
  package func report(_ place: Int) throws -> CompileReport {
    let isReference = parts[place].backend.options.backend == .reference
    return report(place, isReference ? [] : try plans(place))
  }

  private func report(_ place: Int, _ plans: [PlannedEntry]) -> CompileReport {
    let part = parts[place]
    return CompileReport(
      graph: part.backend.graph, passes: part.log, target: part.backend.target,
      entries: plans.map(\.entry))
  }

  /// The entries of the graph at a place, which may be for another machine: nothing is loaded.
  ///
  /// - Throws: what planning and compiling throw.
  package func plans(_ place: Int) throws -> [PlannedEntry] {
    let part = parts[place]
    guard let drafts = part.drafts, let kernels = part.kernels else {
      return try part.backend.plans()
    }
    return try part.backend.plans(drafts, kernels)
  }
}
