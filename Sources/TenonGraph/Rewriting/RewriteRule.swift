import TenonTensor

/// A local rewrite: looks at one node and what it reads, and says what may stand in its place.
public protocol RewriteRule: Sendable {
  /// The name in logs: `multiply-by-one`.
  static var name: String { get }
  /// The ops of the nodes that the rule wants to see.
  static var ops: OpSelection { get }
  /// Whether replacements give the same bits (NaN aside); others may differ by rounding.
  static var isExact: Bool { get }
  init()

  /// What stands in the place of the site's node; nil where the pattern does not match.
  ///
  /// New nodes are recorded with the ordinary functions on values; they land just before the
  /// node. Those that the replacement does not use are dropped.
  ///
  /// - Throws: what recording throws.
  func apply(_ site: RewriteSite) throws -> Rewrite?
}

extension RewriteRule {
  public static var isExact: Bool { true }
}

/// What a rule decided about a node that it matched.
public enum Rewrite {
  /// One value for each result, of the same type, and why both mean the same.
  case replace([Value], because: String)
  /// As `replace`, with nil for results that nothing uses (`RewriteSite.useCount`).
  case replaceUsed([Value?], because: String)
  /// The node stays although the pattern matches; the log says why.
  case refuse(because: String)

  /// The replacement of a node with one result.
  public static func replace(_ value: Value, because reason: String) -> Rewrite {
    .replace([value], because: reason)
  }
}

/// The ops that a rule or scan wants to see. Asked once for each distinct op of a graph.
public struct OpSelection: Sendable {
  let contains: @Sendable (any Op) -> Bool

  /// The ops that `contains` accepts, attributes included.
  public init(_ contains: @escaping @Sendable (any Op) -> Bool) { self.contains = contains }

  public static let all = OpSelection { _ in true }

  /// All ops of these types.
  public static func types(_ types: any Op.Type...) -> OpSelection {
    let wanted = types.map { ObjectIdentifier($0) }
    return OpSelection { wanted.contains(ObjectIdentifier(type(of: $0))) }
  }

  /// All ops of these text names.
  public static func named(_ names: String...) -> OpSelection {
    OpSelection { names.contains(type(of: $0).name) }
  }
}

/// A node under rewriting. Its operands are already resolved: they come from nodes that this scan
/// has been through.
public struct RewriteSite {
  public let graph: Graph
  public let node: NodeID
  /// The region that the node is in.
  public let region: RegionID
  let editor: GraphEditor

  public var target: Target { editor.context.target }
  public var options: PassOptions { editor.context.options }

  public var op: any Op { graph.op(node) }
  public var operandCount: Int { graph.operandCount(node) }
  public func operand(_ position: Int) -> Value { Value(graph, graph.operand(node, position)) }
  public var operands: [Value] { graph.operands(node).map { Value(graph, $0) } }
  public var resultCount: Int { graph.resultCount(node) }
  public func result(_ position: Int = 0) -> Value { Value(graph, graph.result(node, position)) }
  public var regions: ArraySlice<RegionID> { graph.regions(node) }

  /// The node that gives a value; nil for an argument of the region.
  public func producer(_ value: Value) -> NodeID? { graph.producer(value.id) }

  /// The op that gives a value, where it is an `Wanted`.
  public func producer<Wanted: Op>(_ value: Value, as type: Wanted.Type = Wanted.self)
    -> (op: Wanted, node: NodeID)?
  {
    guard let node = graph.producer(value.id), let op = graph.op(node) as? Wanted else {
      return nil
    }
    return (op, node)
  }

  /// An operand of another node.
  public func operand(_ position: Int, of node: NodeID) -> Value {
    Value(graph, graph.operand(node, position))
  }

  /// How often nodes of the region and its results read a value.
  public func useCount(_ value: Value) -> Int { editor.useCount(value.id) }

  /// Whether `value` may stand for the node's result: their types are the same.
  public func fits(_ value: Value, result position: Int = 0) -> Bool {
    graph.haveSameType(value.id, graph.result(node, position))
  }

  /// The nodes of the region before this one, in order, what this scan recorded included.
  public var precedingNodes: ArraySlice<NodeID> { editor.precedingNodes }

  /// Records with another node's scope and, beside this node's origins, that node's; what it
  /// records does not take the origins of nodes that die with this one.
  public func recording<Result>(as other: NodeID, _ body: () throws -> Result) rethrows -> Result {
    try graph.recording(as: other, besides: graph.origin(node), body)
  }
}
