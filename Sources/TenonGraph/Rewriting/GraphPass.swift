import TenonTensor

/// A step of a pipeline: reads a graph, its types and `Lowering`s, and edits it through its context.
///
/// A pass is one file: a doc comment with Before, After and the reason for its place, the pass, its
/// rules. Most passes are a list of rules (`RewriteRule`) given to `PassContext.rewrite(with:)`.
public protocol GraphPass: Sendable {
  /// The name in pipelines, logs and on the command line, verb first: `remove-dead-nodes`.
  static var name: String { get }
  init()
  /// Edits the graph of `context`.
  ///
  /// - Throws: a `TenonError`; the pipeline adds the pass's name.
  func run(_ context: PassContext) throws
}

/// What a pass may ask of the compiler.
public struct PassOptions: Sendable {
  /// After which passes the graph's text goes into the log.
  public enum Dumps: Sendable, Equatable {
    case none
    case after([String])
    case all

    func includes(_ name: String) -> Bool {
      switch self {
      case .none: false
      case .after(let names): names.contains(name)
      case .all: true
      }
    }
  }

  /// How far results may differ from those of the ops as recorded.
  public enum Precision: String, Sendable, CaseIterable {
    /// By rounding, and by the stated bounds of algorithms that the log names.
    case standard
    /// By rounding alone: no algorithm with larger errors is chosen.
    case strict
    /// As `standard`, and operands of matrix products and convolutions are rounded to bf16 where the
    /// machine multiplies those faster; sums are f32.
    case bfloat16 = "bf16"
  }

  /// Whether the graph is verified after each pass and every edit is checked on random values.
  /// Debug builds verify the graph whatever this says.
  public var verify: Bool
  public var dumpAfter: Dumps
  /// Constants larger than this are not folded when compiling: they become steps of the plan's
  /// prepare entry.
  public var foldedBytes: Int
  /// The kinds of `Lowering` that a backend claims; composites of other kinds become their body.
  public var claimedLowerings: [String]
  public var precision: Precision

  public init(
    verify: Bool = false, dumpAfter: Dumps = .none, foldedBytes: Int = 64 << 10,
    claimedLowerings: [String] = ["compute"], precision: Precision = .standard
  ) {
    self.verify = verify
    self.dumpAfter = dumpAfter
    self.foldedBytes = foldedBytes
    self.claimedLowerings = claimedLowerings
    self.precision = precision
  }
}

/// What a pass works on.
public final class PassContext {
  public let graph: Graph
  public let target: Target
  public let catalog: OpCatalog
  public let options: PassOptions
  /// What passes did so far, this one included.
  public internal(set) var log: PassLog
  private var entries: EntryVerifier?

  /// Ends the recording of `graph`; its nodes of now are the recorded graph that the log accounts
  /// for.
  public init(_ graph: Graph, target: Target, catalog: OpCatalog, options: PassOptions = .init()) {
    graph.finishRecording()
    self.graph = graph
    self.target = target
    self.catalog = catalog
    self.options = options
    log = PassLog(recordedNodes: graph.nodeCapacity, liveNodes: graph.liveNodes)
  }

  /// Runs one pass, timed and logged, and verifies the graph it leaves.
  ///
  /// - Throws: what the pass throws, with `in pass NAME` as context.
  public func run(_ pass: any GraphPass.Type) throws {
    if options.verify, entries == nil { entries = EntryVerifier(graph, options.precision) }
    let clock = ContinuousClock()
    let start = clock.now
    log.begin(pass.name, nodes: graph.liveNodeCount)
    try TenonError.inContext("in pass \(pass.name)") {
      try pass.init().run(self)
      if options.verify || Self.alwaysVerifies { try graph.verify() }
      if options.verify { try entries?.check(graph) }
    }
    let elapsed = start.duration(to: clock.now).components
    log.end(
      nodes: graph.liveNodeCount,
      nanoseconds: Int(elapsed.seconds) * 1_000_000_000 + Int(elapsed.attoseconds / 1_000_000_000))
    if options.dumpAfter.includes(pass.name) {
      log.setDump(log.passes.last!.isUnchanged ? "(unchanged)\n" : graph.text())
    }
  }

  /// Debug builds verify whatever the options say.
  private static var alwaysVerifies: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }
}
