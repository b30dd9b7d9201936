import Glibc
import TenonGraph
import TenonTensor

/// Two kernels that measure a machine: multiply-adds in registers, and reading of memory.
///
/// Both take buffers of `f32`, an input and an output, and any number of tiles.
package struct ProbeKernels {
  package typealias Function =
    @convention(c) (
      UnsafePointer<UnsafeMutableRawPointer?>?, UnsafePointer<Int64>?, UnsafeMutableRawPointer?,
      Int64, Int64
    ) -> Void

  /// Multiply-adds that depend on earlier ones of the same register alone; it reads a vector.
  package let multiplyAdds: Function
  /// Floating-point operations of one tile of `multiplyAdds`.
  package let tileFLOPs: Int
  /// Reads its tile's part of the input.
  package let reading: Function
  /// Bytes that one tile of `reading` reads.
  package static let tileBytes = 1 << 20
  /// Elements that a tile writes to the output: whole cache lines of its own.
  package static let tileOutputs = 64

  /// Compiles the kernels.
  ///
  /// - Throws: `compiler-missing`, `compiler-failed`; `kernel-load` where the object does not load.
  package init(_ target: Target) throws {
    let multiply = ProbeKernels.multiplyAddKernel(target)
    var source = CSource(target: target)
    source.add(multiply.kernel, symbol: "tenon_probe_multiply_adds")
    source.add(ProbeKernels.readingKernel(target), symbol: "tenon_probe_reading")
    tileFLOPs = multiply.flops
    let path = TemporaryFolder.make() + "/probe.so"
    let job = try CCompiler.find().job(source.text, target: target, output: path)
    let outcome = ChildProcess.run([job], atOnce: 1, timeLimit: 60)[0]
    guard outcome.succeeded else {
      throw TenonError.compilerFailed(
        ([job.program] + job.arguments).joined(separator: " "), outcome.ending,
        output: outcome.output, source: nil)
    }
    func function(_ symbol: String) throws -> Function {
      guard let object = dlopen(path, RTLD_NOW | RTLD_LOCAL), let address = dlsym(object, symbol)
      else {
        throw TenonError(
          "kernel-load", "the probe's kernels do not load", details: [String(cString: dlerror())])
      }
      return unsafeBitCast(address, to: Function.self)
    }
    multiplyAdds = try function("tenon_probe_multiply_adds")
    reading = try function("tenon_probe_reading")
  }

  /// More sums at once than a multiply-add takes cycles, on two units.
  private static func multiplyAddKernel(_ target: Target) -> (kernel: Kernel, flops: Int) {
    let lanes = target.lanes(byteWidth: 4)
    let type = LaneType(.f32, lanes: lanes)
    let sums = max(1, min(12, target.vectorRegisters - 4))
    let rounds = 1 << 14
    let builder = builder()
    let sum = builder.register(type, extents: [sums])
    let start = builder.define(
      .load(Address(.buffer(0), IndexExpression(0)), count: nil, mask: nil, fill: nil), type)
    func each(_ body: (RegisterPlace) -> Void) {
      builder.loop(to: IndexExpression(Dimension(sums)), kind: .unrolled) {
        body(RegisterPlace(sum, [$0]))
      }
    }
    each { builder.set($0, start) }
    // Factor and term keep the sums at 1, and the compiler does not see that.
    builder.loop(to: IndexExpression(Dimension(rounds))) { _ in
      each { place in
        builder.set(
          place, builder.define(.multiplyAdd(builder.read(place), start, start), type))
      }
    }
    let total = builder.register(type)
    builder.set(RegisterPlace(total), start)
    each { place in
      builder.set(
        RegisterPlace(total),
        builder.binary(.add, builder.read(RegisterPlace(total)), builder.read(place)))
    }
    store(total, builder)
    return (builder.finish(tiles: 1), 2 * lanes * sums * rounds)
  }

  /// The sum of the input's numbers, in as many sums as keep the loads busy.
  private static func readingKernel(_ target: Target) -> Kernel {
    let lanes = target.lanes(byteWidth: 4)
    let type = LaneType(.f32, lanes: lanes)
    let sums = 4
    let builder = builder()
    let sum = builder.register(type, extents: [sums])
    let total = builder.register(type)
    let zero = builder.define(.float(0), type)
    func each(_ body: (IndexExpression, RegisterPlace) -> Void) {
      builder.loop(to: IndexExpression(Dimension(sums)), kind: .unrolled) {
        body($0, RegisterPlace(sum, [$0]))
      }
    }
    each { builder.set($1, zero) }
    let count = tileBytes / 4
    builder.loop(to: IndexExpression(Dimension(count)), step: sums * lanes) { place in
      each { number, register in
        let offset =
          IndexExpression(.axis(0), times: Dimension(count)) + place
          + number * Dimension(lanes)
        let loaded = builder.define(
          .load(Address(.buffer(0), offset), count: nil, mask: nil, fill: nil), type)
        builder.set(register, builder.binary(.add, builder.read(register), loaded))
      }
    }
    builder.set(RegisterPlace(total), zero)
    each { _, register in
      builder.set(
        RegisterPlace(total),
        builder.binary(.add, builder.read(RegisterPlace(total)), builder.read(register)))
    }
    store(total, builder)
    return builder.finish(tiles: 1)
  }

  private static func builder() -> KernelBuilder {
    KernelBuilder(
      parameters: [],
      buffers: [
        Kernel.Buffer(element: .f32, isOutput: false), Kernel.Buffer(element: .f32, isOutput: true),
      ])
  }

  private static func store(_ register: Int, _ builder: KernelBuilder) {
    builder.store(
      Address(.buffer(1), IndexExpression(.axis(0), times: Dimension(tileOutputs))),
      builder.read(RegisterPlace(register)))
  }
}
