/// A group that reads an operand in another form than it has: what makes the form, and the group
/// that reads it.
package struct TransformedOperand: Hashable, Sendable {
  /// The group's input.
  package var input: Int
  /// Makes the form of the operand, its one input.
  package var copy: KernelGroup
  package var group: KernelGroup
}
