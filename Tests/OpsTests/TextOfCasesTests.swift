import TenonGraph
import TenonOps
import TenonTestKit
import Testing

/// The text form against itself, and the verifier, on every generated case of the catalogue.
@Suite struct TextOfCasesTests {
  @Test(arguments: OpCatalog.standard.ops.map { $0.name })
  func everyCaseIsReadBack(name: String) throws {
    let op = try #require(OpCatalog.standard[name])
    for one in CaseGenerator.cases(of: op) {
      let graph = try one.graph()
      try graph.verify()
      let options = Graph.TextOptions(origins: true, inlineElements: .max)
      let text = graph.text(options)
      let read = try Graph(parsing: text, catalog: .standard)
      #expect(read.text(options) == text, "\(one.name)")
      try read.verify()
    }
  }
}
