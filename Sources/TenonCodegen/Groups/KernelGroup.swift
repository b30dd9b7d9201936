import TenonGraph
import TenonTensor

/// What becomes one kernel: the lowerings of a fused group, with no ops left in it.
///
/// Equal groups for equal targets are one kernel, wherever they stand in whichever graph.
///
/// A group of several stages is computed row by row: all stages share their leading parallel axes
/// (`sharedAxes`), and a stage reads an earlier stage's results only in its own row. For each row
/// the stages run in order, each to its end. A kernel writes an element of an output once, after
/// every read that the stage makes to compute it; what a tile reads of its outputs it has itself
/// written. The plan relies on this where an output overwrites an input. Output k of a scatter may
/// lie where destination k, its input, lies: then nothing is copied first.
public struct KernelGroup: Hashable, Sendable {
  /// What is read and written, layouts included; a kernel's buffers are the inputs and then the
  /// outputs.
  public var inputs: [TensorType]
  public var outputs: [TensorType]
  public var body: Body
  /// The most leading axes that are shared, where fewer are than could be: vectors lie along the
  /// next one then.
  public var mostShared: Int?
  /// A schedule asked for in the place of the one that the cost model would choose.
  package var request: ScheduleRequest?

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

extension KernelGroup {
  /// How many leading parallel axes are the rows of the kernel: shared by all stages, with every
  /// read of an earlier stage's result at the reader's own row. All axes of a single stage; 0 for
  /// stages that share none (a small group that is one row), and for other lowerings.
  public var sharedAxes: Int {
    guard case .stages(let stages) = body, let first = stages.first else { return 0 }
    var shared = min(first.compute.axes.count, mostShared ?? .max)
    for stage in stages {
      let axes = stage.compute.axes
      shared = zip(first.compute.axes, axes).prefix(shared).prefix { $0 == $1 }.count
      let programs = [stage.compute.program, stage.compute.reduction?.program]
      for instruction in programs.compactMap({ $0?.instructions }).joined() {
        guard case .load(let operand, let index, _, _) = instruction,
          case .stage = stage.operands[operand]
        else { continue }
        let own = index.enumerated().prefix { axis, expression in
          expression.singleAxis == axis || (axis < axes.count && axes[axis] == 1)
        }
        shared = min(shared, own.count)
      }
    }
    return shared
  }
}
