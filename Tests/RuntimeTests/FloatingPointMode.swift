import CTenonKernels

/// The calling thread's treatment of subnormal numbers.
enum FloatingPointMode {
  /// Makes subnormal operands and results zero; returns the mode before.
  static func flushToZero() -> UInt64 {
    #if arch(x86_64)
      let saved = tenon_floating_point_enter()
      tenon_floating_point_leave(saved | 0x8040)
      return saved
    #else
      let saved = tenon_floating_point_enter()
      tenon_floating_point_leave(saved | 1 << 24)
      return saved
    #endif
  }

  static func restore(_ mode: UInt64) {
    _ = tenon_floating_point_enter()
    tenon_floating_point_leave(mode)
  }

  static var isFlushingToZero: Bool {
    let mode = tenon_floating_point_enter()
    tenon_floating_point_leave(mode)
    #if arch(x86_64)
      return mode & 0x8040 == 0x8040
    #else
      return mode & 1 << 24 != 0
    #endif
  }
}
