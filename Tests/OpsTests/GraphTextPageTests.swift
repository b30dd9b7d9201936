import Glibc
import TenonGraph
import TenonOps
import Testing

/// The example of Docs/GraphText.md.
@Suite struct GraphTextPageTests {
  @Test func theExampleIsReadAndPrintedAsItStands() throws {
    let page = try #require(Self.page())
    let blocks = page.split(separator: "```\n", omittingEmptySubsequences: false)
    let example = String(blocks[1])
    let graph = try Graph(parsing: example, catalog: .standard)
    try graph.verify()
    #expect(graph.text() == example.without(" at \"Digits/main.swift:12\""))
    let reduce = graph.nodes(graph.entries[0].region)[2]
    #expect(graph.origins.lines(graph.origin(reduce)) == ["Digits/main.swift:12"])
  }

  private static func page(from file: String = #filePath) -> String? {
    let root = file.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    guard let stream = fopen(root + "/Docs/GraphText.md", "r") else { return nil }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(stream), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension String {
  fileprivate func without(_ part: String) -> String {
    split(separator: part, omittingEmptySubsequences: false).joined()
  }
}
