import TenonGraph
import TenonTensor

/// Replaces composites by their body, but for those whose kind of lowering a backend claims.
///
/// Before: `%y = relu(%x)`
/// After:  `%zero = constant(0); %b = broadcast_in_dim(%zero); %y = maximum(%x, %b)`
///
/// A backend claims by kind (`PassOptions.claimedLowerings`: `compute`, `attention` …), never by an
/// op's name. Composites inside a body are treated alike.
///
/// After the passes that know composites whole (gradients), before the simplifications that see
/// through them and before fusion.
public struct ClaimLowerings: GraphPass {
  public static let name = "claim-lowerings"
  public init() {}

  /// How deep composites may be made of composites.
  static let depthLimit = 64

  public func run(_ context: PassContext) throws {
    let claimed = context.options.claimedLowerings
    for _ in 0..<Self.depthLimit {
      let replaced = try context.rewriteOnce(
        "inline-composite", OpSelection { $0 is any CompositeOp }
      ) { site in
        let kind = site.graph.lowering(site.node)?.kind
        if let kind, claimed.contains(kind) { return nil }
        return .replace(
          try site.recordedBody(),
          because: kind.map { "no backend claims \($0)" } ?? "it has no lowering of its own")
      }
      if replaced == 0 { return }
    }
    throw TenonError.endlessBody(deepestComposite(context.graph), limit: Self.depthLimit)
  }

  private func deepestComposite(_ graph: Graph) -> String {
    for region in graph.allRegions {
      for node in graph.nodes(region) where graph.op(node) is any CompositeOp {
        return type(of: graph.op(node)).name
      }
    }
    preconditionFailure("internal: no composite is left")
  }
}

extension Graph {
  /// How the node's op becomes loops for the node's types; nil where only a body says it, or where
  /// a value is no tensor.
  package func lowering(_ node: NodeID) -> Lowering? {
    var (operandTypes, resultTypes): ([TensorType], [TensorType]) = ([], [])
    for operand in operands(node) {
      guard let type = type(operand).tensor else { return nil }
      operandTypes.append(type)
    }
    for result in results(node) {
      guard let type = type(result).tensor else { return nil }
      resultTypes.append(type)
    }
    return op(node).lowering(
      LoweringSite(
        operands: operandTypes, results: resultTypes, graph: self, regions: Array(regions(node)),
        knownElements: operands(node).map { knownElements($0) }))
  }
}
