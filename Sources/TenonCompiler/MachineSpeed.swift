import Glibc
import TenonCodegen
import TenonGraph
import TenonRuntime
import TenonTensor

/// How fast this machine is, as a probe of about two seconds measured it.
///
/// The cost models of the compiler use it where it is there, else numbers that are usual for the
/// instructions. It is measured when somebody asks, never on the way, and kept in the kernel cache:
/// plans stay the same until it is measured again.
public struct MachineSpeed: Hashable, Sendable {
  /// Floating-point operations a nanosecond of f32 multiply-adds in registers, of one thread.
  public var peakGFLOPS: Double
  /// The same of all threads together.
  public var teamPeakGFLOPS: Double
  /// Bytes a nanosecond read from memory, by one thread.
  public var streamGBPS: Double
  /// The same by all threads together.
  public var teamStreamGBPS: Double
  /// Nanoseconds from the last thread's end of one step to all threads' start of the next.
  public var barrierNanoseconds: Double
  /// How many threads `all` were.
  public var threads: Int

  /// What was last measured on a machine with this processor; nil where nothing was.
  public static var stored: MachineSpeed? { stored(in: .standard()) }

  static func stored(in cache: KernelCache) -> MachineSpeed? {
    cache.note(named: noteName, about: subject(Target.host())).flatMap(MachineSpeed.init(note:))
  }

  /// Measures this machine, and keeps the result for `stored`.
  ///
  /// - Throws: `compiler-missing`, `compiler-failed` where the probe's kernels cannot be compiled;
  ///   `out-of-memory`.
  public static func measure() throws -> MachineSpeed { try measure(keptIn: .standard()) }

  static func measure(keptIn cache: KernelCache) throws -> MachineSpeed {
    let target = Target.host()
    let speed = try MachineSpeed(probing: target)
    cache.keepNote(speed.note, named: noteName, about: subject(target))
    return speed
  }

  static let noteName = "speed"

  /// What the numbers hold for: a processor, as the system names it, and how many may be used.
  static func subject(_ target: Target) -> String {
    "\(target.name), \(ProcessLimits.current.concurrency) x \(Target.processorName)"
  }
}

extension MachineSpeed {
  /// Takes the best of some rounds: others use the machine too.
  init(probing target: Target) throws {
    let kernels = try ProbeKernels(target)
    let threads = ProcessLimits.current.concurrency
    let input = try Buffer(bytes: max(64 << 20, min(4 * target.level3Bytes, 256 << 20)))
    let output = try Buffer(bytes: max(threads, 1) * ProbeKernels.tileOutputs * 4)
    let tiles = input.count * 4 / ProbeKernels.tileBytes
    func best(_ rounds: Int, _ threads: Int, _ body: @escaping (Int) -> Void) -> Double {
      (0..<rounds).map { _ in ThreadTeam.nanoseconds(threads: threads, phases: 1, body) }.min()!
    }
    func multiply(_ threads: Int) -> Double {
      let calls = 32
      let time = best(12, threads) { thread in
        for _ in 0..<calls {
          MachineSpeed.call(kernels.multiplyAdds, input, output, from: 0, from: thread)
        }
      }
      return Double(kernels.tileFLOPs * calls * threads) / time
    }
    func read(_ threads: Int) -> Double {
      let share = tiles / threads
      let time = best(5, threads) { thread in
        for tile in thread * share..<(thread + 1) * share {
          MachineSpeed.call(kernels.reading, input, output, from: tile, from: thread)
        }
      }
      return Double(share * threads * ProbeKernels.tileBytes) / time
    }
    let phases = 10_000
    let barrier = (0..<5).map { _ in
      ThreadTeam.nanoseconds(threads: threads, phases: phases) { _ in } / Double(phases)
    }.min()!
    self.init(
      peakGFLOPS: multiply(1), teamPeakGFLOPS: multiply(threads), streamGBPS: read(1),
      teamStreamGBPS: read(threads), barrierNanoseconds: threads > 1 ? barrier : 0,
      threads: threads)
  }

  /// Runs a tile of a kernel, of its own parts of input and output.
  private static func call(
    _ function: ProbeKernels.Function, _ input: Buffer, _ output: Buffer, from tile: Int,
    from thread: Int
  ) {
    let buffers: [UnsafeMutableRawPointer?] = [
      UnsafeMutableRawPointer(input.start + tile * ProbeKernels.tileBytes / 4),
      UnsafeMutableRawPointer(output.start + thread * ProbeKernels.tileOutputs),
    ]
    function(buffers, nil, nil, 0, 1)
  }

  /// Floats that lie aligned, each a half.
  private final class Buffer: @unchecked Sendable {
    let start: UnsafeMutablePointer<Float>
    let count: Int

    init(bytes: Int) throws {
      var memory: UnsafeMutableRawPointer?
      guard posix_memalign(&memory, 1 << 21, bytes) == 0, let memory else {
        throw TenonError("out-of-memory", "the probe needs \(bytes >> 20) MiB")
      }
      madvise(memory, bytes, MADV_HUGEPAGE)
      count = bytes / 4
      start = memory.bindMemory(to: Float.self, capacity: count)
      start.initialize(repeating: 0.5, count: count)
    }

    deinit { free(start) }
  }
}

extension MachineSpeed {
  /// Floating-point operations a nanosecond of so many threads.
  public func peakGFLOPS(threads: Int) -> Double {
    threads >= self.threads
      ? teamPeakGFLOPS : min(teamPeakGFLOPS, peakGFLOPS * Double(max(1, threads)))
  }
}

// As kept and as printed.
extension MachineSpeed {
  private var numbers: [Double] {
    [peakGFLOPS, teamPeakGFLOPS, streamGBPS, teamStreamGBPS, barrierNanoseconds, Double(threads)]
  }

  var note: String { numbers.map { "\($0)" }.joined(separator: " ") }

  /// Nil for text that is no such note.
  init?(note: String) {
    let numbers = note.split(separator: " ").compactMap { Double($0) }
    guard numbers.count == 6, numbers.allSatisfy({ $0.isFinite && $0 >= 0 && $0 < 1e9 }),
      numbers[0] > 0, numbers[2] > 0
    else { return nil }
    self.init(
      peakGFLOPS: numbers[0], teamPeakGFLOPS: numbers[1], streamGBPS: numbers[2],
      teamStreamGBPS: numbers[3], barrierNanoseconds: numbers[4], threads: Int(numbers[5]))
  }

  /// A line for each thing, `name: what`.
  public var lines: [String] {
    func pair(_ one: Double, _ all: Double) -> String {
      "\(Int(one.rounded())) by one thread, \(Int(all.rounded())) by \(threads)"
    }
    return [
      "peak: \(pair(peakGFLOPS, teamPeakGFLOPS)) GFLOP/s of f32 multiply-adds",
      "stream: \(pair(streamGBPS, teamStreamGBPS)) GB/s read from memory",
      "barrier: \(Int(barrierNanoseconds.rounded())) ns",
    ]
  }
}

extension CompileOptions {
  /// The kernels' cache; `warn` is told why where another folder must do.
  func cache(_ warn: (String) -> Void = { _ in }) -> KernelCache {
    cacheFolder.map { KernelCache(folder: $0, warnings: warn) } ?? .standard(warnings: warn)
  }

  /// The machine to compile for: this one with what was measured of it, unless another is named.
  var usedTarget: Target {
    if let target { return target }
    var target = Target.host()
    if let speed = MachineSpeed.stored(in: cache()) {
      (target.peakGFLOPS, target.streamGBPS) = (speed.peakGFLOPS, speed.streamGBPS)
    }
    return target
  }
}
