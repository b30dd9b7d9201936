import TenonTensor

struct NodeRecord {
  var op: OpID
  var operandStart: Int32
  var operandCount: Int32
  var resultStart: Int32
  var resultCount: Int32
  var regionStart: Int32
  var regionCount: Int32
  var origin: OriginID
  var scope: ScopeID
  var region: RegionID
}

struct ValueRecord {
  var type: TypeID
  /// The node's index, or -1 - the region's index for an argument.
  var definition: Int32
  /// Which result or argument.
  var position: Int32
  var region: RegionID
}

struct RegionRecord {
  var arguments: [ValueID]
  var nodes: [NodeID]
  var results: [ValueID]
}

/// Where a value comes from.
public enum Definition: Hashable, Sendable {
  case result(NodeID, Int)
  case argument(RegionID, Int)
}

/// What an argument or a result of an entry stands for.
public enum Binding: Hashable, Sendable {
  /// An input or output of that name.
  case port(String)
  /// A variable read or written.
  case variable(VariableID)
}

/// A function of the graph that users can run: `train`, `predict`.
public struct Entry: Hashable, Sendable {
  public var name: String
  public var region: RegionID
  /// One for each argument of the region.
  public var arguments: [Binding]
  /// One for each result of the region.
  public var results: [Binding]
}

/// A tensor that lives between runs. Its first value comes from the entry `initialize`.
public struct VariableRecord: Hashable, Sendable {
  public var name: String
  public var type: TensorType
  public var origin: OriginID
}

/// Something recording assumed of sizes that it did not know.
public struct Constraint: Hashable, Sendable {
  public enum Relation: Hashable, Sendable {
    /// Both sizes are the same.
    case equal
    /// The first is not the second.
    case notEqual
    /// The first is a multiple of the second.
    case divisible
    /// The first is at least the second.
    case atLeast
  }

  public var relation: Relation
  public var left: Dimension
  public var right: Dimension
  public var origin: OriginID

  /// Whether the sizes given satisfy it; nil where a symbol has no size.
  public func holds(_ sizes: (Symbol) -> Int?) -> Bool? {
    guard let a = left.evaluated(sizes), let b = right.evaluated(sizes) else { return nil }
    switch relation {
    case .equal: return a == b
    case .notEqual: return a != b
    case .divisible: return b > 0 && a % b == 0
    case .atLeast: return a >= b
    }
  }
}

extension Constraint: CustomStringConvertible {
  public var description: String {
    switch relation {
    case .equal: "\(left) == \(right)"
    case .notEqual: "\(left) != \(right)"
    case .divisible: "\(left) is a multiple of \(right)"
    case .atLeast: "\(left) >= \(right)"
    }
  }
}
