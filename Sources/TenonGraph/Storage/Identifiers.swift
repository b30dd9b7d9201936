/// The place of a node in its graph; stays the same through all passes.
public struct NodeID: Hashable, Sendable, Comparable {
  public let rawValue: Int32
  public init(_ rawValue: Int) { self.rawValue = Int32(truncatingIfNeeded: rawValue) }
  public var index: Int { Int(rawValue) }
  public static func < (a: NodeID, b: NodeID) -> Bool { a.rawValue < b.rawValue }
}

/// The place of a value (a node's result or a region's argument) in its graph.
public struct ValueID: Hashable, Sendable, Comparable {
  public let rawValue: Int32
  public init(_ rawValue: Int) { self.rawValue = Int32(truncatingIfNeeded: rawValue) }
  public var index: Int { Int(rawValue) }
  public static func < (a: ValueID, b: ValueID) -> Bool { a.rawValue < b.rawValue }
}

/// The place of a region in its graph.
public struct RegionID: Hashable, Sendable, Comparable {
  public let rawValue: Int32
  public init(_ rawValue: Int) { self.rawValue = Int32(truncatingIfNeeded: rawValue) }
  public var index: Int { Int(rawValue) }
  public static func < (a: RegionID, b: RegionID) -> Bool { a.rawValue < b.rawValue }
}

/// The place of a variable in its graph.
public struct VariableID: Hashable, Sendable, Comparable {
  public let rawValue: Int32
  public init(_ rawValue: Int) { self.rawValue = Int32(truncatingIfNeeded: rawValue) }
  public var index: Int { Int(rawValue) }
  public static func < (a: VariableID, b: VariableID) -> Bool { a.rawValue < b.rawValue }
}

/// An interned op with its attributes; equal ops of a graph have one.
public struct OpID: Hashable, Sendable {
  public let rawValue: Int32
  init(_ rawValue: Int) { self.rawValue = Int32(truncatingIfNeeded: rawValue) }
  public var index: Int { Int(rawValue) }
}

/// An interned value type; equal types of a graph have one.
public struct TypeID: Hashable, Sendable {
  public let rawValue: Int32
  init(_ rawValue: Int) { self.rawValue = Int32(truncatingIfNeeded: rawValue) }
  public var index: Int { Int(rawValue) }
}

/// An interned name scope.
public struct ScopeID: Hashable, Sendable {
  public let rawValue: Int32
  init(_ rawValue: Int) { self.rawValue = Int32(truncatingIfNeeded: rawValue) }
  public var index: Int { Int(rawValue) }
  public static let root = ScopeID(0)
}
