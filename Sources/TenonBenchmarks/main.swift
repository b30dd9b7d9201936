import Tenon

// Scale: recording and passes of a transformer with its gradient, and of one twice as large.
func scale(_ blocks: Int) throws -> (nodes: Int, record: Double, passes: Double) {
  var network: TransformerGraph?
  let record = try Stopwatch.milliseconds { network = try TransformerGraph(blocks: blocks) }
  let graph = network!.graph
  var expanded = 0
  var log: PassLog?
  let passes = try Stopwatch.milliseconds {
    log = try Pipeline.standard.run(on: graph, target: Target(.avx512), catalog: .standard)
  }
  expanded = log!.passes.map(\.nodesBefore).max() ?? 0
  for pass in log!.passes {
    print(
      "    \(pass.name): \(pass.nodesBefore) -> \(pass.nodesAfter) nodes, "
        + Stopwatch.text(Double(pass.nanoseconds) / 1e6))
  }
  return (expanded, record, passes)
}

print("graph scale:")
_ = try scale(20)
var totals: [Double] = []
for blocks in [350, 700] {
  let (nodes, record, passes) = try scale(blocks)
  totals.append(record + passes)
  print(
    "  \(nodes) nodes: recorded in \(Stopwatch.text(record)), passes \(Stopwatch.text(passes))")
}
print("  twice the nodes takes \((totals[1] / totals[0] * 100).rounded() / 100) times as long")
