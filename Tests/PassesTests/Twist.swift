import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor

/// A rewrite that is wrong, one like it that is right, and graphs that have what they match at line
/// 7 of the model.
protocol Twist: Sendable {
  static var name: String { get }
  static var ops: OpSelection { get }
  static func record(_ graph: Graph) throws -> Value
  /// What the right rewrite matches, where that is something else.
  static func recordRight(_ graph: Graph) throws -> Value
  static func wrong(_ site: RewriteSite) throws -> Value?
  static func right(_ site: RewriteSite) throws -> Value?
}

extension Twist {
  static var name: String { "twist" }
  static func recordRight(_ graph: Graph) throws -> Value { try record(graph) }
}

/// Where the node under rewriting is recorded.
let model: StaticString = "M/model.swift"

struct WrongPass<Wrong: Twist>: GraphPass {
  static var name: String { "wrong-pass" }
  func run(_ context: PassContext) throws {
    try context.rewriteOnce(Wrong.name, Wrong.ops) { site in
      try Wrong.wrong(site).map { .replace($0, because: "it is a test") }
    }
  }
}

struct RightPass<Right: Twist>: GraphPass {
  static var name: String { "right-pass" }
  func run(_ context: PassContext) throws {
    try context.rewriteOnce(Right.name, Right.ops) { site in
      try Right.right(site).map { .replace($0, because: "it is a test") }
    }
  }
}

extension Twist {
  /// The error of a pipeline with the wrong pass, as the user reads it.
  static func messageOfWrong() throws -> String {
    do {
      try run(WrongPass<Self>.self, record)
      return "no error"
    } catch let error as TenonError {
      return error.description
    }
  }

  /// How many edits of a pipeline with the right pass were checked.
  static func checkedEditsOfRight() throws -> Int {
    try run(RightPass<Self>.self, recordRight).passes.first { $0.name == "right-pass" }!
      .checkedEdits
  }

  @discardableResult
  private static func run(_ pass: any GraphPass.Type, _ record: (Graph) throws -> Value) throws
    -> PassLog
  {
    let graph = Graph("twist")
    try graph.output("result", record(graph))
    return try Pipeline.standard.inserting(pass, before: ExpandGradients.self).run(
      on: graph, target: Target(.generic), catalog: .standard, options: PassOptions(verify: true))
  }
}

extension Graph {
  /// An input of the test's graph.
  func x(_ sizes: Shape, _ element: ElementType = .f32, _ name: String = "x") throws -> Value {
    try input(name, element, sizes)
  }

  /// One op recorded at the line of the model that is rewritten.
  func twisted(_ op: some Op, _ operands: Value...) throws -> Value {
    try apply1(op, operands, site: CallSite(fileID: model, line: 7))
  }
}
