import TenonTensor
import Testing

@testable import TenonGraph

@Suite struct EntriesTests {
  @Test func recordsWithoutAnEntryGoToMain() throws {
    let graph = Graph("g")
    let x = try graph.input("x", .f32, [2])
    let y = try graph.add(Plus(), x, x)[0]
    try graph.entry("other") {
      let x = try graph.input("x", .f32, [3])
      try graph.output("z", graph.add(Plus(), x, x)[0])
    }
    try graph.output("y", graph.add(Plus(), y, x)[0])
    graph.finishRecording()
    #expect(graph.entries.map(\.name) == ["main", "other"])
    #expect(graph.nodes(graph.entries[0].region).count == 2)
    #expect(graph.nodes(graph.entries[1].region).count == 1)
    // Recording may go on.
    try graph.output("more", graph.add(Plus(), y, y)[0])
    graph.finishRecording()
    #expect(graph.nodes(graph.entries[0].region).count == 3)
    try graph.verify()
  }

  @Test func variablesAreReadOnceAndReadAsAssigned() throws {
    let graph = Graph("g")
    let w = try graph.variable("w") { try $0.add(Source(element: .f32, shape: [2]))[0] }
    let v = try graph.variable("v") { try $0.add(Plus(), w.read(), w.read())[0] }
    #expect(graph.entries.map(\.name) == ["initialize"])
    #expect(graph.entries[0].arguments.isEmpty)
    #expect(graph.entries[0].results == [.variable(w.id), .variable(v.id)])
    try graph.entry("train") {
      let first = try w.read()
      #expect(try w.read().id == first.id)
      let next = try graph.add(Plus(), first, v.read())[0]
      try w.assign(next)
      #expect(try w.read().id == next.id)
      let last = try graph.add(Plus(), next, next)[0]
      try w.assign(last)
      #expect(try w.read().id == last.id)
    }
    let train = graph.entries[1]
    #expect(train.arguments == [.variable(w.id), .variable(v.id)])
    #expect(train.results == [.variable(w.id)])
    #expect(graph.results(train.region).count == 1)
    try graph.verify()
  }

  @Test func variablesMayBeMadeInsideAnEntryAndAScope() throws {
    let graph = Graph("g")
    try graph.scope("layer") {
      try graph.entry("run") {
        let x = try graph.input("x", .f32, [2])
        let w = try graph.variable("w") { try $0.add(Source(element: .f32, shape: [2]))[0] }
        try graph.output("y", graph.add(Plus(), x, w.read())[0])
      }
    }
    #expect(graph.entries.map(\.name) == ["run", "initialize"])
    let paths = graph.entries.map { graph.path(graph.scope(graph.nodes($0.region)[0])) }
    #expect(paths == ["layer", "layer"])
    try graph.verify()
  }

  func refusal(_ body: () throws -> Void) -> String? {
    do { try body() } catch { return "\(error)" }
    return nil
  }

