import Foundation

/// The package's files as tests of the documentation see them.
enum Page {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  static func lines(_ path: String) throws -> [String] {
    try text(path).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  static func write(_ text: String, _ path: String) throws {
    let file = root.appendingPathComponent(path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: file, atomically: true, encoding: .utf8)
  }

  /// The paths under a folder that end so, sorted.
  static func paths(_ folder: String, _ ending: String) throws -> [String] {
    let names = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
    return (names?.allObjects ?? []).compactMap { $0 as? String }
      .filter { $0.hasSuffix(ending) }.map { "\(folder)/\($0)" }.sorted()
  }
}

/// A type's documentation comment and where the type is.
struct TypeComment {
  let path: String
  /// The comment without its slashes.
  let lines: [String]

  /// The first sentence, on one line.
  var summary: String {
    let paragraph = lines.prefix { !$0.isEmpty }.joined(separator: " ")
    var end = paragraph.startIndex
    while let stop = paragraph[end...].range(of: ".") {
      end = stop.upperBound
      if end == paragraph.endIndex || paragraph[end...].hasPrefix(" ") {
        // An initial or `e.g.` is no end.
        let word = paragraph[..<stop.lowerBound].split(separator: " ").last ?? ""
        if word.count > 1 && word != "e.g" && word != "al" {
          return String(paragraph[..<stop.upperBound])
        }
      }
    }
    return paragraph
  }

  /// The comments of the public structs and enums in a folder, by the type's name.
  static func all(_ folder: String) throws -> [String: TypeComment] {
    var result: [String: TypeComment] = [:]
    for path in try Page.paths(folder, ".swift") {
      var comment: [String] = []
      for line in try Page.lines(path) {
        if line.hasPrefix("///") {
          comment.append(String(line.dropFirst(line.hasPrefix("/// ") ? 4 : 3)))
          continue
        }
        let words = line.split(whereSeparator: { " :<".contains($0) })
        if words.count > 2 && words[0] == "public" && ["struct", "enum"].contains(words[1]) {
          result[String(words[2])] = TypeComment(path: path, lines: comment)
        }
        comment = []
      }
    }
    return result
  }
}
