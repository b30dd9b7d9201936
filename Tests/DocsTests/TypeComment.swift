import Foundation
import TenonTestKit

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
    for path in try PackageFiles.paths(folder, ".swift") {
      var comment: [String] = []
      for line in try PackageFiles.lines(path) {
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
