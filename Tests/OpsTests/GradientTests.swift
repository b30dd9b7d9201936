import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

/// Every op's gradient against central differences in f64, inside its smooth range.
@Suite struct GradientTests {
  /// All but the op that is there to have another gradient than its meaning's.
  static let names = GeneratedCasesTests.names.filter { $0 != "stop_gradient" }

  @Test(arguments: names) func agreesWithDifferences(_ name: String) throws {
    let type = try #require(OpCatalog.standard[name])
    var refusals: [String] = []
    for one in CaseGenerator.smoothCases(of: type) {
      switch try GradientChecker().check(one) {
      case .agrees, .notApplicable: break
      case .differs(let text): Issue.record("\(text)")
      case .refused(let message): if !refusals.contains(message) { refusals.append(message) }
      }
    }
    #expect(refusals == Self.refusals[name, default: []])
  }

  /// Gradients of gradients against central differences of gradients.
  @Test(arguments: names) func gradientsOfGradientsAgreeWithDifferences(_ name: String) throws {
    let type = try #require(OpCatalog.standard[name])
    var checker = GradientChecker()
    checker.order = 2
    checker.elements = 4
    checker.tolerance = 1e-5
    var refusals: [String] = []
    for one in CaseGenerator.smoothCases(of: type).prefix(8) {
      switch try checker.check(one) {
      case .agrees, .notApplicable: break
      case .differs(let text): Issue.record("\(text)")
      case .refused(let message): if !refusals.contains(message) { refusals.append(message) }
      }
    }
    // Not every case is tried here.
    #expect(refusals.allSatisfy(Self.refusals[name, default: []].contains))
  }

  /// What ops refuse to differentiate.
  static let refusals: [String: [String]] = {
    var table: [String: [String]] = [:]
    for (op, what) in [
      ("reduce_window", "reduce_window with this combiner"),
      ("scatter", "scatter with this combiner"), ("select_and_scatter", "select_and_scatter"),
    ] {
      table[op] = ["\(what): has no gradient; keep it off the path, or use `stopGradient`"]
    }
    return table
  }()
}
