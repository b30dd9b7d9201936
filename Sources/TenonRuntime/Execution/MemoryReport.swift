/// The bytes that a run needs beside the model's constants, all known before it begins.
public struct MemoryReport: Hashable, Sendable {
  /// Values between steps.
  public var arena: Int
  /// Working memory of the threads' kernels.
  public var scratch: Int
  public var outputs: Int
  /// What the prepare steps keep.
  public var prepared: Int
  public var variables: Int

  public var peak: Int { arena + scratch + outputs + prepared + variables }

  /// One line for each kind of memory.
  var lines: [String] {
    [
      "arena \(ByteCount(arena))", "scratch \(ByteCount(scratch))",
      "outputs \(ByteCount(outputs))", "prepared \(ByteCount(prepared))",
      "variables \(ByteCount(variables))",
    ]
  }
}
