import CTenonKernels
import Glibc
import TenonTensor

/// The loaded objects of a plan and the addresses of its kernels; unloaded when released.
final class KernelImage: @unchecked Sendable {
  /// By object; nil for the runtime itself.
  private var handles: [UnsafeMutableRawPointer?] = []
  private var files: [Int32] = []
  /// One address for each of `Plan.kernels`.
  private(set) var kernels: [tenon_kernel] = []

  /// - Throws: `kernel-load` where an object cannot be loaded or lacks a kernel.
  init(_ plan: Plan) throws {
    for (index, object) in plan.objects.enumerated() {
      switch object {
      case .file(let path): try open(path, describedAs: "kernel file \(path)", plan)
      case .bytes(let bytes): try open(bytes, describedAs: "object \(index)", plan)
      case .portable: handles.append(nil)
      }
    }
    for kernel in plan.kernels {
      if let handle = handles[kernel.object] {
        guard let address = dlsym(handle, kernel.symbol) else {
          throw TenonError.missingKernel(plan, kernel)
        }
        kernels.append(unsafeBitCast(address, to: tenon_kernel.self))
      } else {
        guard kernel.symbol == KernelReference.portableSymbol else {
          throw TenonError.missingKernel(plan, kernel)
        }
        kernels.append(tenon_portable_kernel)
      }
    }
  }

  deinit {
    for handle in handles.compactMap({ $0 }) { dlclose(handle) }
    for file in files { close(file) }
  }

  private func open(_ path: String, describedAs object: String, _ plan: Plan) throws {
    // Without a slash the loader would search its own folders.
    let path = path.contains("/") ? path : "./" + path
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw TenonError.kernelLoad(plan, object: object, reason: String(cString: dlerror()))
    }
    handles.append(handle)
  }

  /// Loads bytes through a file in memory. It stays open as long as the object is loaded, since
  /// the loader knows objects by path.
  private func open(_ bytes: [UInt8], describedAs object: String, _ plan: Plan) throws {
    let file = tenon_memory_file_create("tenon-kernels")
    guard file >= 0 else {
      throw TenonError.kernelLoad(plan, object: object, reason: String(cString: strerror(errno)))
    }
    files.append(file)
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        write(file, $0.baseAddress! + written, bytes.count - written)
      }
      guard count > 0 else {
        throw TenonError.kernelLoad(
          plan, object: object, reason: String(cString: strerror(errno)))
      }
      written += count
    }
    try open("/proc/self/fd/\(file)", describedAs: object, plan)
  }
}
