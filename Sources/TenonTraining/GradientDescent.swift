import TenonGraph
import TenonOps
import TenonTensor

/// Stochastic gradient descent, with momentum as PyTorch's `SGD` defines it: v ← μ v + g, w ← w - η v.
public struct GradientDescent: Optimizer {
  /// η.
  public var learningRate: Double
  /// μ; 0 keeps no state.
  public var momentum: Double

  public init(learningRate: Double, momentum: Double = 0) {
    self.learningRate = learningRate
    self.momentum = momentum
  }

  public func update(
    _ graph: Graph, _ variables: [Variable], gradients: [Value], fileID: StaticString, line: UInt
  ) throws {
    try graph.at(CallSite(fileID: fileID, line: line)) {
      try record(graph, variables, gradients, fileID, line)
    }
  }

  private func record(
    _ graph: Graph, _ variables: [Variable], _ gradients: [Value], _ fileID: StaticString,
    _ line: UInt
  ) throws {
    for (variable, gradient) in zip(variables, gradients) {
      var step = gradient
      if momentum != 0 {
        let type = variable.type
        let velocity = try graph.variable("\(variable.name)/velocity", fileID: fileID, line: line) {
          try broadcast($0.scalar(0, type.element), to: type.shape)
        }
        step = try velocity.read() * momentum + gradient
        try velocity.assign(step)
      }
      try variable.assign(variable.read() - step * learningRate)
    }
  }
}
