import CTenonKernels

/// Lets any thread end runs: they stop before their next step and throw `cancelled`.
public final class Cancellation: @unchecked Sendable {
  let flag: OpaquePointer

  public init() { flag = tenon_flag_create()! }

  deinit { tenon_flag_destroy(flag) }

  /// Ends the runs that were given this object, those to come too.
  public func cancel() { tenon_flag_set(flag, true) }

  public var isCancelled: Bool { tenon_flag_is_set(flag) }
}
