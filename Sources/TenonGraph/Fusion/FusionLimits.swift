/// How large fused groups may grow.
package struct FusionLimits: Hashable, Sendable {
  /// Ops in a group.
  package var ops = 96
  /// Values that a group reads from outside and hands out.
  package var values = 32
  /// Bytes of the rows that a kernel keeps between stages.
  package var rowBytes: Int
  /// Evaluations up to which a group may be one row, computed by one thread.
  package var serialWork = 4096
  /// Weight that may be spent on evaluating one op again for a reader in another place.
  package var repeatedWeight = 8

  package init(_ target: Target) { rowBytes = target.level2Bytes / 2 }
}

/// Why an op does not join a group.
package struct FusionRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  package var description: String
  init(_ description: String) { self.description = description }

  static let full = FusionRefusal("the group has reached its number of ops")
  static let contractionOperand = FusionRefusal(
    "a contraction reads it again and again, and takes only affine views as they are")
  static let contractionEpilogue = FusionRefusal(
    "a contraction is followed only by ops that read it at the same index")
  static let twoReductions = FusionRefusal(
    "a contraction shares its kernel with no other reduction")
  static let repeated = FusionRefusal(
    "it would be computed again for readers in several places, and keeping it does not fit")
  static let rows = FusionRefusal("the group shares no leading axes with it to go row by row")
  static let rowBytes = FusionRefusal("its row does not fit beside the others in the cache")
  static let output = FusionRefusal(
    "it is also needed elsewhere, and the group does not compute it at the same index")
  package static let notCompute = FusionRefusal(
    "only computes of tensors fuse")
  static let scattered = FusionRefusal("its index would need divisions inside the group")
}
