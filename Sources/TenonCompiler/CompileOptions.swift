import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor

/// What runs a compiled graph.
public enum Backend: String, Sendable, CaseIterable {
  /// C kernels compiled for this machine.
  case native
  /// Bytecode and, for contractions, OpenBLAS: needs no compiler.
  case portable
  /// Node by node, by each op's own meaning: slow and obviously correct.
  case reference
}

/// How a graph is compiled.
public struct CompileOptions: Sendable {
  /// The entries to compile, `initialize` included where variables need first values; nil for all.
  public var entries: [String]?
  /// Numbers for bound symbols: `["batch": 32]`.
  public var sizes: [String: Int]
  /// Values of variables, which become constants of the entries: see `freeze`.
  public var frozen: [String: Tensor]
  public var backend: Backend
  /// The machine to compile for; nil for this one.
  public var target: Target?
  /// Threads a run may use; nil for as many as can run at once.
  public var threads: Int?
  public var pipeline: Pipeline
  public var catalog: OpCatalog
  public var passes: PassOptions
  /// Bytes a session may take; nil for the control group's or the machine's limit.
  public var maximumMemory: Int?
  /// The folder of compiled kernels; nil for the user's cache folder.
  public var cacheFolder: String?
  /// Measured schedules, which kernels have in the place of the cost model's: see `tune`.
  public var timings: KernelTimings
  /// Told of what the user should know: no compiler, an unwritable cache folder. By default each
  /// warning is printed on standard error, once in a process.
  public var warn: @Sendable (String) -> Void

  public init(
    entries: [String]? = nil, sizes: [String: Int] = [:], frozen: [String: Tensor] = [:],
    backend: Backend = .native, target: Target? = nil, threads: Int? = nil,
    pipeline: Pipeline = .standard, catalog: OpCatalog = .standard,
    passes: PassOptions = PassOptions(), maximumMemory: Int? = nil, cacheFolder: String? = nil,
    timings: KernelTimings = KernelTimings(),
    warn: @escaping @Sendable (String) -> Void = { CompilerWarnings.print($0) }
  ) {
    self.entries = entries
    self.sizes = sizes
    self.frozen = frozen
    self.backend = backend
    self.target = target
    self.threads = threads
    self.pipeline = pipeline
    self.catalog = catalog
    self.passes = passes
    self.maximumMemory = maximumMemory
    self.cacheFolder = cacheFolder
    self.timings = timings
    self.warn = warn
  }
}
