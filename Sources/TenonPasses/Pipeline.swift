import TenonGraph
import TenonOps
import TenonTensor

extension Pipeline {
  /// What `compile` runs on a graph, in this order.
  public static let standard = Pipeline([
    ExpandGradients.self,
    RemoveDeadNodes.self,
    RecognizeComposites.self,
    QuantizeContractions.self,
    ClaimLowerings.self,
    SimplifyViews.self,
    FoldConstants.self,
    SimplifyAlgebra.self,
    SimplifyControlFlow.self,
    SimplifyViews.self,
    FoldBatchNormalization.self,
    FoldConstants.self,
    Canonicalize.self,
    EliminateCommonSubexpressions.self,
    RemoveDeadNodes.self,
    SplitTransposedConvolutions.self,
    NarrowContractions.self,
    ChooseWinograd.self,
    SeparatePadding.self,
    SeparateStrides.self,
    AssignLayouts.self,
    FuseGroups.self,
  ])
}

/// Graph passes in the order in which they run: a value, so that a user's pipeline is
/// `try Pipeline.standard.inserting(MyPass.self, after: FoldConstants.self)`.
public struct Pipeline: Sendable {
  /// The passes, first to last. A pass may be listed more than once.
  public private(set) var passes: [any GraphPass.Type]

  public init(_ passes: [any GraphPass.Type]) { self.passes = passes }

  /// The passes' names, first to last.
  public var names: [String] { passes.map { $0.name } }

  /// With `pass` after the last place where `anchor` is listed.
  ///
  /// - Throws: `unknown-pass` where it is not listed.
  public func inserting(_ pass: any GraphPass.Type, after anchor: any GraphPass.Type) throws
    -> Pipeline
  { try inserting(pass, after: anchor.name) }

  public func inserting(_ pass: any GraphPass.Type, after anchor: String) throws -> Pipeline {
    guard let place = names.lastIndex(of: anchor) else { throw unknown(anchor) }
    var result = self
    result.passes.insert(pass, at: place + 1)
    return result
  }

  /// With `pass` before the first place where `anchor` is listed.
  ///
  /// - Throws: `unknown-pass` where it is not listed.
  public func inserting(_ pass: any GraphPass.Type, before anchor: any GraphPass.Type) throws
    -> Pipeline
  { try inserting(pass, before: anchor.name) }

  public func inserting(_ pass: any GraphPass.Type, before anchor: String) throws -> Pipeline {
    guard let place = names.firstIndex(of: anchor) else { throw unknown(anchor) }
    var result = self
    result.passes.insert(pass, at: place)
    return result
  }

  /// With `pass` at the end.
  public func appending(_ pass: any GraphPass.Type) -> Pipeline { Pipeline(passes + [pass]) }

  /// Without any run of `pass`.
  ///
  /// - Throws: `unknown-pass` where it is not listed.
  public func removing(_ pass: any GraphPass.Type) throws -> Pipeline { try removing(pass.name) }

  public func removing(_ name: String) throws -> Pipeline {
    guard names.contains(name) else { throw unknown(name) }
    return Pipeline(passes.filter { $0.name != name })
  }

  /// Up to the last run of the pass called `name`, which is included.
  ///
  /// - Throws: `unknown-pass` where it is not listed.
  public func upTo(_ name: String) throws -> Pipeline {
    guard let place = names.lastIndex(of: name) else { throw unknown(name) }
    return Pipeline(Array(passes[...place]))
  }

  private func unknown(_ name: String) -> TenonError {
    TenonError(
      "unknown-pass", "pipeline: there is no pass \(name); name one of those listed",
      details: ["passes: " + names.joined(separator: ", ")])
  }

  /// Runs the passes on a graph whose recording has ended or ends here.
  ///
  /// - Throws: what a pass throws, with `in pass NAME` as context; the graph is then unusable.
  /// - Returns: what the passes did.
  @discardableResult
  public func run(
    on graph: Graph, target: Target, catalog: OpCatalog, options: PassOptions = PassOptions()
  ) throws -> PassLog {
    let context = PassContext(graph, target: target, catalog: catalog, options: options)
    for pass in passes { try context.run(pass) }
    return context.log
  }
}
