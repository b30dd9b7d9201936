import TenonGraph
import TenonTensor

/// A kernel in machine code, with what a plan needs to know of it.
package struct CompiledKernel: Sendable {
  /// The cache's key: 64 hexadecimal digits.
  package let key: String
  /// The function's name in the object:
  /// `void f(void *const *buffers, const int64_t *sizes, void *scratch, int64_t firstTile,
  /// int64_t endTile)`.
  package let symbol: String
  /// The shared object that holds it; other kernels may be in it too.
  package let objectPath: String
  /// The size arguments in order.
  package let sizes: [Dimension]
  /// How many tiles there are: a function of sizes and target alone.
  package let tiles: Dimension
  /// True where all tiles cost the same.
  package let hasUniformTiles: Bool
  /// Bytes of scratch memory, 64-byte aligned, that each thread hands in.
  package let scratchBytes: Int
  /// Floating-point operations of one run.
  package let flops: Dimension
  /// Bytes of the inputs and outputs.
  package let bytes: Dimension
  /// The choices made, for people to read.
  package let schedule: String
  package let kernel: Kernel
  package let target: Target
  /// What it computes.
  package let group: KernelGroup
  let conditions: CompilationHistory.Conditions
  /// The cache that has the object.
  let cache: KernelCache
  /// Whether the compiler was needed, and why.
  package internal(set) var compilation: KernelCompilation

  /// The shared object's bytes, as a plan file carries them.
  ///
  /// - Throws: `cache-failed` where the file is gone.
  package func object() throws -> [UInt8] {
    guard let bytes = FileBytes.read(objectPath) else {
      throw TenonError.cacheFailed(objectPath, "the file cannot be read")
    }
    return bytes
  }

  /// The C file that holds this kernel alone; `comment` is put above the function.
  package func source(comment: String = "") -> String {
    var source = CSource(target: target)
    source.add(kernel, symbol: symbol, comment: comment)
    return source.text
  }
}

extension KernelGroup {
  /// Floating-point operations: those of the scalar programs, once for each index.
  var flops: Dimension {
    if case .single(.attention(let attention)) = body {
      let (query, key, value) = (inputs[0].shape, inputs[1].shape, inputs[2].shape)
      let products = query.prefix(3).reduce(key[2], *) * (query[3] + value[3])
      return attention.isCausal ? products : products * 2
    }
    guard case .stages(let stages) = staged.body else { return 0 }
    return stages.reduce(0) { total, stage in
      let points = stage.compute.axes.reduce(1, *)
      var count = total + points * Dimension(stage.compute.program.flops)
      if let reduction = stage.compute.reduction {
        // By Winograd's algorithm fewer, but counted as for the sums that it stands for.
        let combined =
          reduction.allowsWinograd ? 2 : reduction.program.flops + reduction.values.count
        count = count + points * reduction.axes.reduce(1, *) * Dimension(combined)
      }
      return count
    }
  }

  /// Bytes of the inputs and outputs.
  var byteCount: Dimension {
    (inputs + outputs).reduce(0) { $0 + $1.storedCount * Dimension($1.element.byteWidth) }
  }
}

extension ScalarProgram {
  /// Operations on floats.
  fileprivate var flops: Int {
    instructions.indices.reduce(0) { count, number in
      switch instructions[number] {
      case .unary, .binary: count + (types[number].isFloat ? 1 : 0)
      default: count
      }
    }
  }
}