  @Test func mistakesAreNamedAtTheirLine() throws {
    let graph = Graph("g")
    let other = Graph("other")
    let foreign = try other.input("x", .f32, [2])
    #expect(graph.entries.isEmpty)
    var kept: Value?
    try graph.entry("a") { kept = try graph.input("x", .f32, [2]) }
    let outside = try #require(kept)
    #expect(
      refusal { try graph.entry("a", fileID: "T/a.swift", line: 7) {} }
        == "entry a is declared twice; names must differ\n  at T/a.swift:7")
    #expect(
      refusal { try graph.entry("b") { try graph.entry("c", fileID: "T/a.swift", line: 8) {} } }
        == "entry c is recorded inside another entry; record it after\n  at T/a.swift:8")
    #expect(graph.entries.map(\.name) == ["a"])
    #expect(
      refusal { try graph.add(Plus(), outside, outside, line: 9) }
        == "plus: an operand belongs to another entry or to a region that has ended; "
        + "pass it as an input, a variable or a result\n  at T/a.swift:9")
    #expect(
      refusal { try graph.add(Plus(), foreign, foreign, line: 9) }
        == "plus: an operand belongs to another graph\n  at T/a.swift:9")
    // A refused node leaves no entry behind.
    #expect(graph.entries.map(\.name) == ["a"])
    let x = try graph.input("x", .f32, [2], fileID: "T/a.swift", line: 2)
    #expect(
      refusal { try graph.entry("d") { try graph.entry("e", fileID: "T/a.swift", line: 3) {} } }
        == "entry e is recorded inside another entry; record it after\n  at T/a.swift:3")
    #expect(
      refusal { _ = try graph.input("x", .f32, [2], fileID: "T/a.swift", line: 10) }
        == "input x is declared twice; names must differ\n  at T/a.swift:10")
    #expect(
      refusal { try graph.output("y", outside, fileID: "T/a.swift", line: 11) }
        == "output y: the value belongs to another graph, entry or region\n  at T/a.swift:11")
    #expect(
      refusal { try graph.output("y", foreign, fileID: "T/a.swift", line: 11) }
        == "output y: the value belongs to another graph, entry or region\n  at T/a.swift:11")
    try graph.output("y", x)
    #expect(
      refusal { try graph.output("y", x, fileID: "T/a.swift", line: 12) }
        == "output y is declared twice; names must differ\n  at T/a.swift:12")
    #expect(
      refusal {
        try graph.add(
          Plus(), x, graph.input("z", .f32, [3], fileID: "T/a.swift", line: 12), line: 13)
      } == """
        plus: operands must have one shape; insert `broadcast` first
          operands: x f32[2], z f32[3]
          x from T/a.swift:2, z from T/a.swift:12
          at T/a.swift:13
        """)
    #expect(
      refusal { try graph.apply(Plus(), [x], site: CallSite(fileID: "T/a.swift", line: 14)) }
        == "plus: takes x, y, given 1 operands\n  operands: x f32[2]\n"
        + "  x from T/a.swift:2\n  at T/a.swift:14")
    try graph.verify()
  }

  @Test func sizesOfInputsAreChecked() throws {
    let graph = Graph("g")
    let bound = Dimension(.bound("n"))
    _ = try graph.input("x", .f32, [bound])
    #expect(
      refusal {
        _ = try graph.input(
          "y", .f32, [Dimension(.running("n", maximum: 4))], fileID: "T/a.swift", line: 1)
      } == """
        dimension n is declared twice with different kinds; use one symbol for both
          before: bound when compiled
          now: running, at most 4
          at T/a.swift:1
        """)
    let rule = "and their product, must lie between 0 and 2^46; at most 64 sizes\n  at T/a.swift:2"
    for (shape, text) in [
      ([-1, 2], "f32[-1x2]"), ([1 << 46], "f32[70368744177664]"),
      ([1 << 23, 1 << 23], "f32[8388608x8388608]"),
    ] {
      #expect(
        refusal { _ = try graph.input("y", .f32, Shape(shape), fileID: "T/a.swift", line: 2) }
          == "input y: the sizes of \(text), \(rule)")
    }
    #expect(
      refusal {
        _ = try graph.input(
          "y", .f32, Shape([Int](repeating: 1, count: 65)), fileID: "T/a.swift", line: 2)
      }?.hasSuffix(rule) == true)
    #expect(
      refusal {
        _ = try graph.input("y", .f32, [Dimension(.bound("a b"))], fileID: "T/a.swift", line: 3)
      } == "dimension `a b`: a symbol's name is letters, digits, `_` and `.`, begins with a letter "
        + "or `_`, and is no element type, `true`, `false`, `none`, `nan` or `inf`\n"
        + "  at T/a.swift:3")
    #expect(
      refusal {
        _ = try graph.input(
          "y", .f32, [Dimension(.running("m", maximum: -1))], fileID: "T/a.swift", line: 3)
      } == "dimension m: a running symbol's maximum is not negative, given -1\n  at T/a.swift:3")
    _ = try graph.input("y", .f32, [0, bound * 2 + 1])
    #expect(graph.symbols == [.bound("n")])
    try graph.verify()
  }

  @Test func symbolsOfAttributesAreRegistered() throws {
    let graph = Graph("g")
    try graph.add(Source(element: .f32, shape: [Dimension(.bound("n"))]))
    #expect(
      refusal {
        try graph.add(
          Source(element: .f32, shape: [Dimension(.running("n", maximum: 2))]), line: 6)
      } == """
        dimension n is declared twice with different kinds; use one symbol for both
          before: bound when compiled
          now: running, at most 2
          at T/a.swift:6
        """)
    #expect(graph.symbols == [.bound("n")])
    try graph.verify()
  }

  @Test func failedVariablesLeaveNothingBehind() throws {
    let graph = Graph("g")
    func fails(_ initial: (Graph) throws -> Value) -> String? {
      refusal { _ = try graph.variable("w", fileID: "T/a.swift", line: 4, initial: initial) }
    }
    let outside = try graph.input("x", .f32, [2])
    #expect(
      fails { _ in outside }
        == "output w: the value belongs to another graph, entry or region\n  at T/a.swift:4")
    #expect(graph.entries.map(\.name) == ["main"])
    let v = try graph.variable("v") { try $0.add(Source(element: .f32, shape: [2]))[0] }
    #expect(
      fails { try $0.add(Collected(), $0.add(Source(element: .f32, shape: []))[0])[0] }
        == "variable w: the first value must be a tensor\n  at T/a.swift:4")
    #expect(
      fails {
        try $0.add(Plus(), v.read(), $0.add(Source(element: .f32, shape: []))[0], line: 5)[0]
      }
        == """
        plus: operands must have one shape; insert `broadcast` first
          operands: x f32[2], y f32[]
          x from T/a.swift:1, y from T/a.swift:1
          at T/a.swift:5
        """)
    #expect(graph.variables.map(\.name) == ["v"])
    #expect(graph.nodes(graph.entries[1].region).count == 1)
    #expect(graph.entries[1].results == [.variable(v.id)])
    #expect(
      refusal {
        _ = try graph.variable("v", fileID: "T/a.swift", line: 6) { _ in outside }
      } == "variable v is declared twice; names must differ\n  at T/a.swift:6")
    #expect(
      refusal {
        try v.assign(graph.add(Source(element: .f32, shape: []))[0], fileID: "T/a.swift", line: 7)
      }
        == "variable v holds f32[2], assigned f32[]; convert or reshape first\n  at T/a.swift:7")
    try graph.output("y", outside)
    try graph.verify()
  }

  @Test func failedEntriesLeaveNothingBehind() throws {
    struct Stop: Error {}
    let graph = Graph("g")
    let x = try graph.input("x", .f32, [2])
    #expect(throws: Stop.self) {
      try graph.entry("a") {
        _ = try graph.input("x", .f32, [3])
        throw Stop()
      }
    }
    #expect(graph.entries.map(\.name) == ["main"])
    try graph.entry("a") { _ = try graph.input("x", .f32, [4]) }
    try graph.output("y", graph.add(Plus(), x, x)[0])
    try graph.verify()
    #expect(graph.liveNodeCount == 1)
  }
}
