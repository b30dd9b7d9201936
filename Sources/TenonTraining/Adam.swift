import TenonGraph
import TenonOps
import TenonTensor

/// Adam (Kingma and Ba, ICLR 2015, algorithm 1), with decoupled weight decay (Loshchilov and
/// Hutter, ICLR 2019) where `weightDecay` is not 0.
public struct Adam: Optimizer {
  public var learningRate: Double
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  public var weightDecay: Double

  public init(
    learningRate: Double = 0.001, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public func record(_ update: OptimizerUpdate) throws {
    // β₁ᵗ and β₂ᵗ, which correct the averages' bias toward zero.
    let scalar = TensorType(.f32, .scalar)
    let power1 = try update.state("adam/power1", scalar, initial: 1)
    let power2 = try update.state("adam/power2", scalar, initial: 1)
    let next1 = try power1.read() * beta1
    let next2 = try power2.read() * beta2
    try power1.assign(next1)
    try power2.assign(next2)
    for (variable, gradient) in zip(update.variables, update.gradients) {
      let type = variable.type
      let first = try update.state("\(variable.name)/adam/m", type)
      let second = try update.state("\(variable.name)/adam/v", type)
      let m = try first.read() * beta1 + gradient * (1 - beta1)
      let v = try second.read() * beta2 + gradient * gradient * (1 - beta2)
      try first.assign(m)
      try second.assign(v)
      func corrected(_ average: Value, _ power: Value) throws -> Value {
        let rest = try 1 - power
        return try average / broadcast(convert(rest, to: type.element), to: average)
      }
      let root = try sqrt(corrected(v, next2))
      let step = try corrected(m, next1) / (root + epsilon)
      let old = try variable.read()
      let decayed = weightDecay == 0 ? old : try old * (1 - learningRate * weightDecay)
      try variable.assign(decayed - step * learningRate)
    }
  }
}
