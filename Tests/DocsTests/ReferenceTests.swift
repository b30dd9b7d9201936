import Foundation
import TenonGraph
import TenonOps
import TenonPasses
import TenonTestKit
import Testing

/// Docs/Reference is what the sources say now; `make reference` writes it anew.
@Suite struct ReferenceTests {
  private static let pages: [(path: String, text: @Sendable () throws -> String)] = [
    ("Docs/Reference/Ops.md", ReferencePages.ops),
    ("Docs/Reference/ONNXOperators.md", ReferencePages.onnxOperators),
    ("Docs/Reference/Passes.md", ReferencePages.passes),
  ]

  @Test(arguments: pages.map(\.path)) func pagesAreUpToDate(_ path: String) throws {
    let page = try #require(ReferenceTests.pages.first { $0.path == path })
    let text = try page.text()
    if ProcessInfo.processInfo.environment["TENON_WRITE_REFERENCE"] != nil {
      try PackageFiles.write(text, path)
    }
    #expect(try PackageFiles.text(path) == text, "\(path) is stale; run `make reference`")
  }

  @Test func everyOpAndPassIsDescribed() throws {
    let ops = try TypeComment.all("Sources/TenonOps")
      .merging(TypeComment.all("Sources/TenonGraph")) { ops, _ in ops }
    let passes = try TypeComment.all("Sources/TenonPasses")
    let undescribed =
      OpCatalog.standard.ops.map { "\($0)" }.filter { ops[$0]?.summary.isEmpty ?? true }
      + Pipeline.standard.passes.map { "\($0)" }.filter { passes[$0]?.summary.isEmpty ?? true }
    #expect(undescribed == [])
  }

  @Test func everyPassShowsBeforeAndAfter() throws {
    let passes = try TypeComment.all("Sources/TenonPasses")
    let lacking = Pipeline.standard.passes.map { "\($0)" }.filter { pass in
      !["Before:", "After:"].allSatisfy { word in
        passes[pass]?.lines.contains { $0.hasPrefix(word) } ?? false
      }
    }
    #expect(lacking == [])
  }
}
