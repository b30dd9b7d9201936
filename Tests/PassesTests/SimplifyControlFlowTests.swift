import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct SimplifyControlFlowTests {
  private func simplified(_ record: (Graph, Value) throws -> Value) throws -> (
    lines: [String], log: PassLog
  ) {
    let graph = Graph("control")
    let x = try graph.input("x", .f32, [])
    try graph.output("y", record(graph, x))
    let context = PassContext(testing: graph, options: PassOptions(verify: true))
    try context.run(SimplifyControlFlow.self)
    return (Listing.of(graph), context.log)
  }

  @Test func aKnownBranchIsTaken() throws {
    let (lines, passLog) = try simplified { graph, x in
      try conditional(
        graph.constant(Tensor(false)), onTrue: { [try exp(x)] }, onFalse: { [try log(x)] })[0]
    }
    #expect(lines == ["%0 = log(%x) f32[]", "y = %0"])
    #expect(passLog.edits.map(\.reason) == ["branch 1 is always taken"])
  }

  @Test func aCaseOutOfRangeTakesTheLast() throws {
    let (lines, _) = try simplified { graph, x in
      try switchCase(
        graph.scalar(7, .i32), [{ [try exp(x)] }, { [try log(x)] }, { [try -x] }])[0]
    }
    #expect(lines == ["%0 = negate(%x) f32[]", "y = %0"])
  }

  @Test func unusedResultsAndCapturesGo() throws {
    let (lines, passLog) = try simplified { graph, x in
      let (a, b) = (try exp(x), try -x)
      return try conditional(
        less(x, 0), onTrue: { [try a * a, try b + b] }, onFalse: { [a, b] })[0]
    }
    #expect(
      lines.filter { !$0.contains("constant") } == [
        "%0 = exponential(%x) f32[]",
        "%2 = compare<direction: lt>(%x, %1) bool[]",
        "%3 = if(%2, %0) f32[]",
        "  {%4",
        "  %5 = multiply(%4, %4) f32[]",
        "  } %5",
        "  {%6",
        "  } %6",
        "y = %3",
      ])
    #expect(
      passLog.edits.map(\.reason) == [
        "1 result is not used", "1 captured value is not read or passed twice",
      ])
  }

  @Test func whatALoopHandsOnIsCaptured() throws {
    let (lines, passLog) = try simplified { graph, x in
      let results = try whileLoop(
        [x, -x], condition: { try less($0[0], 9) },
        body: { [try maximum($0[0] * $0[1], $0[0] + 1), $0[1]] })
      return try results[0] + results[1]
    }
    #expect(lines.contains { $0.hasPrefix("%1 = while<carried: 1>(%x, %0) f32[]") })
    #expect(passLog.edits.map(\.reason) == ["the body hands 1 value on as it is"])
  }

  @Test func anEndlessLoopIsLeftUnchecked() throws {
    let (_, passLog) = try simplified { graph, x in
      let results = try whileLoop(
        [x, -x], condition: { try equal($0[1], $0[1]) }, body: { [try $0[0] + 1, $0[1]] })
      return try results[0] + results[1]
    }
    #expect(
      passLog.passes[0].uncheckedEdits == [
        "keep-invariants-outside: its nodes cannot be evaluated: "
          + "the run takes more than 20000 steps"
      ])
  }

  @Test func usedResultsOfAnUnknownBranchStay() throws {
    let (_, passLog) = try simplified { graph, x in
      try conditional(less(x, 0), onTrue: { [try exp(x)] }, onFalse: { [try log(x)] })[0]
    }
    #expect(passLog.passes[0].isUnchanged)
  }
}
