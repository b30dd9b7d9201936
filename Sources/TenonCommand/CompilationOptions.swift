import ArgumentParser
import Glibc
import Tenon

/// What models are compiled to: shared by the subcommands that compile.
struct CompilationOptions: ParsableArguments {
  @Option(help: "What runs the model: native, portable or reference.")
  var backend: Backend = .native

  @Option(
    help: ArgumentHelp(
      """
      Instructions that kernels may use: avx512 (x86-64-v4), avx2 (x86-64-v3), neon (aarch64) or \
      generic; this machine's by default. Only compile and inspect take another machine's.
      """, valueName: "SET"))
  var target: Instructions?

  @Option(
    help: """
      What kernels may do to results: standard, strict for rounding alone, or bf16 for products of \
      numbers rounded to that where the machine is faster so.
      """)
  var precision: PassOptions.Precision = .standard

  @Option(
    help: ArgumentHelp(
      "Measured schedules of kernels, as tenon compile --tune writes them.", valueName: "FILE.json"
    ))
  var timings: String?

  func validate() throws {
    guard backend == .native || target == nil else {
      throw ValidationError("--target goes with native kernels only")
    }
    guard backend == .native || timings == nil else {
      throw ValidationError("--timings goes with native kernels only")
    }
  }

  /// Refuses instructions that this machine does not have.
  func checkRunsHere() throws {
    let own = Target.host()
    guard let target, !own.instructionSet.included.contains(target.set) else { return }
    throw ValidationError(
      "--target \(target.rawValue): this machine has \(own.instructionSet.rawValue)")
  }

  /// - Parameter threads: the most that a run may use; nil for all.
  /// - Parameter tunes: whether the file of timings may be one that is yet to be written.
  /// - Throws: what reading timings throws.
  func options(threads: Int? = nil, tunes: Bool = false) throws -> CompileOptions {
    let read = tunes ? timings.flatMap { access($0, F_OK) == 0 ? $0 : nil } : timings
    return CompileOptions(
      backend: backend, target: target.map { Target($0.set) }, threads: threads,
      passes: PassOptions(precision: precision),
      timings: try read.map { try KernelTimings(path: $0) } ?? KernelTimings())
  }

  /// The words that give these options to another process.
  var arguments: [String] {
    ["--backend", backend.rawValue, "--precision", precision.rawValue]
      + (target.map { ["--target", $0.rawValue] } ?? [])
      + (timings.map { ["--timings", $0] } ?? [])
  }

  /// What kernels can be compiled for here.
  enum Instructions: String, ExpressibleByArgument, CaseIterable {
    case avx512, avx2, neon, generic

    init?(argument: String) {
      switch argument {
      case "x86-64-v4": self = .avx512
      case "x86-64-v3": self = .avx2
      case "aarch64": self = .neon
      default: self.init(rawValue: argument)
      }
    }

    var set: Target.InstructionSet {
      switch self {
      case .avx512: .avx512
      case .avx2: .avx2
      case .neon: .neon
      case .generic: .generic
      }
    }
  }
}

extension Backend: ExpressibleByArgument {}
extension PassOptions.Precision: ExpressibleByArgument {}
