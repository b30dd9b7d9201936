import TenonTensor

/// One thing the runtime does, with what `inspect` and the profile print about it.
public struct Step: Sendable {
  public var kind: Kind
  /// A short name: `matmul+relu`.
  public var label: String
  /// The source lines the step comes from, as printed.
  public var origins: String
  public var cost: Cost
  /// True where the step must not begin before every earlier step has ended. Steps in a row
  /// without barriers run side by side in any order. Every kind but `kernel` and `copy` is a
  /// barrier by itself, before and after.
  public var barrierBefore: Bool

  public init(
    _ kind: Kind, label: String, origins: String = "", cost: Cost = Cost(),
    barrierBefore: Bool = true
  ) {
    self.kind = kind
    self.label = label
    self.origins = origins
    self.cost = cost
    self.barrierBefore = barrierBefore
  }

  public indirect enum Kind: Sendable {
    /// Tiles `0 ..< tiles` of a kernel (an index into `Plan.kernels`) over `buffers`, with the
    /// values of `sizes` as its size arguments. The number of tiles does not depend on the number
    /// of threads.
    case kernel(Int, buffers: [BufferID], sizes: [Dimension], tiles: Dimension)
    /// Copies the elements of one buffer, at their present sizes, to the start of another.
    case copy(from: BufferID, to: BufferID)
    /// The integer in `from` becomes the size of a running symbol for the steps that follow;
    /// the run fails where it is negative or over the symbol's maximum.
    case readSize(Symbol, from: BufferID)
    /// Runs `condition`, then, while the `predicate` it wrote is not zero, `body` and `condition`
    /// again. The run fails where the predicate still holds after `maximumTrips` bodies.
    case loop(condition: [Step], predicate: BufferID, body: [Step], maximumTrips: Int?)
    /// Runs the branch whose index the integer or boolean in `selector` holds; every other value
    /// selects the last branch.
    case branch(selector: BufferID, branches: [[Step]])
    /// Calls a host function (an index into `Plan.hostFunctions`) on one thread.
    case host(Int, buffers: [BufferID])
  }

  /// The work of a step, for choosing how to run it and for the profile.
  public struct Cost: Hashable, Sendable {
    /// Floating-point operations; a fused multiply-add counts as two.
    public var flops: Dimension
    /// Bytes read and written.
    public var bytes: Dimension

    public init(flops: Dimension = 0, bytes: Dimension = 0) {
      self.flops = flops
      self.bytes = bytes
    }
  }
}
