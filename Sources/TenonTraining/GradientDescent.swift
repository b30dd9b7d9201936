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

  public func record(_ update: OptimizerUpdate) throws {
    for (variable, gradient) in zip(update.variables, update.gradients) {
      var step = gradient
      if momentum != 0 {
        let velocity = try update.state("\(variable.name)/velocity", variable.type)
        step = try velocity.read() * momentum + gradient
        try velocity.assign(step)
      }
      try variable.assign(variable.read() - step * learningRate)
    }
  }
}
