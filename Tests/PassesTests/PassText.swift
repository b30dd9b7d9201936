import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor

/// Runs one pass on a graph's text, for tests: text in, text out.
///
/// Edits are checked, so that a test also shows that the pass keeps the meaning.
func rewritten(by pass: any GraphPass.Type, _ text: String) throws -> String {
  try rewriting(by: pass, text).text
}

/// As `rewritten`, with what the pass did.
func rewriting(by pass: any GraphPass.Type, _ text: String, options: PassOptions? = nil) throws
  -> (text: String, log: PassLog)
{
  let graph = try Graph(parsing: text, catalog: .standard)
  let context = PassContext(testing: graph, options: options ?? PassOptions(verify: true))
  try context.run(pass)
  return (graph.text(), context.log)
}
