import TenonTensor

extension Graph {
  /// Whether two regions compute the same: arguments of the same types, and in the same order nodes
  /// of the same op that read the same places.
  package func isEqual(_ a: RegionID, _ b: RegionID) -> Bool {
    if a == b { return true }
    let (nodesA, nodesB) = (nodes(a), nodes(b))
    let (argumentsA, argumentsB) = (arguments(a), arguments(b))
    guard nodesA.count == nodesB.count, argumentsA.count == argumentsB.count,
      results(a).count == results(b).count
    else { return false }
    var places: [ValueID: ValueID] = [:]
    for (x, y) in zip(argumentsA, argumentsB) {
      guard haveSameType(x, y) else { return false }
      places[x] = y
    }
    for (x, y) in zip(nodesA, nodesB) {
      guard opID(x) == opID(y), operandCount(x) == operandCount(y),
        resultCount(x) == resultCount(y), regions(x).count == regions(y).count
      else { return false }
      for position in 0..<operandCount(x)
      where places[operand(x, position)] != operand(y, position) { return false }
      for (inner, other) in zip(regions(x), regions(y)) where !isEqual(inner, other) {
        return false
      }
      for position in 0..<resultCount(x) { places[result(x, position)] = result(y, position) }
    }
    return zip(results(a), results(b)).allSatisfy { places[$0] == $1 }
  }

  /// A number that equal regions share.
  package func structuralHash(_ region: RegionID) -> UInt {
    var hash = mixed(7, UInt(arguments(region).count))
    for node in nodes(region) {
      hash = mixed(hash, UInt(opID(node).rawValue))
      for inner in regions(node) { hash = mixed(hash, structuralHash(inner)) }
    }
    return mixed(hash, UInt(results(region).count))
  }

  /// The hash of a node's op, operands and regions: nodes that compute the same share it.
  package func structuralHash(_ node: NodeID) -> UInt {
    let record = nodeRecords[node.index]
    var hash = mixed(UInt(record.op.rawValue), UInt(record.region.rawValue))
    let start = Int(record.operandStart)
    for place in start..<start + Int(record.operandCount) {
      hash = mixed(hash, UInt(operandPool[place].rawValue))
    }
    if record.regionCount > 0 {
      for region in regions(node) { hash = mixed(hash, structuralHash(region)) }
    }
    return hash
  }

  /// Whether two nodes of one region have the same op, operands and equal regions.
  package func computesSame(_ a: NodeID, _ b: NodeID) -> Bool {
    let (x, y) = (nodeRecords[a.index], nodeRecords[b.index])
    guard x.op == y.op, x.region == y.region, x.operandCount == y.operandCount,
      x.regionCount == y.regionCount
    else { return false }
    for position in 0..<Int(x.operandCount)
    where operandPool[Int(x.operandStart) + position] != operandPool[Int(y.operandStart) + position]
    { return false }
    for position in 0..<Int(x.regionCount)
    where !isEqual(
      regionPool[Int(x.regionStart) + position], regionPool[Int(y.regionStart) + position])
    { return false }
    return true
  }

  /// Whether the results depend on operands and attributes alone, nested nodes included.
  package func isPure(_ node: NodeID) -> Bool {
    guard Swift.type(of: op(node)).effects == .pure else { return false }
    for region in regions(node) {
      for inner in nodes(region) where !isPure(inner) { return false }
    }
    return true
  }
}
