public import TenonGraph

/// A value that knows only where it was recorded.
public struct Value {
  public var site: CallSite

  public init(site: CallSite) { self.site = site }

  @_transparent
  public static func + (a: Value, b: Value) throws -> Value {
    try a.recorded(site: here())
  }

  @_transparent
  public static func * (a: Value, b: Value) throws -> Value {
    try a.recorded(site: here())
  }

  @inline(never)
  public func recorded(site: CallSite) throws -> Value { Value(site: site) }

  public func softmax(fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
    try recorded(site: CallSite(fileID: fileID, line: line))
  }

  /// Uses an operator inside of Tenon: the user's line is that of the call.
  @inline(never)
  public func twice() throws -> Value { try self + self }

  /// As `twice`, copied into the user's code.
  @inlinable @inline(__always)
  public func twiceInlined() throws -> Value { try self + self }
}
