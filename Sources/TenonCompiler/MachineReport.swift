import Glibc
import TenonCodegen
import TenonGraph
import TenonRuntime
import TenonTensor

/// What this machine offers and whether Tenon can use it: what `tenon doctor` prints.
public struct MachineReport: Sendable {
  /// One line for each thing, `name: what`.
  public let lines: [String]
  /// Whether kernels can be compiled here.
  public let canCompile: Bool

  /// This machine, as it is now.
  ///
  /// - Parameter speed: what was measured of it, if anything.
  public static func current(_ speed: MachineSpeed? = .stored) -> MachineReport {
    let target = Target.host()
    let limits = ProcessLimits.current
    var lines = [
      "instructions: \(target.name), vectors of \(target.vectorBytes) bytes",
      "caches: L1 \(target.level1Bytes >> 10) KiB, L2 \(target.level2Bytes >> 10) KiB, "
        + "L3 \(target.level3Bytes >> 10) KiB",
      "processors: \(limits.processors.count) allowed, \(limits.concurrency) threads can run at once",
      "memory: \(limits.memory >> 20) MiB may be used",
    ]
    lines += speed?.lines ?? ["speed: not measured; `tenon doctor --measure` takes two seconds"]
    var canCompile = true
    do {
      let compiler = try CCompiler.find()
      lines.append("compiler: \(compiler.path)")
    } catch {
      canCompile = false
      lines.append("compiler: none; graphs run on the portable backend (\(error))")
    }
    lines.append(
      MatrixLibrary.isThere
        ? "OpenBLAS: \(MatrixLibrary.name); the portable backend multiplies matrices with it"
        : "OpenBLAS: none, \(MatrixLibrary.name) cannot be used; the portable backend multiplies "
          + "matrices with plain loops, and TENON_BLAS names another")
    var warnings: [String] = []
    let cache = KernelCache.standard { warnings.append($0) }
    lines.append("kernel cache: \(cache.folder)")
    lines += warnings.map { "  \($0)" }
    return MachineReport(lines: lines, canCompile: canCompile)
  }
}
