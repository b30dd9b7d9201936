import TenonGraph
import TenonTensor

/// Takes out the nodes whose results nothing uses.
///
/// Before: `%a = exponential(%x); %b = log(%x); output %b`
/// After:  `%b = log(%x); output %b`
///
/// After the passes that leave nodes without use: gradients, folding, merging.
public struct RemoveDeadNodes: GraphPass {
  public static let name = "remove-dead-nodes"
  public init() {}

  public func run(_ context: PassContext) throws {
    context.removeDeadNodes()
  }
}
