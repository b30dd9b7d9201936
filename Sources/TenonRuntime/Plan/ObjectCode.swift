/// A shared object that holds kernels.
public enum ObjectCode: Hashable, Sendable {
  /// The file at a path, usually in the kernel cache.
  case file(String)
  /// The bytes of the shared object themselves, as a plan file carries them.
  case bytes([UInt8])
  /// The runtime itself, which runs bytecode: each kernel's first buffer is its program.
  case portable
}
