import TenonTensor

/// Checks where values have layouts: between computes alone, in blocks that are full.
///
/// What other kinds of lowering, loops, branches and callers read and write is plain.
struct LayoutVerifier {
  let graph: Graph

  /// - Throws: `verify` with the node, its op and the rule broken.
  func verify() throws {
    guard graph.types.contains(where: { $0.tensor?.layout != nil }) else { return }
    for entry in graph.entries {
      for value in graph.arguments(entry.region) + graph.results(entry.region)
      where layout(value) != nil {
        throw TenonError.verify(
          "entry \(entry.name)", "\(graph.type(value)) is given to or by the caller in a layout")
      }
      for region in graph.regions(under: entry.region) {
        for node in graph.nodes(region) { try verify(node) }
      }
    }
  }

  private func layout(_ value: ValueID) -> Layout? { graph.type(value).tensor?.layout }

  private func verify(_ node: NodeID) throws {
    if let rule = ruleBroken(by: node) {
      throw TenonError.verify(
        "node \(node.rawValue), \(type(of: graph.op(node)).name)", rule
      ).at(graph.origin(node), in: graph)
    }
  }

  private func ruleBroken(by node: NodeID) -> String? {
    let (operands, results) = (Array(graph.operands(node)), Array(graph.results(node)))
    for value in results {
      guard let type = graph.type(value).tensor, let layout = type.layout else { continue }
      if let refusal = layout.refusal(type.shape) {
        return "its result has a layout, but \(refusal)"
      }
    }
    if graph.op(node) is Fusion {
      let body = graph.regions(node).first!
      guard graph.arguments(body).map(layout) == operands.map(layout) else {
        return "its region's arguments are in other layouts than the operands"
      }
      return graph.results(body).map(layout) == results.map(layout)
        ? nil : "its results are in other layouts than its region's"
    }
    for region in graph.regions(node) {
      for value in graph.arguments(region) + graph.results(region) where layout(value) != nil {
        return "a region's argument or result is in a layout"
      }
    }
    guard (operands + results).contains(where: { layout($0) != nil }) else { return nil }
    let types = (operands + results).compactMap { graph.type($0).tensor }
    guard types.count == operands.count + results.count,
      let lowering = graph.op(node).lowering(LoweringSite(graph, node)),
      lowering.stored(
        operands: Array(types[..<operands.count]), results: Array(types[operands.count...])) != nil
    else { return "only a compute whose results share one layout reads or writes in layouts" }
    return nil
  }
}
