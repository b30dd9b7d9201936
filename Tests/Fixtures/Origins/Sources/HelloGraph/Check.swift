import TenonGraph
import TenonOps

/// Prints whether the origin of a value is the line of the call, and the origin itself.
@inline(never)
func check(_ what: String, _ value: Value, fileID: String = #fileID, line: UInt = #line) {
  let table = OriginTable()
  let found = table.lines(table.leaf(value.site)).joined(separator: ", ")
  let isRight = found == "\(fileID):\(line)"
  print("\(isRight ? "right" : "other"): \(what): \(found) (line \(fileID):\(line))")
}
