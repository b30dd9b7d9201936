import TenonGraph
import TenonOps
import TenonTensor

/// Records how variables follow their gradients.
public protocol Optimizer {
  /// Records one update of each variable, of its state and of the step counter, all at the line of
  /// the caller of `update`.
  ///
  /// - Throws: what recording throws.
  func record(_ update: OptimizerUpdate) throws
}

/// One update that an optimizer records.
public struct OptimizerUpdate {
  public let graph: Graph
  /// What follows its gradient.
  public let variables: [Variable]
  /// By variable.
  public let gradients: [Value]
  let fileID: StaticString
  let line: UInt

  /// A variable that the optimizer keeps, at first the same number everywhere.
  ///
  /// - Throws: `duplicate-name`.
  public func state(_ name: String, _ type: TensorType, initial value: Double = 0) throws
    -> Variable
  {
    try graph.variable(name, fileID: fileID, line: line) {
      try broadcast($0.scalar(value, type.element), to: type.shape)
    }
  }
}

extension Optimizer {
  /// Records one update of each variable, its state and the step counter included.
  public func update(
    _ graph: Graph, _ variables: [Variable], gradients: [Value],
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws {
    let update = OptimizerUpdate(
      graph: graph, variables: variables, gradients: gradients, fileID: fileID, line: line)
    try graph.at(CallSite(fileID: fileID, line: line)) { try record(update) }
  }
}
