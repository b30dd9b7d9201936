import TenonGraph

/// Puts ops that become one kernel into the region of a `fusion` node.
///
/// Before:
///
///     %2 = broadcast_in_dim(%b) {shape: [8, 4], dimensions: [1]}
///     %3 = add(%x, %2)
///     %4 = exponential(%3)
///
/// After:
///
///     %5 = fusion(%b, %x) { … }
///
/// A producer that is elementwise or a view joins whatever reads it, a reduction takes the ops after
/// it that read it at the same index, and reductions along the last axes go row by row with what
/// stands between them (softmax, norms). What is legal follows from the ops' lowerings alone, what
/// pays from these and the target; each refusal says why.
///
/// Last of all, since every other pass looks for ops where they stand.
public struct FuseGroups: GraphPass {
  public static let name = "fuse"

  public init() {}

  public func run(_ context: PassContext) throws { context.fuse() }
}
