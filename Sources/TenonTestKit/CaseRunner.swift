import TenonGraph
import TenonOps
import TenonTensor

/// A way to run cases: the reference, an op's lowering, a backend.
public protocol CaseRunner: Sendable {
  /// What failures are reported under.
  var name: String { get }
  /// The results of the case's op.
  func run(_ one: OpCase) throws -> [Tensor]
}

/// The meaning of each op: `evaluate`, or the body.
public struct ReferenceRunner: CaseRunner {
  public let name = "reference"
  public init() {}

  public func run(_ one: OpCase) throws -> [Tensor] {
    let graph = try one.graph()
    let interpreter = Interpreter(graph, sizes: one.sizes)
    return try interpreter.run(graph.entry("main")!, inputs: one.inputs).outputs.map(\.value)
  }
}

/// Each op's lowering, executed as it is written.
public struct LoweringRunner: CaseRunner {
  public let name = "lowering"
  public init() {}

  public func run(_ one: OpCase) throws -> [Tensor] {
    let graph = try one.graph()
    let interpreter = LoweringInterpreter(graph, sizes: one.sizes)
    return try interpreter.evaluate(graph.entry("main")!.region, one.operands)
  }
}

extension CaseRunner {
  /// Runs a case here and by the reference; says where they differ, or nil.
  public func difference(_ one: OpCase) throws -> String? {
    let expected = try ReferenceRunner().run(one)
    return try difference(one, expecting: expected)
  }

  /// Runs a case and says where its results differ from those expected, or nil.
  public func difference(_ one: OpCase, expecting expected: [Tensor]) throws -> String? {
    let results = try TenonError.inContext("in case \(one.name)") { try run(one) }
    let graph = try one.graph()
    let nodes = graph.nodes(graph.entry("main")!.region)
    var kind = Tolerance.Kind.exact
    if let node = nodes.last, graph.results(node).allSatisfy({ graph.type($0).tensor != nil }) {
      kind = Tolerance.kind(of: graph.op(node), LoweringSite(graph, node))
      if nodes.count { !(graph.op($0) is Constant) } > 1 { kind = .composite }
    }
    guard results.count == expected.count else {
      return "\(name): \(one.name): gives \(results.count) results, expected \(expected.count)"
    }
    for (position, (result, value)) in zip(results, expected).enumerated() {
      let tolerance = Tolerance.of(kind, value.elementType)
      if let difference = try tolerance.difference(result, value) {
        return "\(name): \(one.name): result \(position) \(difference)"
      }
    }
    return nil
  }
}
