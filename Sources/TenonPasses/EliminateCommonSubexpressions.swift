import TenonGraph
import TenonTensor

/// Computes once what is computed twice: a node with the op, attributes, operands and regions of
/// an earlier one of its region becomes that one.
///
/// Before: `%a = exponential(%x); %b = exponential(%x); %c = add(%a, %b)`
/// After:  `%a = exponential(%x); %c = add(%a, %a)`
///
/// Nodes with effects stay apart, and so do nodes whose regions hold such: an
/// `optimization_barrier` gives a value of its own. Each region is on its own, since values pass
/// into regions as operands.
///
/// After simplification, which makes equal nodes look equal.
public struct EliminateCommonSubexpressions: GraphPass {
  public static let name = "eliminate-common-subexpressions"
  public init() {}

  public func run(_ context: PassContext) throws {
    let graph = context.graph
    var table = NodeTable(graph)
    try context.rewriteOnce(
      "merge-equal-nodes", OpSelection { type(of: $0).effects == .pure }
    ) { site in
      guard site.regions.isEmpty || graph.isPure(site.node),
        let first = table.first(equalTo: site.node)
      else { return nil }
      return .replace(
        graph.results(first).map { Value(graph, $0) }, because: "computed before from the same")
    }
  }
}

/// An open hash table of nodes by what they compute.
private struct NodeTable {
  let graph: Graph
  private var slots: [Int32]
  private var hashes: [UInt32]
  private var count = 0

  init(_ graph: Graph) {
    self.graph = graph
    let size = 256
    slots = Array(repeating: -1, count: size)
    hashes = Array(repeating: 0, count: size)
  }

  /// The node added first that computes the same; nil where `node` is the first, which is added.
  mutating func first(equalTo node: NodeID) -> NodeID? {
    if count * 2 >= slots.count { grow() }
    let wide = graph.structuralHash(node)
    let hash = UInt32(truncatingIfNeeded: wide ^ (wide >> 32))
    let mask = slots.count - 1
    var place = Int(hash) & mask
    while slots[place] >= 0 {
      let other = NodeID(Int(slots[place]))
      if hashes[place] == hash, graph.computesSame(other, node) { return other }
      place = (place + 1) & mask
    }
    slots[place] = node.rawValue
    hashes[place] = hash
    count += 1
    return nil
  }

  private mutating func grow() {
    let (oldSlots, oldHashes) = (slots, hashes)
    let size = slots.count * 4
    slots = Array(repeating: -1, count: size)
    hashes = Array(repeating: 0, count: size)
    for (old, node) in oldSlots.enumerated() where node >= 0 {
      var place = Int(oldHashes[old]) & (size - 1)
      while slots[place] >= 0 { place = (place + 1) & (size - 1) }
      slots[place] = node
      hashes[place] = oldHashes[old]
    }
  }
}
