import Glibc
import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// Compiles and runs single kernels for tests.
enum NativeRun {
  /// The instruction sets that this machine can run.
  static let targets: [Target] = Target.InstructionSet.allCases.filter { set in
    switch set {
    case .generic: true
    case .neon: false
    case .avx2: [.avx2, .avx512].contains(Target.host().instructionSet)
    case .avx512: Target.host().instructionSet == .avx512
    }
  }.map { Target($0) }

  static let cache = KernelCache(folder: temporaryFolder())

  static func temporaryFolder() -> String {
    TemporaryFolder.make() + "/cache"
  }

  typealias Function =
    @convention(c) (
      UnsafePointer<UnsafeMutableRawPointer?>?, UnsafePointer<Int64>?, UnsafeMutableRawPointer?,
      Int64, Int64
    ) -> Void

  static func function(_ kernel: CompiledKernel) throws -> Function {
    let handle = try #require(
      dlopen(kernel.objectPath, RTLD_NOW | RTLD_LOCAL), "\(String(cString: dlerror()))")
    let symbol = try #require(dlsym(handle, kernel.symbol))
    return unsafeBitCast(symbol, to: Function.self)
  }

  /// Runs all tiles of a kernel, in calls of `tilesAtOnce`, from the last to the first where
  /// `backwards`. `inPlace` says, by output, which input's memory it takes.
  static func run(
    _ kernel: CompiledKernel, inputs: [Tensor], outputs: [TensorType], sizes: [Symbol: Int] = [:],
    tilesAtOnce: Int = .max, backwards: Bool = false, inPlace: [Int: Int] = [:]
  ) throws -> [Tensor] {
    let function = try function(kernel)
    let arguments = kernel.sizes.map { Int64($0.evaluated { sizes[$0] }!) }
    let tiles = kernel.tiles.evaluated { sizes[$0] }!
    let shapes = outputs.map { $0.shape.evaluated { sizes[$0] }! }
    let stored = outputs.map { $0.storedCount.evaluated { sizes[$0] }! * $0.element.byteWidth }
    // Guard bytes after each buffer catch writes past its end.
    let memory = stored.map { count -> UnsafeMutableRawBufferPointer in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count + 256, alignment: 64)
      memset(buffer.baseAddress!, 0xA5, count + 256)
      return buffer
    }
    let given = inputs.map { tensor -> UnsafeMutableRawBufferPointer in
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(1, tensor.byteCount), alignment: 64)
      tensor.withUnsafeBytes { buffer.copyMemory(from: $0) }
      return buffer
    }
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: kernel.scratchBytes + 256, alignment: 64)
    memset(scratch.baseAddress!, 0x5A, kernel.scratchBytes + 256)
    defer { (memory + given + [scratch]).forEach { $0.deallocate() } }
    var pointers = (given + memory).map { Optional($0.baseAddress!) }
    for (output, input) in inPlace {
      memory[output].copyMemory(
        from: UnsafeRawBufferPointer(rebasing: given[input][..<stored[output]]))
      pointers[input] = pointers[given.count + output]
    }
    var pieces: [(Int, Int)] = []
    var first = 0
    while first < tiles {
      let end = first + min(tilesAtOnce, tiles - first)
      pieces.append((first, end))
      first = end
    }
    for (first, end) in backwards ? pieces.reversed() : pieces {
      function(pointers, arguments, scratch.baseAddress, Int64(first), Int64(end))
    }
    for (buffer, count) in zip(memory + [scratch], stored + [kernel.scratchBytes]) {
      let expected: UInt8 = buffer.baseAddress == scratch.baseAddress ? 0x5A : 0xA5
      #expect(buffer[count...].allSatisfy { $0 == expected }, "written past the end")
    }
    return try zip(outputs.indices, shapes).map { number, shape in
      let shape =
        outputs[number].layout == nil ? shape : [stored[number] / outputs[number].element.byteWidth]
      return try Tensor(outputs[number].element, shape: shape) { bytes in
        bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[number][..<bytes.count]))
      }
    }
  }
}
