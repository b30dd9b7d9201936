import TenonRuntime
import TenonTensor

/// One call of a kernel: what it was given and what it left.
struct KernelCall {
  /// Memory that a kernel reads or writes.
  struct Memory {
    var elementType: ElementType
    var byteCount: Int
    /// What it holds before the call; nil for memory that need not hold anything.
    var before: [UInt8]?
    /// What it holds afterwards, where the kernel writes there.
    var after: [UInt8]?
  }

  /// The index into `Plan.kernels`.
  let kernel: Int
  /// The values of the size arguments.
  let sizes: [Int]
  let tiles: Int
  var memory: [Memory]
  /// For each of the kernel's buffers, the memory it is in.
  let buffers: [Int]
  /// True where the contents come from a run of the plan, not from a pattern.
  let isCaptured: Bool

  /// Bytes of all its memory.
  var byteCount: Int { memory.reduce(0) { $0 + $1.byteCount } }

  /// What the kernel leaves in each memory when all that holds nothing is zero.
  ///
  /// - Throws: what loading and running throw.
  func replayed(_ plan: Plan) throws -> [[UInt8]] {
    let reference = plan.kernels[kernel]
    let ports = memory.indices.map { number in
      PlanPort(
        name: "memory\(number)", elementType: .u8,
        shape: Shape([memory[number].byteCount + KernelCall.slack]))
    }
    let step = Step(
      .kernel(
        0, buffers: buffers.map { BufferID($0) }, sizes: sizes.map { Dimension($0) },
        tiles: Dimension(tiles)), label: reference.info)
    let single = Plan(
      name: reference.symbol, target: plan.target,
      objects: [plan.objects[reference.object]],
      kernels: [KernelReference(object: 0, symbol: reference.symbol, info: reference.info)],
      buffers: ports.enumerated().map { number, port in
        PlanBuffer(
          name: port.name, place: .variable(number), byteCount: port.shape[0].constant!,
          elementType: .u8, shape: port.shape)
      }, variables: ports, steps: [step], scratchBytesPerThread: plan.scratchBytesPerThread)
    let instance = try Instance(LoadedPlan(single), threads: 1)
    let storage = memory.map { TensorStorage(byteCount: $0.byteCount + KernelCall.slack) }
    for (number, part) in memory.enumerated() {
      part.before?.withUnsafeBytes { bytes in
        if let start = bytes.baseAddress {
          storage[number].bytes.copyMemory(from: start, byteCount: bytes.count)
        }
      }
      instance.bindVariable(number, to: storage[number].bytes)
    }
    try instance.run()
    return zip(memory, storage).map { part, storage in
      Array(UnsafeRawBufferPointer(start: storage.bytes, count: part.byteCount))
    }
  }

  /// Zeroed bytes after each memory.
  static let slack = 256
}
