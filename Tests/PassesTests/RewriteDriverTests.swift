import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct RewriteDriverTests {
  @Test func aReplacementCarriesTheOriginsOfWhatDiedWithTheNode() throws {
    let graph = Graph("origins")
    let x = try graph.input("x", .f32, [])
    let a = try exp(x, fileID: "M/a.swift", line: 1)
    let b = try log(a, fileID: "M/a.swift", line: 2)
    let kept = try exp(b, fileID: "M/a.swift", line: 3)
    try graph.output("y", kept)
    let context = PassContext(testing: graph)
    try context.rewriteOnce("cancel", .types(Log.self)) { site in
      .replace(try -site.operand(0, of: site.producer(site.operand(0))!), because: "a test")
    }
    #expect(
      Listing.of(graph) == ["%0 = negate(%x) f32[]", "%1 = exponential(%0) f32[]", "y = %1"])
    let negate = graph.nodes(graph.entry("main")!.region)[0]
    #expect(graph.origins.lines(graph.origin(negate)) == ["M/a.swift:2", "M/a.swift:1"])
    let edit = context.log.edits[0]
    #expect(Array(context.log.removed(edit)) == [NodeID(1), NodeID(0)])
    #expect(Array(context.log.created(edit)) == [negate])
    #expect(
      context.log.fate(of: NodeID(1))
        == .replaced(by: [graph.result(negate)], rule: "cancel", reason: "a test"))
    #expect(context.log.fate(of: NodeID(0)) == .removed(rule: "cancel", reason: "a test"))
    #expect(context.log.fate(of: NodeID(2)) == .live)
  }

  @Test func aNodeWithOtherUsesStays() throws {
    let graph = Graph("uses")
    let x = try graph.input("x", .f32, [])
    let a = try exp(x, fileID: "M/a.swift", line: 1)
    try graph.output("y", log(a, fileID: "M/a.swift", line: 2))
    try graph.output("a", a)
    let context = PassContext(testing: graph)
    try context.rewriteOnce("cancel", .types(Log.self)) { site in
      .replace(try -site.operand(0, of: site.producer(site.operand(0))!), because: "a test")
    }
    #expect(
      Listing.of(graph) == [
        "%0 = exponential(%x) f32[]", "%1 = negate(%x) f32[]", "y = %1", "a = %0",
      ])
    let negate = graph.nodes(graph.entry("main")!.region)[1]
    #expect(graph.origins.lines(graph.origin(negate)) == ["M/a.swift:2"])
    #expect(context.log.fate(of: NodeID(0)) == .live)
  }

  @Test func unusedNewNodesAreDropped() throws {
    let graph = Graph("unused")
    let x = try graph.input("x", .f32, [])
    try graph.output("y", exp(x))
    let context = PassContext(testing: graph)
    try context.rewriteOnce("double", .types(Exponential.self)) { site in
      let unused = try site.operand(0) + site.operand(0)
      _ = try -unused
      return .replace(try log(site.operand(0)), because: "a test")
    }
    #expect(Listing.of(graph) == ["%0 = log(%x) f32[]", "y = %0"])
  }

  @Test func refusalsAreLogged() throws {
    let graph = Graph("refusal")
    let x = try graph.input("x", .f32, [])
    try graph.output("y", exp(x, fileID: "M/a.swift", line: 1))
    let before = Listing.of(graph)
    let context = PassContext(testing: graph)
    try context.run(RefusingPass.self)
    #expect(Listing.of(graph) == before)
    let refusals = context.log.passes[0].refusals
    #expect(refusals.map(\.reason) == ["no"])
    #expect(refusals.map(\.node) == [NodeID(0)])
  }

  @Test func chainsCollapseInOneRound() throws {
    let graph = Graph("chain")
    var x = try graph.input("x", .f32, [])
    for _ in 0..<1000 { x = try -x }
    try graph.output("y", x)
    let context = PassContext(testing: graph)
    try context.run(SimplifyAlgebra.self)
    #expect(Listing.of(graph) == ["y = %x"])
    #expect(context.log.passes[0].rounds == 2)
    #expect(context.log.passes[0].nodesBefore == 1000)
    #expect(context.log.passes[0].nodesAfter == 0)
    for node in 0..<1000 { #expect(context.log.fate(of: NodeID(node)) != .live) }
  }

  @Test func nestedRegionsAreScanned() throws {
    let graph = Graph("nested")
    let x = try graph.input("x", .f32, [3])
    try graph.output("y", sum(x))
    let context = PassContext(testing: graph)
    try context.rewriteOnce("multiply", .types(Add.self)) { site in
      .replace(try site.operand(0) * site.operand(1), because: "a test")
    }
    #expect(
      Listing.of(graph) == [
        "%0 = constant<value: [0.0]>() f32[]",
        "%1 = reduce<dimensions: [0]>(%x, %0) f32[]",
        "  {%2, %3", "  %4 = multiply(%2, %3) f32[]", "  } %4",
        "y = %1",
      ])
  }

  @Test func rulesThatUndoEachOtherAreNamed() throws {
    let graph = Graph("undo")
    let x = try graph.input("x", .f32, [])
    let y = try graph.input("y", .f32, [])
    try graph.output("z", { try $0 - $1 }(x, y))
    let error = #expect(throws: TenonError.self) {
      try PassContext(testing: graph).run(UndoingPass.self)
    }
    #expect(error?.code == "rules-undo-each-other")
    #expect(
      error?.message
        == "rules difference-to-sum and sum-to-difference undo each other on subtract; "
        + "let one refuse what the other produces")
    #expect(error?.context == ["in pass undoing"])
  }

  @Test func endlessGrowthStopsAfterEightRounds() throws {
    let graph = Graph("growth")
    let x = try graph.input("x", .f32, [])
    try graph.output("y", exp(x))
    let context = PassContext(testing: graph)
    try context.run(GrowingPass.self)
    #expect(context.log.passes[0].rounds == 8)
    #expect(!context.log.passes[0].reachedFixedPoint)
  }

  @Test func aReplacementOfAnotherTypeIsNamed() throws {
    let graph = Graph("type")
    let x = try graph.input("x", .f32, [2])
    try graph.output("y", exp(x))
    let error = #expect(throws: TenonError.self) {
      try PassContext(testing: graph).rewriteOnce("shrink", .types(Exponential.self)) {
        .replace(try sum($0.operand(0)), because: "a test")
      }
    }
    #expect(
      error?.description
        == "rule shrink: the result of exponential is f32[2], its replacement f32[]; "
        + "record a conversion in the rewrite")
  }

  @Test func aReplacementForEachResult() throws {
    let graph = Graph("count")
    let x = try graph.input("x", .f32, [2])
    try graph.output("y", exp(x))
    let error = #expect(throws: TenonError.self) {
      try PassContext(testing: graph).rewriteOnce("none", .types(Exponential.self)) { _ in
        .replace([], because: "a test")
      }
    }
    #expect(
      error?.description
        == "rule none: exponential has 1 results, given 0 replacements; give one for each")
  }
}

