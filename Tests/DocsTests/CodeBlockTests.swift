import TenonTestKit
import Testing

/// Code on a page is code of the sources: each paragraph of a block after `<!-- from PATH -->` is a
/// run of that file's lines, in the order of the file.
@Suite struct CodeBlockTests {
  struct Block {
    let page: String
    let source: String
    let lines: [String]
  }

  private func blocks(_ page: String) throws -> [Block] {
    var result: [Block] = []
    var (source, block): (String?, [String]?) = (nil, nil)
    for line in try PackageFiles.lines(page) {
      if let match = line.wholeMatch(of: #/<!-- from (\S+) -->/#) {
        source = String(match.1)
      } else if let lines = block {
        if line == "```" {
          if let path = source { result.append(Block(page: page, source: path, lines: lines)) }
          (source, block) = (nil, nil)
        } else {
          block = lines + [line]
        }
      } else if line.hasPrefix("```") {
        block = []
      } else if !line.isEmpty {
        source = nil
      }
    }
    return result
  }

  @Test func blocksAreWhatTheirSourcesSay() throws {
    let pages =
      try ["README.md"] + PackageFiles.paths("Docs", ".md")
      + PackageFiles.paths("Samples", "README.md")
    let found = try pages.flatMap(blocks)
    #expect(found.count >= 4)
    for block in found {
      let source = try PackageFiles.lines(block.source)
      // The block may be indented less than its source, and `…` stands for what is left out.
      var start = 0
      for piece in block.lines.split(whereSeparator: { ["", "…"].contains($0) }).map(Array.init) {
        let place = (start..<max(start, source.count - piece.count + 1)).first { first in
          let run = source[first..<first + piece.count]
          let indent = run.first!.prefix { $0 == " " }.count - piece[0].prefix { $0 == " " }.count
          return indent >= 0
            && zip(piece, run).allSatisfy { part, line in
              line == String(repeating: " ", count: indent) + part
            }
        }
        guard let place else {
          Issue.record("\(block.page): not in \(block.source):\n\(piece.joined(separator: "\n"))")
          break
        }
        start = place + piece.count
      }
    }
  }
}
