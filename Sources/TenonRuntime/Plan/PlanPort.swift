import TenonTensor

/// An input, output or variable of a plan: what may be fed, what comes back, what a session keeps.
public struct PlanPort: Hashable, Sendable {
  public var name: String
  public var elementType: ElementType
  /// The sizes; of symbols, only running ones are left.
  public var shape: Shape

  public init(name: String, elementType: ElementType, shape: Shape) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
  }
}

extension PlanPort: CustomStringConvertible {
  /// `x f32[batch, 3]`.
  public var description: String { "\(name) \(elementType)\(shape)" }
}

/// A value that replaces a variable's when the run has succeeded.
public struct VariableUpdate: Hashable, Sendable {
  /// The index into `Plan.variables`.
  public var variable: Int
  public var buffer: BufferID

  public init(variable: Int, buffer: BufferID) {
    self.variable = variable
    self.buffer = buffer
  }
}
