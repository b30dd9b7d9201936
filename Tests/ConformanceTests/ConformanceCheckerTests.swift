import TenonCompiler
import TenonTensor
import Testing

@testable import TenonConformance
@testable import TenonONNX

@Suite struct ConformanceCheckerTests {
  @Test func casesAreFoundBelowFolders() throws {
    let folder = CaseFolders()
    try folder.add("node/test_b")
    try folder.add("node/test_a")
    try folder.add("simple/deep/test_c")
    let all = try ConformanceCase.find(in: [folder.path + "/"])
    #expect(all.map(\.name) == ["node/test_a", "node/test_b", "simple/deep/test_c"])
    let some = try ConformanceCase.find(in: [
      folder.path + "/node/test_b", folder.path + "/node",
    ])
    #expect(some.map(\.name) == ["test_b", "test_a"])
    try folder.write([], "empty/nothing")
    #expect(
      #expect(throws: TenonError.self) {
        try ConformanceCase.find(in: [folder.path + "/empty"])
      }.map { "\($0)" }
        == "\(folder.path)/empty: no test case in it; a case is a folder with model.onnx and "
        + "test_data_set_0")
    #expect(
      #expect(throws: TenonError.self) {
        try ConformanceCase.find(in: [folder.path + "/none"])
      }.map { "\($0)" } == "\(folder.path)/none: no folder that can be read")
  }

  @Test(arguments: Backend.allCases) func casesPassFailAndAreSkipped(backend: Backend) throws {
    let folder = CaseFolders()
    try folder.add("fails", error: 0.5)
    try folder.add("passes")
    try folder.add("refused", operation: "Nothing")
    try folder.write([0x3A, 0], "skipped/model.onnx")
    try folder.write([0x3A, 5], "torn/model.onnx")
    let cases = try ConformanceCase.find(in: [folder.path])
    let results = ConformanceChecker(
      ConformanceOptions(compilation: CompileOptions(backend: backend))
    ).check(cases)
    #expect(results.map(\.name) == ["fails", "passes", "refused", "skipped", "torn"])
    #expect(
      results.map(\.reason) == [
        "output y: 2 of 2 elements differ by more than 1e-07 + 0.001 * |expected|; the largest at "
          + "[0]: 2.0 instead of 2.5",
        "",
        """
        an operator is not supported; `tenon ops --onnx` lists those that are
          Nothing (ai.onnx 17) in node sum
          while importing \(folder.path)/refused/model.onnx
        """,
        "there is no test data",
        "\(folder.path)/torn/model.onnx: not in the ONNX format: field 7 claims 5 bytes, 0 are "
          + "left, at byte 0",
      ])
    #expect(results.summary == "1 passed, 3 failed, 1 skipped")
    #expect(
      results[1...1].map { ConformanceResult(name: $0.name, $0.outcome, seconds: 0.25) }.json == """
        {
         "passed": 1,
         "failed": 0,
         "skipped": 0,
         "cases": [
          {
           "name": "passes",
           "result": "passed",
           "reason": "",
           "seconds": 0.25
          }
         ]
        }

        """)
  }

  /// What compiling many graphs at once gives is what compiling each gives.
  @Test func graphsAreCompiledTogether() throws {
    let folder = CaseFolders()
    try folder.add("one")
    let feeds = ["a": Tensor([1, 2] as [Float]), "b": Tensor([3, 4] as [Float])]
    let graph = try ONNXModel(path: "\(folder.path)/one/model.onnx")
      .graph(ONNXImportOptions(feeds: feeds)).graph
    let open = try ONNXModel(path: "\(folder.path)/one/model.onnx").graph().graph
    let programs = compile([
      (graph, CompileOptions()), (open, CompileOptions()),
      (graph, CompileOptions(backend: .portable)), (graph, CompileOptions(backend: .reference)),
    ])
    for place in [0, 2, 3] {
      #expect(try programs[place].get().run(feeds)["y"]?.scalars(as: Float.self) == [4, 6])
    }
    #expect(throws: TenonError.self) { try programs[1].get() }
  }
}
