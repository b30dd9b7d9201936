import TenonGraph
import TenonOps
import TenonTensor
import Testing

@Suite struct StructuralRefusalTests {
  private func refused(_ types: [String], _ body: @escaping ([Value]) throws -> [Value]) -> String {
    refusal(If(), types) { _, values in try body(values) }
  }

  @Test func branches() {
    #expect(refusal(If(), ["bool[]"]) == "if: takes the regions onTrue, onFalse, given 0")
    #expect(refusal(Case(), ["i32[]"]) == "case: takes an index and at least one region")
    #expect(
      refused(["f32[]"]) { x in try conditional(x[0], onTrue: { [] }, onFalse: { [] }) }
        == "if: the predicate must be bool[], not f32[]; compare or reduce first")
    #expect(
      refused(["bool[]", "f32[2]", "i64[]"]) { x in
        try conditional(x[0], onTrue: { [x[1]] }, onFalse: { [x[2]] })
      } == "if: region 1 gives i64[], the first gives f32[2]")
    #expect(
      refused(["bool[]", "f32[2]"]) { x in
        try conditional(x[0], onTrue: { [x[1]] }, onFalse: { [] })
      } == "if: region 1 gives nothing, the first gives f32[2]")
    #expect(
      refused(["f32[]"]) { x in try switchCase(x[0], [{ [] }]) }
        == "case: the index must be an integer of rank 0, not f32[]")
  }

  @Test func loops() {
    #expect(
      refused(["f32[]", "f32[2]"]) { x in
        try whileLoop([x[0]], condition: { $0[0] }, body: { $0 })
      } == "while: the condition must give bool[], not f32[]")
    #expect(
      refused(["f32[]", "f32[2]"]) { x in
        try whileLoop([x[0]], condition: { try less($0[0], 3) }, body: { _ in [x[1]] })
      } == "while: the body must give f32[], the types that are carried, not f32[2]")
    #expect(
      refused(["f32[]"]) { x in
        try whileLoop(
          [x[0]], maximumTrips: -1, condition: { try less($0[0], 3) }, body: { $0 })
      } == "while: maximumTrips must not be negative")
    #expect(
      refused([]) { _ in
        try whileLoop([], condition: { $0[0] }, body: { $0 })
      } == "whileLoop: needs at least one value")
    #expect(
      refused(["f32[3]", "f32[]"]) { x in
        try scan([x[1]], over: [x[0]]) { _, slices in ([x[0]], slices) }.carried
      } == "scan: the body must first give f32[], the types that are carried, not f32[3]")
    #expect(
      refused(["f32[3]", "f32[2]"]) { x in
        try scan([], over: x) { _, slices in ([], slices) }.stacked
      } == "scan: operand 1 has 2 slices for 3 trips")
    #expect(
      refused(["f32[]"]) { x in try scan([], over: x) { _, slices in ([], slices) }.stacked }
        == "scan: axis 0 is out of range for rank 0")
  }

  @Test func aLoopThatDoesNotEndSaysSo() throws {
    let graph = Graph("endless")
    let x = try graph.input("x", .f32, [])
    let results = try whileLoop([x], maximumTrips: 5) { _ in
      try graph.constant(Tensor(true))
    } body: {
      $0
    }
    try graph.output("y", results[0])
    graph.finishRecording()
    let error = #expect(throws: TenonError.self) {
      try Interpreter(graph).run(graph.entry("main")!, inputs: ["x": Tensor(Float(1))])
    }
    #expect(
      error?.message
        == "while: the condition still holds after 5 trips; raise maximumTrips or end the loop")
  }
}
