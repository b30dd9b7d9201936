import TenonTensor

extension PassContext {
  /// Gives values of a region layouts, and each reader a copy in the layout that it wants where
  /// that is another. The region's results stay plain.
  ///
  /// - Parameters:
  ///   - layouts: the results of nodes of the region that get a layout.
  ///   - wish: for a node's operand, the layout that the node reads it in (nil inside for plain
  ///     order); nil where it reads any.
  ///   - conversion: the op that copies a value into the layout of its result.
  package func assign(
    _ layouts: [ValueID: Layout], in region: RegionID, conversion: some Op, rule: String,
    reason: String, wish: (NodeID, Int) -> Layout??
  ) {
    let conversion = graph.intern(conversion)
    var copies: [LayoutCopy: ValueID] = [:]
    var created: [NodeID] = []
    var nodes: [NodeID] = []
    func inLayout(_ value: ValueID, _ layout: Layout?, for reader: NodeID?) -> ValueID {
      guard let type = graph.type(value).tensor, type.layout != layout else { return value }
      let copy = LayoutCopy(value: value, layout: layout)
      if let known = copies[copy] { return known }
      let source = graph.producer(value) ?? reader!
      let result = graph.intern(
        ValueType.tensor(TensorType(type.element, type.shape, layout: layout)))
      let node = graph.makeNode(
        conversion, [value], results: [result], regions: [], origin: graph.origin(source),
        scope: graph.scope(source), in: region)
      nodes.append(node)
      created.append(node)
      copies[copy] = graph.result(node)
      return graph.result(node)
    }
    var changed = OriginID.none
    for node in graph.nodes(region) {
      for position in 0..<graph.operandCount(node) {
        guard let wanted = wish(node, position) else { continue }
        let operand = graph.operand(node, position)
        let given = inLayout(operand, wanted, for: node)
        if given != operand { graph.setOperand(node, position, given) }
      }
      for result in graph.results(node) {
        guard let layout = layouts[result], let type = graph.type(result).tensor else { continue }
        graph.setType(result, .tensor(TensorType(type.element, type.shape, layout: layout)))
        changed = graph.origins.union(changed, graph.origin(node))
      }
      nodes.append(node)
    }
    let results = graph.results(region).map { inLayout($0, nil, for: nil) }
    graph.setNodes(region, nodes)
    graph.setResults(region, results)
    log.add(
      rule: rule, reason: reason, node: nil, origin: changed, removed: [], created: created,
      replacements: [])
  }

  /// Logs what a pass that has no rules left as it was.
  package func refuse(_ refusals: [(node: NodeID, reason: String)], rule: String) {
    log.setRefusals(
      refusals.map {
        PassLog.Refusal(
          rule: rule, reason: $0.reason, node: $0.node, origin: graph.origin($0.node))
      })
  }
}

/// A value in a layout.
private struct LayoutCopy: Hashable {
  var value: ValueID
  var layout: Layout?
}
