import TenonGraph
import TenonOps
import TenonTensor

/// How a variable's first value is made.
public enum Initializer: Sendable {
  case zeros
  case ones
  case constant(Double)
  /// Evenly spread in ±√(6 / (fan-in + fan-out)) (Glorot and Bengio, AISTATS 2010).
  case glorotUniform
  /// Evenly spread in ±√(6 / fan-in) (He et al., ICCV 2015).
  case heUniform

  /// Records the first value of the variable called `name`.
  ///
  /// - Parameters:
  ///   - site: the place in the user's code that the nodes come from.
  ///   - fan: how many inputs each output has, and how many outputs each input has.
  ///   - seed: the same seed and name give the same numbers.
  func record(
    _ graph: Graph, at site: CallSite, name: String, _ element: ElementType, _ shape: Shape,
    fan: (inputs: Int, outputs: Int), seed: UInt64
  ) throws -> Value {
    func uniform(_ bound: Double) throws -> Value {
      try graph.randomUniform(
        element, shape, in: -bound..<bound, stream: RandomStream(seed: seed, name: name))
    }
    func filled(_ value: Double) throws -> Value {
      try broadcast(graph.scalar(value, element), to: shape)
    }
    return try graph.at(site) {
      switch self {
      case .zeros: try filled(0)
      case .ones: try filled(1)
      case .constant(let value): try filled(value)
      case .glorotUniform: try uniform((6 / Double(fan.inputs + fan.outputs)).squareRoot())
      case .heUniform: try uniform((6 / Double(fan.inputs)).squareRoot())
      }
    }
  }
}
