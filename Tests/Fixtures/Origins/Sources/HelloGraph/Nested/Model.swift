import TenonOps

struct Model {
  var weight: Value

  @inline(never)
  func callAsFunction(_ x: Value) throws {
    check("operator in a method", try x * weight)
    check("named call in a method", try x.softmax(), isNamed: true)
    for _ in 0..<2 { check("operator in a loop", try x + weight) }
  }
}

extension Value {
  @inline(never)
  func inExtension() throws { check("operator in an extension of the value", try self + self) }
}

// Functions with equal bodies, which release builds may merge into one: then the line is that of
// the call.
@inline(never) func equalOne(_ x: Value) throws -> Value {
  try x + x
}
@inline(never) func equalTwo(_ x: Value) throws -> Value {
  try x + x
}
@inline(never) func similarOne(_ x: Value) throws -> [Value] {
  [try x + x, x, Value(site: .init(fileID: "one", line: 1)), x, x]
}
@inline(never) func similarTwo(_ x: Value) throws -> [Value] {
  [try x + x, x, Value(site: .init(fileID: "two", line: 2)), x, x]
}

@inline(never) func generic<T>(_ x: Value, _ other: T, line: UInt = #line) throws {
  // Where specialisations are merged, the line is that of the call.
  check("operator in a generic function", try x + x, or: "HelloGraph/main.swift:\(line)")
}
