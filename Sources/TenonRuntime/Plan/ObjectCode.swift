/// A shared object that holds kernels.
public enum ObjectCode: Hashable, Sendable {
  /// The file at a path, usually in the kernel cache.
  case file(String)
  /// The bytes of the shared object themselves, as a plan file carries them.
  case bytes([UInt8])
}
