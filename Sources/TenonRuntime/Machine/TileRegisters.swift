import CTenonKernels

/// The tile registers of x86 processors with a matrix unit (AMX).
package enum TileRegisters {
  /// Whether the process's threads may use them: the system is asked once.
  package static let arePermitted = tenon_tiles_permit()
}
