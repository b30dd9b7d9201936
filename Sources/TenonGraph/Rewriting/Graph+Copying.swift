import TenonTensor

extension Graph {
  /// Records with the scope of `node`, and with its origins and `others`.
  package func recording<Result>(
    as node: NodeID, besides others: OriginID, _ body: () throws -> Result
  ) rethrows -> Result {
    let (outerOrigin, outerScope) = (originOverride, currentScope)
    originOverride = origins.union(origin(node), others)
    currentScope = scope(node)
    defer {
      originOverride = outerOrigin
      currentScope = outerScope
    }
    return try body()
  }

  /// Records the nodes of a region again where the graph is being recorded, on other values in the
  /// place of the region's arguments, nil for arguments that nothing reads; nested regions are copied
  /// with them.
  ///
  /// - Parameter kept: the places of the results wanted, all by default; nodes that these do not need
  ///   are left out.
  /// - Returns: what the copies' results are for the results wanted.
  /// - Throws: what inference throws for the values given.
  package func recordCopy(
    of region: RegionID, on arguments: [ValueID?], keeping kept: [Int]? = nil
  ) throws -> [ValueID] {
    var copies: [ValueID: ValueID] = [:]
    for (old, new) in zip(self.arguments(region), arguments) { copies[old] = new }
    let results = self.results(region)
    let wanted = kept.map { $0.map { results[$0] } } ?? results
    for node in kept == nil ? nodes(region) : nodes(of: region, neededBy: wanted) {
      let operands = self.operands(node).map { copies[$0]! }
      let copy = try recording(as: node, besides: .none) {
        let regions = try self.regions(node).map { try copied($0) }
        return try append(opID(node), operands, regions: regions, origin: origin(node))
      }
      for position in 0..<resultCount(node) {
        copies[result(node, position)] = result(copy, position)
        if let name = name(result(node, position)) { setName(result(copy, position), name) }
      }
    }
    return wanted.map { copies[$0]! }
  }

  private func nodes(of region: RegionID, neededBy values: [ValueID]) -> [NodeID] {
    var needed = Set(values)
    var found: [NodeID] = []
    for node in nodes(region).reversed() where results(node).contains(where: needed.contains) {
      needed.formUnion(operands(node))
      found.append(node)
    }
    return found.reversed()
  }

  /// A region of its own with copies of the nodes of `region`.
  package func copied(_ region: RegionID) throws -> RegionID {
    let copy = makeRegion(arguments: arguments(region).map { type($0) })
    for (old, new) in zip(arguments(region), arguments(copy)) { inherit(from: old, to: new) }
    try record(into: copy) { try recordCopy(of: region, on: $0.map(\.id)) }
    return copy
  }

  /// The nodes recorded so far into the region that is being recorded.
  package var recordedNodes: [NodeID] { recording.last?.nodes ?? [] }
}
