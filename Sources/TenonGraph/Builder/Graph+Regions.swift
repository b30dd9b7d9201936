import TenonTensor

extension Graph {
  /// Records the regions of a structural op (`if`, `while`, `reduce`), each with its own explicit
  /// arguments. Values that the bodies use from outside become further arguments, the same and in
  /// the same order for all regions; they are returned, to be the node's last operands.
  ///
  /// - Throws: what the bodies throw; `region-depth` where more than 64 regions would nest.
  public func recordRegions(
    _ bodies: [(arguments: [ValueType], body: ([Value]) throws -> [Value])]
  ) throws -> (regions: [RegionID], captured: [Value]) {
    if recording.isEmpty { try openDefaultEntry() }
    guard recording.count <= TextGrammar.depthLimit else { throw TenonError.regionDepth }
    var open: [OpenRegion] = []
    for (types, body) in bodies {
      let region = makeRegion(arguments: types)
      let depth = recording.count
      recording.append(OpenRegion(region: region))
      do {
        let results = try body(arguments(region).map { Value(self, $0) })
        // A result may itself come from outside.
        let ids = try results.map { try capture($0) }
        setNodes(region, recording[depth].nodes)
        setResults(region, ids)
      } catch {
        recording.removeSubrange(depth...)
        throw error
      }
      open.append(recording.removeLast())
    }
    var captured: [ValueID] = []
    for one in open {
      for value in one.captured where !captured.contains(value) { captured.append(value) }
    }
    for (position, one) in open.enumerated() {
      let explicit = bodies[position].arguments.count
      var order: [ValueID] = Array(arguments(one.region).prefix(explicit))
      for value in captured {
        order.append(one.captures[value] ?? addArgument(one.region, type(value)))
      }
      setArguments(one.region, order)
    }
    return (open.map(\.region), captured.map { Value(self, $0) })
  }

  /// Records one region without any value from outside: combiners and comparators.
  ///
  /// - Throws: what `body` throws; `foreign-value` where it uses an outer value.
  public func recordClosedRegion(
    _ arguments: [ValueType], _ body: ([Value]) throws -> [Value]
  ) throws -> RegionID {
    let region = makeRegion(arguments: arguments)
    try record(into: region) { try body($0).map(\.id) }
    return region
  }

  /// Records into `region`, from its beginning, without capturing; sets its nodes and results.
  package func record(into region: RegionID, _ body: ([Value]) throws -> [ValueID]) throws {
    let depth = recording.count
    recording.append(OpenRegion(region: region, capturesOuterValues: false))
    defer { recording.removeSubrange(depth...) }
    let results = try body(arguments(region).map { Value(self, $0) })
    let visible = try results.map { try self.visible($0, op: nil, site: nil) }
    setNodes(region, recording[depth].nodes)
    setResults(region, visible)
  }

  /// Records nodes that belong into `region` but into no place of it yet; returns them.
  ///
  /// All take `origin` (where given) and `scope`, so that what a pass records carries the origins
  /// of what it replaces.
  package func recordDetached<Result>(
    in region: RegionID, origin: OriginID?, scope: ScopeID, _ body: () throws -> Result
  ) throws -> (result: Result, nodes: [NodeID]) {
    let depth = recording.count
    let (outerOrigin, outerScope) = (originOverride, currentScope)
    recording.append(OpenRegion(region: region, capturesOuterValues: false))
    originOverride = origin
    currentScope = scope
    defer {
      recording.removeSubrange(depth...)
      originOverride = outerOrigin
      currentScope = outerScope
    }
    let result = try body()
    return (result, recording[depth].nodes)
  }

  /// Records with one place in the user's code for all nodes: what a layer or an optimizer records
  /// comes from the line that called it.
  public func at<Result>(_ site: CallSite, _ body: () throws -> Result) rethrows -> Result {
    let outer = originOverride
    if outer == nil { originOverride = origins.leaf(site) }
    defer { originOverride = outer }
    return try body()
  }

  /// Records with a text for the place of all nodes: an importer's name for a node of its model.
  public func at<Result>(origin text: String, _ body: () throws -> Result) rethrows -> Result {
    let outer = originOverride
    originOverride = origins.leaf(text: text)
    defer { originOverride = outer }
    return try body()
  }

  /// Records with `name` as one more part of the scope path.
  public func scope<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    let outer = currentScope
    currentScope = intern(scope: name, in: outer)
    defer { currentScope = outer }
    return try body()
  }

  private func capture(_ value: Value) throws -> ValueID {
    guard value.graph === self else { throw TenonError.foreignGraph(nil) }
    return try visible(value.id, op: nil, site: nil)
  }

  /// Makes `arguments` the region's, in this order.
  package func setArguments(_ region: RegionID, _ arguments: [ValueID]) {
    regionRecords[region.index].arguments = arguments
    for (position, value) in arguments.enumerated() {
      valueRecords[value.index].position = Int32(position)
    }
  }
}
