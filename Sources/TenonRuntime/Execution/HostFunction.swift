import TenonTensor

/// A buffer as a host function sees it, at its present sizes.
public struct HostOperand {
  public let elementType: ElementType
  public let shape: [Int]
  /// The dense row-major elements.
  public let bytes: UnsafeMutableRawBufferPointer
}

/// Code of the program's own that a plan calls between its kernels, on one thread of the runtime;
/// it reads and writes the operands it is given, and keeps none of them. It must not run the
/// session that calls it, nor one that shares its variables.
public typealias HostFunction = @Sendable ([HostOperand]) throws -> Void
