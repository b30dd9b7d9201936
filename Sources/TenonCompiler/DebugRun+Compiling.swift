import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor

/// Prepares a run of a graph's entry by the reference interpreter, to be stepped through: see
/// `DebugRun`. Gradients are expanded; nothing else is changed.
///
/// - Throws: `unknown-entry`, `feed`, and what expanding gradients throws.
public func debugRun(
  _ graph: Graph, entry name: String = "main", _ inputs: [String: Tensor] = [:],
  variables: [String: Tensor] = [:], sizes: [String: Int] = [:]
) throws -> DebugRun {
  let work = graph.copy()
  try Pipeline([ExpandGradients.self]).run(on: work, target: Target(.generic), catalog: .standard)
  guard let entry = work.entry(name) else {
    throw TenonError.unknownEntry(name, known: work.entries.map(\.name))
  }
  return try DebugRun(work, entry: entry, inputs: inputs, variables: variables, sizes: sizes)
}
