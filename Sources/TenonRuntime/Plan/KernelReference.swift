/// A kernel: a symbol of one of the plan's objects, with the ABI
/// `void k(void *const *buffers, const int64_t *sizes, void *scratch, int64_t first, int64_t end)`.
///
/// The kernel computes the tiles `first ..< end`. A tile writes only its own part of the results,
/// so which thread computes it, and with which neighbours, changes nothing.
public struct KernelReference: Hashable, Sendable {
  /// The symbol of every kernel of `ObjectCode.portable`.
  public static let portableSymbol = "tenon_portable_kernel"
  /// The target of a plan whose kernels are all bytecode.
  public static let portableTarget = "portable"

  /// The index into `Plan.objects`.
  public var object: Int
  /// The name that `dlsym` finds.
  public var symbol: String
  /// What `inspect` and error messages print beside the symbol: what the kernel computes.
  public var info: String

  public init(object: Int, symbol: String, info: String = "") {
    self.object = object
    self.symbol = symbol
    self.info = info
  }
}
