/// Numbers of the machine that plans are made for. Passes and codegen read these, never a name.
public struct Target: Hashable, Sendable {
  public enum InstructionSet: String, Hashable, Sendable, CaseIterable {
    /// x86-64-v4: 32 registers of 64 bytes.
    case avx512
    /// x86-64-v3: 16 registers of 32 bytes, FMA.
    case avx2
    /// ARMv8-A: 32 registers of 16 bytes, FMA.
    case neon
    /// Plain C with 16-byte vectors.
    case generic

    /// The sets that a machine with this one can run, the widest first.
    public var included: [InstructionSet] {
      switch self {
      case .avx512: [.avx512, .avx2, .generic]
      case .avx2: [.avx2, .generic]
      case .neon: [.neon, .generic]
      case .generic: [.generic]
      }
    }

    /// The processor family that has the set: `x86_64` or `aarch64`; nil where any has it.
    public var architecture: String? {
      switch self {
      case .avx512, .avx2: "x86_64"
      case .neon: "aarch64"
      case .generic: nil
      }
    }
  }

  public var instructionSet: InstructionSet
  /// Bytes of one vector register.
  public var vectorBytes: Int
  /// Vector registers that a kernel may keep in use.
  public var vectorRegisters: Int
  public var hasFMA: Bool
  /// Integer dot products of bytes (VNNI).
  public var hasByteDotProduct: Bool
  /// Dot products of bfloat16 pairs.
  public var hasBFloat16DotProduct: Bool
  /// Products of tiles of bytes and of bfloat16 (AMX).
  public var hasTileProducts: Bool
  /// Bytes of the caches that one core may count on.
  public var level1Bytes: Int
  public var level2Bytes: Int
  public var level3Bytes: Int
  /// Peak f32 operations a nanosecond of one core.
  public var peakGFLOPS: Double
  /// Bytes a nanosecond that one core reads from memory.
  public var streamGBPS: Double

  public init(_ instructionSet: InstructionSet) {
    self.instructionSet = instructionSet
    level1Bytes = 32 << 10
    level2Bytes = 1 << 20
    level3Bytes = 16 << 20
    streamGBPS = 20
    hasByteDotProduct = false
    hasBFloat16DotProduct = false
    hasTileProducts = false
    switch instructionSet {
    case .avx512: (vectorBytes, vectorRegisters, hasFMA, peakGFLOPS) = (64, 32, true, 200)
    case .avx2: (vectorBytes, vectorRegisters, hasFMA, peakGFLOPS) = (32, 16, true, 100)
    // Of 32 registers clang takes two more for the factors of rows: blocks of 13x2, 8x3 and 6x4.
    case .neon: (vectorBytes, vectorRegisters, hasFMA, peakGFLOPS) = (16, 30, true, 50)
    case .generic: (vectorBytes, vectorRegisters, hasFMA, peakGFLOPS) = (16, 8, false, 12)
    }
  }

  /// Whether a machine has the instruction set.
  public func runs(on machine: Target) -> Bool {
    machine.instructionSet.included.contains(instructionSet)
  }

  /// This target's numbers with the instructions of a machine of another processor family: its
  /// kernels are the same C, and so give the same bits there, any NaN for another. Nil where the
  /// machine runs the target itself, or the C would not be the same.
  public func counterpart(on machine: Target) -> Target? {
    guard !runs(on: machine) else { return nil }
    var counterpart = self
    switch instructionSet {
    case .neon: counterpart.instructionSet = .avx2
    case .avx2: counterpart.instructionSet = .neon
    case .avx512, .generic: return nil
    }
    return counterpart.runs(on: machine) ? counterpart : nil
  }

  /// Lanes of one vector of elements that take `byteWidth` bytes.
  public func lanes(byteWidth: Int) -> Int { max(1, vectorBytes / max(1, byteWidth)) }

  /// `avx512+vnni+bf16+amx`.
  public var name: String {
    instructionSet.rawValue + (hasByteDotProduct ? "+vnni" : "")
      + (hasBFloat16DotProduct ? "+bf16" : "") + (hasTileProducts ? "+amx" : "")
  }
}
