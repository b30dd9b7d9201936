import Tenon

/// Recording and all graph passes of a transformer with its gradient, and of one twice as large.
struct ScaleBenchmark {
  func run() throws {
    print("graph scale")
    _ = try measure(blocks: 20)
    var totals: [Double] = []
    for blocks in [510, 1020] {
      let (nodes, record, log, passes) = try measure(blocks: blocks)
      totals.append(record + passes)
      print(
        "  \(nodes) nodes: recorded in \(Stopwatch.text(record)), passes "
          + "\(Stopwatch.text(passes)), together \(Stopwatch.text(record + passes))")
      for pass in log.passes {
        print(
          "    \(pass.name): \(pass.nodesBefore) -> \(pass.nodesAfter) nodes, "
            + Stopwatch.text(Double(pass.nanoseconds) / 1e6))
      }
    }
    print("  twice the nodes: \((totals[1] / totals[0] * 100).rounded() / 100) times as long")
  }

  private func measure(blocks: Int) throws -> (
    nodes: Int, record: Double, log: PassLog, passes: Double
  ) {
    var network: TransformerGraph?
    let record = try Stopwatch.milliseconds { network = try TransformerGraph(blocks: blocks) }
    var log: PassLog?
    let passes = try Stopwatch.milliseconds {
      log = try Pipeline.standard.run(
        on: network!.graph, target: Target(.avx512), catalog: .standard)
    }
    // Differentiated, before anything is merged or fused.
    let nodes = log!.passes.first { $0.name == "expand-gradients" }?.nodesAfter ?? 0
    return (nodes, record, log!, passes)
  }
}
