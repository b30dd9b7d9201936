import TenonTensor

/// A tensor that the plan carries; kernels read it where it lies.
public struct PlanConstant: Sendable {
  /// The name of constants that are the bytecode of kernels.
  public static let programName = "program"

  public var name: String
  public var tensor: Tensor

  public init(name: String, tensor: Tensor) {
    self.name = name
    self.tensor = tensor
  }
}
