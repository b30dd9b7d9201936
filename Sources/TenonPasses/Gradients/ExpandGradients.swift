import TenonGraph
import TenonOps
import TenonTensor

/// Replaces each `gradient` node by the nodes that compute it, walking backwards over the nodes
/// between the target and the values it is differentiated by.
///
/// Before: `%y = log(%x); %d = gradient(%y, %x)`
/// After:  `%y = log(%x); %one = constant(1); %d = divide(%one, %x)`
///
/// Composites on the way whose gradient is that of their body become their body first; those with a
/// gradient of their own stay. A gradient of a gradient waits until the inner one is expanded.
///
/// First in the pipeline: all other passes see the backward nodes as any others, and composites
/// are still whole, so that each differentiates in its own way.
public struct ExpandGradients: GraphPass {
  public static let name = "expand-gradients"
  public init() {}

  public func run(_ context: PassContext) throws {
    let graph = context.graph
    let walk = BackwardWalk(graph)
    var probes = BodyGradients(graph)
    var gradientOps = OpMarks { $0 is Gradient }
    while true {
      // The gradient nodes with no other on their way, and the composites to inline for them.
      var ready = NodeMarks()
      var inlined = NodeMarks()
      if !gradientOps.containsAny(of: graph) { return }
      for region in graph.allRegions {
        let nodes = graph.nodes(region)
        for (position, node) in nodes.enumerated() where gradientOps.contains(node, graph) {
          let path = graph.withNestedNodes(
            walk.path(GradientNode(graph, node), before: nodes[..<position]))
          if path.contains(where: { gradientOps.contains($0, graph) }) { continue }
          ready.insert(node)
          for node in path where probes.isOfBody(node) { inlined.insert(node) }
        }
      }
      if ready.isEmpty { return }
      if !inlined.isEmpty {
        try context.rewriteOnce("inline-composite", OpSelection { $0 is any CompositeOp }) { site in
          guard inlined.contains(site.node) else { return nil }
          return .replace(
            try site.recordedBody(), because: "its gradient is that of its body")
        }
        continue
      }
      try context.rewriteOnce("expand-gradient", .types(Gradient.self)) { site in
        guard ready.contains(site.node) else { return nil }
        return try expand(site, walk)
      }
    }
  }

  private func expand(_ site: RewriteSite, _ walk: BackwardWalk) throws -> Rewrite {
    let node = GradientNode(site.graph, site.node)
    let seed = try node.seed ?? Value(site.graph, node.target).filled(1.0, site: CallSite())
    let path = walk.path(node, before: site.precedingNodes)
    let gradients = try walk.gradients(
      [(node.target, seed)], wrt: node.wrt, over: path,
      origin: site.graph.origin(site.node))
    var values: [Value] = []
    for (gradient, x) in zip(gradients, node.wrt) {
      values.append(try gradient ?? Value(site.graph, x).filled(0.0, site: CallSite()))
    }
    let count = path.count
    return .replace(values, because: "differentiated \(count) node\(count == 1 ? "" : "s")")
  }
}

/// The operands of a `gradient` node by their roles.
struct GradientNode {
  let target: ValueID
  let seed: Value?
  let wrt: [ValueID]

  init(_ graph: Graph, _ node: NodeID) {
    guard let op = graph.op(node) as? Gradient else {
      preconditionFailure("internal: node \(node.rawValue) is no gradient")
    }
    let operands = graph.operands(node)
    target = operands.first!
    seed = op.isSeeded ? Value(graph, operands.dropFirst().first!) : nil
    wrt = Array(operands.dropFirst(op.isSeeded ? 2 : 1))
  }
}

/// A dense set of nodes.
struct NodeMarks {
  private var marks: [Bool] = []
  private(set) var isEmpty = true

  mutating func insert(_ node: NodeID) {
    if node.index >= marks.count {
      marks.append(contentsOf: repeatElement(false, count: node.index + 1 - marks.count))
    }
    marks[node.index] = true
    isEmpty = false
  }

  func contains(_ node: NodeID) -> Bool { node.index < marks.count && marks[node.index] }
}

/// A question about ops, asked once for each distinct op of a graph.
struct OpMarks {
  let holds: (any Op) -> Bool
  private var answers: [Bool] = []

  init(_ holds: @escaping (any Op) -> Bool) { self.holds = holds }

  mutating func contains(_ node: NodeID, _ graph: Graph) -> Bool {
    let op = graph.opID(node)
    if op.index >= answers.count { extend(to: graph) }
    return answers[op.index]
  }

  mutating func containsAny(of graph: Graph) -> Bool {
    extend(to: graph)
    return answers.contains(true)
  }

  private mutating func extend(to graph: Graph) {
    for index in answers.count..<graph.opCapacity { answers.append(holds(graph.op(at: index))) }
  }
}

/// Which composites leave their gradient to their body, found by asking each distinct op once.
private struct BodyGradients {
  let graph: Graph
  private var isComposite = OpMarks { $0 is any CompositeOp }
  private var answers: [Key: Bool] = [:]

  struct Key: Hashable {
    let op: OpID
    let operands: [TypeID]
  }

  init(_ graph: Graph) { self.graph = graph }

  mutating func isOfBody(_ node: NodeID) -> Bool {
    guard isComposite.contains(node, graph) else { return false }
    let key = Key(op: graph.opID(node), operands: graph.operands(node).map { graph.typeID($0) })
    if let known = answers[key] { return known }
    let answer = ask(node)
    answers[key] = answer
    return answer
  }

  /// Asks with the node's own results as gradients: they have the right types, and what is recorded
  /// goes nowhere.
  private func ask(_ node: NodeID) -> Bool {
    do {
      let results = graph.results(node).map { Value(graph, $0) }
      _ = try graph.recordDetached(
        in: graph.region(of: node), origin: graph.origin(node), scope: graph.scope(node)
      ) {
        try graph.op(node).gradient(
          GradientSite(
            graph: graph, node: node, operands: graph.operands(node).map { Value(graph, $0) },
            results: results, gradients: results,
            wanted: graph.operands(node).map { graph.isDifferentiable($0) },
            differentiate: { region, _, _ in region }))
      }
      return false
    } catch let error as TenonError {
      return error == TenonError.gradientOfBody
    } catch {
      return false
    }
  }
}

extension Graph {
  /// Every region of every entry, nested ones after those around them.
  var allRegions: [RegionID] { entries.flatMap { regions(under: $0.region) } }

  /// The nodes, and those of the regions nested in them.
  func withNestedNodes(_ nodes: [NodeID]) -> [NodeID] {
    guard nodes.contains(where: { !regions($0).isEmpty }) else { return nodes }
    return nodes
      + nodes.flatMap { regions($0) }.flatMap { regions(under: $0) }.flatMap { self.nodes($0) }
  }

  /// Whether a value can have a gradient: a tensor of floats.
  func isDifferentiable(_ value: ValueID) -> Bool {
    guard let type = type(value).tensor else { return false }
    return type.element.isFloat && !type.element.isStorageOnly
  }
}

extension RewriteSite {
  /// The composite's body, recorded on the node's operands.
  func recordedBody() throws -> [Value] {
    guard let op = op as? any CompositeOp else {
      preconditionFailure("internal: \(type(of: op).name) has no body")
    }
    return try TenonError.inContext("in the body of \(type(of: op).name)") {
      try op.body(graph, operands)
    }
  }
}
