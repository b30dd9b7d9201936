import TenonGraph
import TenonTensor

/// What becomes one kernel: the lowerings of a fused group, with no ops left in it.
///
/// Equal groups for equal targets are one kernel, wherever they stand in whichever graph.
public struct KernelGroup: Hashable, Sendable {
  /// What is read and written, layouts included; a kernel's buffers are the inputs and then the
  /// outputs.
  public var inputs: [TensorType]
  public var outputs: [TensorType]
  public var body: Body

  public enum Body: Hashable, Sendable {
    /// Computes in order; later ones may read earlier ones' results.
    case stages([Stage])
    /// One lowering of another kind, whose operands are the inputs in order.
    case single(Lowering)
  }

  /// One compute of a group.
  public struct Stage: Hashable, Sendable {
    public var compute: Compute
    /// What the compute's operands are.
    public var operands: [Operand]
    /// Where each result goes.
    public var results: [Destination]

    public init(compute: Compute, operands: [Operand], results: [Destination]) {
      self.compute = compute
      self.operands = operands
      self.results = results
    }
  }

  public enum Operand: Hashable, Sendable {
    case input(Int)
    /// A result of an earlier stage, whether it is also an output or not.
    case stage(Int, result: Int)
  }

  public enum Destination: Hashable, Sendable {
    case output(Int)
    /// Kept inside the kernel.
    case temporary
  }

  public init(inputs: [TensorType], outputs: [TensorType], body: Body) {
    self.inputs = inputs
    self.outputs = outputs
    self.body = body
  }
}
