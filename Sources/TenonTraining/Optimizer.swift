import TenonGraph

/// Records how variables follow their gradients.
public protocol Optimizer {
  /// Records one update of each variable, of its state and of the step counter.
  ///
  /// - Throws: what recording throws.
  func update(
    _ graph: Graph, _ variables: [Variable], gradients: [Value], fileID: StaticString, line: UInt
  ) throws
}

extension Optimizer {
  /// Records one update of each variable, its state and the step counter included.
  public func update(
    _ graph: Graph, _ variables: [Variable], gradients: [Value], at fileID: StaticString = #fileID,
    _ line: UInt = #line
  ) throws {
    try update(graph, variables, gradients: gradients, fileID: fileID, line: line)
  }
}
