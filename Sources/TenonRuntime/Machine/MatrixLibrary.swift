import CTenonKernels
import Glibc

/// The OpenBLAS that multiplies matrices for the portable backend.
package enum MatrixLibrary {
  /// What is opened: what `TENON_BLAS` names, else the system's.
  package static var name: String {
    getenv("TENON_BLAS").map { String(cString: $0) } ?? "libopenblas.so.0"
  }

  /// Whether it can be used; opens it.
  package static var isThere: Bool { tenon_portable_has_library() }
}
