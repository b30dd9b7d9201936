import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

/// Every op's generated cases: its lowering, executed as written, against its meaning.
@Suite struct GeneratedCasesTests {
  static let names = OpCatalog.standard.ops.map { $0.name }

  @Test(arguments: names) func loweringAgreesWithMeaning(_ name: String) throws {
    let type = try #require(OpCatalog.standard[name])
    let cases = CaseGenerator.cases(of: type)
    #expect(cases.count >= CaseGenerator.least || Self.withoutCases.contains(name))
    for one in cases {
      if let difference = try LoweringRunner().difference(one) { Issue.record("\(difference)") }
    }
  }

  @Test(arguments: names) func examplesHold(_ name: String) throws {
    let type = try #require(OpCatalog.standard[name])
    for (one, results) in CaseGenerator.examples(of: type) {
      for runner in [ReferenceRunner(), LoweringRunner()] as [any CaseRunner] {
        if let difference = try runner.difference(one, expecting: results) {
          Issue.record("\(difference)")
        }
      }
    }
  }

  /// Ops that graphs, not operands, make cases for; each is tested in a suite of its own.
  static let withoutCases = ["gradient"]
}
