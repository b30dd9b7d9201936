import Glibc
import TenonTestKit
import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// Compiles and runs single kernels for tests.
enum NativeRun {
  /// The instruction sets that this machine can run, and aarch64's where it can be emulated.
  static let targets: [Target] =
    Target.host().instructionSet.included.map { Target($0) }
    + (Emulator.aarch64 == nil ? [] : [Target(.neon)])

  static let cache = KernelCache(folder: temporaryFolder())

  static func temporaryFolder() -> String {
    TemporaryFolder.make() + "/cache"
  }

  /// Whether kernels are built with a sanitizer.
  static let isSanitized = CCompiler.isSanitizing

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
  /// `backwards`, each thread the calls that are its own. `inPlace` says, by output, which input's
  /// memory it takes.
  static func run(
    _ kernel: CompiledKernel, inputs: [Tensor], outputs: [TensorType], sizes: [Symbol: Int] = [:],
    tilesAtOnce: Int = .max, backwards: Bool = false, threads: Int = 1, inPlace: [Int: Int] = [:]
  ) throws -> [Tensor] {
    let isEmulated = !kernel.target.runs(on: .host())
    let function = isEmulated ? nil : try function(kernel)
    let arguments = kernel.sizes.map { Int64($0.evaluated { sizes[$0] }!) }
    let tiles = kernel.tiles.evaluated { sizes[$0] }!
    let shapes = outputs.map { $0.shape.evaluated { sizes[$0] }! }
    let stored = outputs.map { $0.storedCount.evaluated { sizes[$0] }! * $0.element.byteWidth }
    // Guard bytes after each buffer catch writes past its end; a sanitizer reads there too.
    let guardBytes = isSanitized ? 0 : 256
    let memory = stored.map { count -> UnsafeMutableRawBufferPointer in
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: count + guardBytes, alignment: 64)
      memset(buffer.baseAddress!, 0xA5, count + guardBytes)
      return buffer
    }
    let given = inputs.map { tensor -> UnsafeMutableRawBufferPointer in
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: isSanitized ? tensor.byteCount : max(1, tensor.byteCount), alignment: 64)
      tensor.withUnsafeBytes { buffer.copyMemory(from: $0) }
      return buffer
    }
    let scratch = (0..<threads).map { _ -> UnsafeMutableRawBufferPointer in
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: kernel.scratchBytes + guardBytes, alignment: 64)
      memset(buffer.baseAddress!, 0x5A, kernel.scratchBytes + guardBytes)
      return buffer
    }
    defer { (memory + given + scratch).forEach { $0.deallocate() } }
    var places = Array((given + memory).indices)
    for (output, input) in inPlace {
      memory[output].copyMemory(
        from: UnsafeRawBufferPointer(rebasing: given[input][..<stored[output]]))
      places[input] = given.count + output
    }
    var pieces: [(Int, Int)] = []
    var first = 0
    while first < tiles {
      let end = first + min(tilesAtOnce, tiles - first)
      pieces.append((first, end))
      first = end
    }
    if backwards { pieces.reverse() }
    let all = given + memory
    if let function {
      let shares = scratch.indices.map { thread in
        let own = pieces.indices.filter { $0 % threads == thread }.map { pieces[$0] }
        return Share(
          function: function, buffers: places.map { all[$0].baseAddress! }, sizes: arguments,
          scratch: scratch[thread], pieces: own)
      }
      if threads == 1 { shares[0].run() } else { run(shares) }
    } else {
      try Emulator.aarch64!.run(
        Emulator.Call(
          objectPath: kernel.objectPath, symbol: kernel.symbol, memory: all + [scratch[0]],
          isWritten: all.indices.map { $0 >= given.count } + [true], buffers: places,
          sizes: arguments.map(Int.init), scratch: all.count, pieces: pieces))
    }
    for (buffer, count) in zip(memory, stored) {
      #expect(buffer[count...].allSatisfy { $0 == 0xA5 }, "written past the end")
    }
    for buffer in scratch {
      let isWhole = buffer[kernel.scratchBytes...].allSatisfy { $0 == 0x5A }
      #expect(isWhole, "scratch is written past its end")
    }
    return try zip(outputs.indices, shapes).map { number, shape in
      let shape =
        outputs[number].layout == nil ? shape : [stored[number] / outputs[number].element.byteWidth]
      return try Tensor(outputs[number].element, shape: shape) { bytes in
        bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[number][..<bytes.count]))
      }
    }
  }

  /// Runs each share on a thread of its own.
  private static func run(_ shares: [Share]) {
    let threads = shares.map { share in
      var thread = pthread_t()
      let argument = Unmanaged.passRetained(share).toOpaque()
      let status = pthread_create(
        &thread, nil,
        {
          Unmanaged<Share>.fromOpaque($0!).takeRetainedValue().run()
          return nil
        }, argument)
      precondition(status == 0)
      return thread
    }
    for thread in threads { pthread_join(thread, nil) }
  }

  /// The calls of one thread.
  private final class Share {
    let function: Function
    let buffers: [UnsafeMutableRawPointer?]
    let sizes: [Int64]
    let scratch: UnsafeMutableRawBufferPointer
    let pieces: [(Int, Int)]

    init(
      function: Function, buffers: [UnsafeMutableRawPointer?], sizes: [Int64],
      scratch: UnsafeMutableRawBufferPointer, pieces: [(Int, Int)]
    ) {
      self.function = function
      self.buffers = buffers
      self.sizes = sizes
      self.scratch = scratch
      self.pieces = pieces
    }

    func run() {
      for (first, end) in pieces {
        function(buffers, sizes, scratch.baseAddress, Int64(first), Int64(end))
      }
    }
  }
}
