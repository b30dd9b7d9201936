import TenonGraph
import TenonTensor

/// A kernel's group with what its buffers are in the graph.
package struct NodeGroup {
  package var group: KernelGroup
  /// By kernel input, the node's operand.
  package var inputs: [Int]
  /// By result of the node, the kernel's output.
  package var outputs: [Int]
}

/// Turns nodes, `fusion` nodes among them, into what becomes one kernel each.
package final class GroupBuilder {
  private let graph: Graph
  private let table: LoweringTable
  private let limits: FusionLimits
  private var known: [LoweringTable.Key: NodeGroup] = [:]

  package init(_ graph: Graph, _ table: LoweringTable, _ target: Target) {
    self.graph = graph
    self.table = table
    limits = FusionLimits(target)
  }

  /// The node's group; nil where the node has no lowering.
  ///
  /// - Throws: `unfit-fusion` where a `fusion` node's ops are not one kernel.
  package func group(_ node: NodeID) throws -> NodeGroup? {
    let key = table.key(node)
    if let found = known[key] { return found }
    guard var made = try build(node) else { return nil }
    made.group = made.group.withSharedBlocks
    known[key] = made
    return made
  }

  private func build(_ node: NodeID) throws -> NodeGroup? {
    if graph.op(node) is Fusion {
      return try TenonError.inContext("in fusion of \(graph.opNames(graph.regions(node).first!))") {
        try build(region: graph.regions(node).first!)
      }
    }
    guard let lowering = table.lowered(node).lowering else { return nil }
    if let facts = table.lowered(node).facts {
      let inputs = (0..<graph.operandCount(node)).map { FusedMember.Operand.input($0) }
      let member = FusedMember(facts: facts, operands: inputs, mode: .staged)
      let outputs = (0..<graph.resultCount(node)).map { FusedValue(member: 0, result: $0) }
      return StageComposition(
        [member], inputs: graph.operands(node).map { graph.tensorType($0).stored },
        outputs: outputs,
        outputTypes: graph.results(node).map { graph.tensorType($0).stored }, hasStages: false
      ).result
    }
    return NodeGroup(
      group: KernelGroup(
        inputs: graph.operands(node).map { graph.tensorType($0).stored },
        outputs: graph.results(node).map { graph.tensorType($0).stored }, body: .single(lowering)),
      inputs: Array(0..<graph.operandCount(node)), outputs: Array(0..<graph.resultCount(node)))
  }

  private func build(region: RegionID) throws -> NodeGroup {
    var members: [FusedMember] = []
    var origin: [ValueID: FusedMember.Operand] = [:]
    for (position, argument) in graph.arguments(region).enumerated() {
      origin[argument] = .input(position)
    }
    for node in graph.nodes(region) {
      guard let facts = table.lowered(node).facts else {
        throw TenonError.unfitFusion(
          graph.opName(node), FusionRefusal.notCompute,
          graph.origins.primaryLine(graph.origin(node)))
      }
      for (result, value) in graph.results(node).enumerated() {
        origin[value] = .member(FusedValue(member: members.count, result: result))
      }
      members.append(
        FusedMember(facts: facts, operands: graph.operands(node).map { origin[$0]! }, mode: .inline)
      )
    }
    let outputs = try graph.results(region).map { value -> FusedValue in
      guard case .member(let member)? = origin[value] else {
        throw TenonError.unfitFusion("an argument", FusionRefusal.notCompute, nil)
      }
      return member
    }
    let hasStages = try choose(&members, outputs, region)
    return StageComposition(
      members, inputs: graph.arguments(region).map { graph.tensorType($0).stored },
      outputs: outputs,
      outputTypes: graph.results(region).map { graph.tensorType($0).stored }, hasStages: hasStages
    ).result
  }

  /// Says how each member is computed, by adding them to a cluster from the last to the first.
  private func choose(_ members: inout [FusedMember], _ outputs: [FusedValue], _ region: RegionID)
    throws -> Bool
  {
    var uses = [[FusionCluster.Use]](repeating: [], count: members.count)
    let last = members.count - 1
    guard last >= 0 else { throw TenonError.unfitFusion("an empty region", .notCompute, nil) }
    var cluster = FusionCluster(root: members[last].facts, limits: limits)
    for position in members.indices.reversed() {
      let isOutput = outputs.contains { $0.member == position }
      var place = 0
      if position != last {
        do throws(FusionRefusal) {
          try cluster.join(members[position].facts, uses: uses[position], isOutput: isOutput)
        } catch {
          let node = graph.nodes(region)[position]
          throw TenonError.unfitFusion(
            graph.opName(node), error, graph.origins.primaryLine(graph.origin(node)))
        }
        place = cluster.members.count - 1
      }
      members[position].mode = cluster.members[place].mode
      for (operand, source) in members[position].operands.enumerated() {
        guard case .member(let value) = source else { continue }
        uses[value.member].append(FusionCluster.Use(member: place, operand: operand))
      }
    }
    return cluster.hasStages
  }
}

extension Graph {
  /// The op's name in graph text.
  package func opName(_ node: NodeID) -> String { Swift.type(of: op(node)).name }

  /// `add, exponential`.
  package func opNames(_ region: RegionID) -> String {
    nodes(region).map { opName($0) }.joined(separator: ", ")
  }
}

extension TenonError {
  static func unfitFusion(_ op: String, _ refusal: FusionRefusal, _ location: String?) -> TenonError
  {
    TenonError(
      "unfit-fusion", "fusion: \(op) cannot be in one kernel with the ops after it: \(refusal)",
      location: location)
  }
}
