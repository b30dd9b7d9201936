import TenonGraph
import TenonOps

/// Prints the origins of values recorded by a library that was loaded by a program in C.
@_cdecl("check_library")
public func checkLibrary() {
  let table = OriginTable()
  do {
    let x = try Value(site: CallSite()).softmax()
    print(table.lines(table.leaf(try (x + x).site)) == ["Library/Library.swift:10"])
    print(table.lines(table.leaf(try x.twice().site)) == ["Library/Library.swift:11"])
    print(table.lines(table.leaf(x.site)) == ["Library/Library.swift:9"])
  } catch {
    print(error)
  }
}