private struct DifferenceToSum: RewriteRule {
  static let name = "difference-to-sum"
  static let ops = OpSelection.types(Subtract.self)
  func apply(_ site: RewriteSite) throws -> Rewrite? {
    .replace(try site.operand(0) + -site.operand(1), because: "a test")
  }
}

private struct SumToDifference: RewriteRule {
  static let name = "sum-to-difference"
  static let ops = OpSelection.named("add")
  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let (_, node) = site.producer(site.operand(1), as: Negate.self) else { return nil }
    return .replace(try site.operand(0) - site.operand(0, of: node), because: "a test")
  }
}

private struct UndoingPass: GraphPass {
  static let name = "undoing"
  func run(_ context: PassContext) throws {
    try context.rewrite(with: [DifferenceToSum(), SumToDifference()])
  }
}

private struct Grow: RewriteRule {
  static let name = "grow"
  static let ops = OpSelection.types(Exponential.self)
  func apply(_ site: RewriteSite) throws -> Rewrite? {
    .replace(try exp(exp(site.operand(0))), because: "a test")
  }
}

private struct GrowingPass: GraphPass {
  static let name = "growing"
  func run(_ context: PassContext) throws { try context.rewrite(with: [Grow()]) }
}

private struct RefusingPass: GraphPass {
  static let name = "refusing"
  func run(_ context: PassContext) throws {
    try context.rewriteOnce("keep", .types(Exponential.self)) { _ in .refuse(because: "no") }
  }
}
