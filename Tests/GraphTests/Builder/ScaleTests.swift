import TenonTensor
import Testing

@testable import TenonGraph

@Suite struct ScaleTests {
  @Test func aChainOfAMillionNodesIsRecordedVerifiedAndFreed() throws {
    let graph = Graph("chain")
    var value = try graph.input("x", .f32, [2])
    let op = Plus()
    for line in 0..<1_000_000 {
      let site = CallSite(fileID: "T/a.swift", line: UInt(line % 50))
      value = try graph.apply1(op, [value, value], site: site)
    }
    try graph.output("y", value)
    try graph.verify()
    #expect(graph.liveNodeCount == 1_000_000)
  }

  @Test func aTextOfManyNodesIsReadBack() throws {
    let graph = Graph("chain")
    var value = try graph.input("x", .f32, [Dimension(.bound("n")), 3])
    for line in 0..<20_000 {
      value = try graph.scope("layer_\(line / 100)") {
        try graph.add(Plus(), value, value, line: UInt(line))[0]
      }
    }
    try graph.output("y", value)
    let text = graph.text(.init(origins: true))
    #expect(try Graph(parsing: text, catalog: .tests).text(.init(origins: true)) == text)
  }

  /// Each step doubles what the sizes' expressions hold.
  @Test func sizesThatGrowWithoutEndAreRefused() throws {
    let graph = Graph("g")
    var sizes = try graph.add(
      Numbers(values: [Dimension(.bound("a")) + 1, Dimension(.bound("b")) + 1]))[0]
    var steps = 0
    while sizes.knownElements != nil, steps < 100 {
      steps += 1
      sizes = try graph.add(Folded(), sizes)[0]
    }
    #expect(steps < 40)
    try graph.verify()
  }
}

/// Known elements one level deeper than its operand's.
private struct Folded: PrimitiveOp {
  static let name = "folded"
  static let signature = Signature(["x"])

  func infer(_ site: InferenceSite) throws -> [ValueType] { [site.type(0)] }
  func knownElements(_ site: InferenceSite) -> [Dimension]? {
    site.knownElements(0).map { $0.map { ($0 + 1).floorDivided(by: 2) } }
  }
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { [] }
}
