import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

/// Every op's generated cases on every backend, on one thread and on two.
@Suite struct BackendCasesTests {
  static let names = OpCatalog.standard.ops.map { $0.name }

  @Test(arguments: names) func portableAgreesWithReference(_ name: String) throws {
    let type = try #require(OpCatalog.standard[name])
    let cases = try BackendCases(CaseGenerator.cases(of: type), .portable)
    for difference in try cases.differences() { Issue.record("\(difference)") }
  }

  @Test(arguments: names) func nativeAgreesWithReference(_ name: String) throws {
    let type = try #require(OpCatalog.standard[name])
    let cases = try BackendCases(CaseGenerator.cases(of: type), .native)
    for difference in try cases.differences() { Issue.record("\(difference)") }
  }
}
