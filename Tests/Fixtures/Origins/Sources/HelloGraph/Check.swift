import TenonGraph
import TenonOps

/// What the program's file still says about its code; the command's first argument.
let known = CommandLine.arguments.dropFirst().first ?? "lines"

/// Prints whether the origin of a value is as expected: where lines are known, the line of the
/// call, or the other line given. Named calls always know their line.
@inline(never)
func check(
  _ what: String, _ value: Value, or other: String? = nil, isNamed: Bool = false,
  fileID: String = #fileID, line: UInt = #line
) {
  let table = OriginTable()
  let found = table.lines(table.leaf(value.site)).joined(separator: ", ")
  let parts = found.split(separator: " ").map(String.init)
  let distance = parts.last ?? ""
  let isRight =
    switch isNamed ? "lines" : known {
    case "lines": found == "\(fileID):\(line)" || found == other
    case "functions": parts.count >= 3 && parts[parts.count - 2] == "+" && Int(distance) != nil
    default: parts.count == 3 && parts[1] == "+" && Int(distance.dropFirst(2), radix: 16) != nil
    }
  print("\(isRight ? "right" : "wrong"): \(what) of \(fileID):\(line): \(found)")
}
