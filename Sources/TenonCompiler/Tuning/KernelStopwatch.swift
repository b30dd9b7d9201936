import Glibc
import TenonCodegen
import TenonGraph
import TenonRuntime
import TenonTensor

/// Measures kernels that compute the same, in turn, so that what disturbs the machine disturbs all.
struct KernelStopwatch {
  let threads: Int
  /// Nanoseconds that the kernels of one comparison may take together, beyond the least rounds.
  var budget = 150_000_000
  var leastRounds = 9
  var mostRounds = 60

  /// The time of each kernel in nanoseconds: that of the first is its median; the others' are that
  /// times the median of their ratios to it, each within one round.
  ///
  /// - Parameter isFixed: by input, whether it is one that plans read from memory each time, such
  ///   as weights.
  /// - Throws: what loading and running throw.
  func times(of kernels: [CompiledKernel], isFixed: [Bool]) throws -> [Double] {
    let bench = try Bench(kernels, isFixed: isFixed, threads: threads)
    _ = try kernels.indices.map { try bench.run($0, round: 0) }
    var rounds: [[Double]] = []
    let start = KernelStopwatch.now()
    while rounds.count < leastRounds
      || rounds.count < mostRounds && KernelStopwatch.now() - start < budget
    {
      var round = [Double](repeating: 0, count: kernels.count)
      for step in kernels.indices {
        let number = (step + rounds.count) % kernels.count
        round[number] = try bench.run(number, round: rounds.count)
      }
      rounds.append(round)
    }
    let first = KernelStopwatch.median(rounds.map { $0[0] })
    return kernels.indices.map { number in
      first * KernelStopwatch.median(rounds.map { $0[number] / max(1, $0[0]) })
    }
  }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  fileprivate static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}

/// Kernels with memory to run on: each a plan of one step.
private struct Bench {
  private let instances: [Instance]
  /// By buffer, the memory that it takes in turn: fixed inputs have several, so that they are not
  /// found in the nearest caches.
  private let storage: [[TensorStorage]]
  /// Fixed inputs together take so much memory or more, where copies suffice.
  private static let coldBytes = 8 << 20

  init(_ kernels: [CompiledKernel], isFixed: [Bool], threads: Int) throws {
    // As groups count it: with what layouts add.
    func bytes(_ type: TensorType) -> Int {
      KernelGroup(inputs: [type], outputs: [], body: .stages([])).cost.bytes
        .evaluated { $0.maximum } ?? 0
    }
    let first = kernels[0].group
    let types = first.inputs + first.outputs
    storage = types.indices.map { number in
      let most = kernels.map { bytes(($0.group.inputs + $0.group.outputs)[number]) }.max()!
      let isFixed = number < isFixed.count && isFixed[number]
      let copies = isFixed ? max(1, min(8, Bench.coldBytes / max(1, most))) : 1
      return (0..<copies).map { Bench.filled(types[number].element, most, seed: number + $0 + 1) }
    }
    instances = try kernels.map { kernel in
      let all = kernel.group.inputs + kernel.group.outputs
      let ports = all.enumerated().map { number, type in
        PlanPort(name: "memory\(number)", elementType: .u8, shape: Shape([bytes(type)]))
      }
      let sizes = kernel.sizes.map { Dimension($0.evaluated { $0.maximum } ?? 0) }
      let step = Step(
        .kernel(
          0, buffers: all.indices.map { BufferID($0) }, sizes: sizes,
          tiles: Dimension(kernel.tiles.evaluated { $0.maximum } ?? 0)), label: "tune")
      let plan = Plan(
        name: "tune", target: kernel.target.name, objects: [.file(kernel.objectPath)],
        kernels: [KernelReference(object: 0, symbol: kernel.symbol, info: "tune")],
        buffers: ports.enumerated().map { number, port in
          PlanBuffer(
            name: port.name, place: .variable(number), byteCount: port.shape[0].constant!,
            elementType: .u8, shape: port.shape)
        }, variables: ports, steps: [step], scratchBytesPerThread: kernel.scratchBytes)
      return try Instance(LoadedPlan(plan), threads: threads)
    }
  }

  /// Nanoseconds of one run.
  func run(_ kernel: Int, round: Int) throws -> Double {
    for (number, copies) in storage.enumerated() {
      instances[kernel].bindVariable(number, to: copies[round % copies.count].bytes)
    }
    let start = KernelStopwatch.now()
    try instances[kernel].run()
    return Double(KernelStopwatch.now() - start)
  }

  /// Memory that holds a pattern again and again.
  private static func filled(_ element: ElementType, _ byteCount: Int, seed: Int) -> TensorStorage {
    let storage = TensorStorage(byteCount: byteCount + KernelCall.slack)
    let pattern = FillPattern(element)
    let block = pattern.bytes(count: min(1 << 14, byteCount / pattern.width), seed: seed)
    guard !block.isEmpty else { return storage }
    block.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: byteCount, by: bytes.count) {
        (storage.bytes + start).copyMemory(
          from: bytes.baseAddress!, byteCount: min(bytes.count, byteCount - start))
      }
    }
    return storage
  }
}
