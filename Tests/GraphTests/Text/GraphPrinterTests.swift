import TenonTensor
import Testing

@testable import TenonGraph

@Suite struct GraphPrinterTests {
  static let batch = Symbol.bound("batch")

  /// Two entries, a variable, a symbol of each kind, a region and a scope.
  static func sample() throws -> Graph {
    let graph = Graph("digits")
    let site = { (line: UInt) in CallSite(fileID: "T/a.swift", line: line) }
    let weights = try graph.variable("head/w", fileID: "T/a.swift", line: 3) {
      try $0.add(Source(element: .f32, shape: [Dimension(batch), 3]), line: 2)[0]
    }
    try graph.entry("predict", fileID: "T/a.swift", line: 4) {
      let images = try graph.input(
        "images", .f32, [Dimension(batch), 3], fileID: "T/a.swift", line: 5)
      let choose = try graph.input("choose", .bool, [], fileID: "T/a.swift", line: 6)
      let w = try weights.read(fileID: "T/a.swift", line: 7)
      let sum = try graph.scope("head") {
        try graph.apply1(Plus(), [images, w], site: site(8)).named("sum")
      }
      let chosen = try Either.record(choose) {
        [try graph.apply1(Plus(), [sum, images], site: site(9))]
      } else: {
        [sum]
      }
      try graph.output("chosen", chosen[0], fileID: "T/a.swift", line: 10)
      try weights.assign(sum, fileID: "T/a.swift", line: 11)
    }
    return graph
  }

  @Test func wholeGraph() throws {
    #expect(
      try Self.sample().text() == """
        graph "digits" {
          symbol batch
          variable @head/w: f32[batch, 3]
          entry "initialize" () {
            %0 = source() {element = f32, shape = [batch, 3]}: f32[batch, 3]
          } -> (@head/w %0)
          entry "predict" ("images" %0: f32[batch, 3], "choose" %1: bool[], @head/w %2: f32[batch, 3]) {
            %3 "sum" = plus(%0, %2): f32[batch, 3] in "head"
            %4 "chosen" = either(%1, %3, %0): f32[batch, 3]
              region (%5: f32[batch, 3], %6: f32[batch, 3]) {
                %7 = plus(%5, %6): f32[batch, 3]
              } -> (%7)
              region (%8: f32[batch, 3], %9: f32[batch, 3]) {
              } -> (%8)
          } -> ("chosen" %4, @head/w %3)
        }

        """)
  }

  @Test func originsOnDemand() throws {
    let lines = try Self.sample().text(.init(origins: true)).split(separator: "\n")
    #expect(
      lines.prefix(5) == [
        "graph \"digits\" {",
        "  symbol batch",
        "  variable @head/w: f32[batch, 3] at \"T/a.swift:3\"",
        "  entry \"initialize\" () {",
        "    %0 = source() {element = f32, shape = [batch, 3]}: f32[batch, 3] at \"T/a.swift:2\"",
      ])
    #expect(
      lines[6...10] == [
        "  entry \"predict\" (",
        "    \"images\" %0: f32[batch, 3] at \"T/a.swift:5\",",
        "    \"choose\" %1: bool[] at \"T/a.swift:6\",",
        "    @head/w %2: f32[batch, 3]",
        "  ) {",
      ])
    #expect(
      lines[11] == "    %3 \"sum\" = plus(%0, %2): f32[batch, 3] in \"head\" at \"T/a.swift:8\"")
  }

  @Test func unionsOfOriginsAreLists() throws {
    let graph = Graph("g")
    let value = try graph.add(Source(element: .f32, shape: []), line: 1)[0]
    let node = try #require(graph.producer(value.id))
    graph.setOrigin(
      node, graph.origins.union(graph.origin(node), graph.origins.leaf(text: "node \"conv\"")))
    let text = graph.text(.init(origins: true))
    #expect(text.contains("}: f32[] at [\"T/a.swift:1\", \"node \\\"conv\\\"\"]\n"))
  }

  @Test func everyKindOfAttribute() throws {
    let graph = Graph("g")
    try graph.add(Everything())
    #expect(
      graph.text() == #"""
        graph "g" {
          entry "main" () {
            %0 = everything() {flag = true, count = -3, rate = 0.1, text = "a \"quoted\"\\\n\ttext", element = bf16, size = 7, shape = [2, 3], values = i8[2](-1, 2), mode = "exact", axes = [], nested = [[1], [2, 3]], perhaps = [1, none]}: bf16[2x3]
          } -> ()
        }

        """#)
  }

  @Test(arguments: [
    (1.0, "1.0"), (-0.0, "-0.0"), (0.1, "0.1"), (1e-5, "1e-05"), (1e22, "1e+22"),
    (.leastNonzeroMagnitude, "5e-324"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
    (.infinity, "inf"),
    (-.infinity, "-inf"), (.nan, "nan"), (-.nan, "0xfff8000000000000"),
    (Double(bitPattern: 0x7FF8_0000_0000_0001), "0x7ff8000000000001"),
  ])
  func floats(value: Double, text: String) {
    #expect(AttributeText(inlineElements: 64, table: nil).text(.float(value)) == text)
  }

  @Test func smallLiteralsAreWrittenOutAndLargeOnesNamedOrCutShort() throws {
    let small = Literal(Tensor((0..<64).map { Float($0) / 2 }))
    let large = Literal(Tensor((0..<65).map { Int32($0) }))
    let other = Literal(Tensor((0..<65).map { Int32($0 + 1) }))
    let plain = AttributeText(inlineElements: 64, table: nil)
    #expect(plain.text(.literal(small)).hasPrefix("f32[64](0.0, 0.5, 1.0, 1.5,"))
    #expect(plain.text(.literal(small)).hasSuffix(", 31.0, 31.5)"))
    #expect(plain.text(.literal(large)) == "i32[65](0, 1, 2, ...)")
    let table = LiteralTable(avoiding: ["literal.1"])
    let named = AttributeText(inlineElements: 64, table: table)
    #expect(named.text(.literal(large)) == "i32[65] from \"literal.0\"")
    #expect(named.text(.literal(other)) == "i32[65] from \"literal.2\"")
    #expect(named.text(.literal(Literal(large.tensor))) == "i32[65] from \"literal.0\"")
    #expect(table.tensors.map(\.name) == ["literal.0", "literal.2"])
    #expect(table.tensors[1].tensor.isIdentical(to: other.tensor))
  }

  @Test func literalsOfOtherTypes() throws {
    func text(_ tensor: Tensor) -> String {
      AttributeText(inlineElements: 64, table: nil).text(.literal(Literal(tensor)))
    }
    #expect(text(Tensor(Float.infinity)) == "f32[](inf)")
    #expect(text(Tensor([Float(bitPattern: 0x7FC0_0001)])) == "f32[1](0x7fc00001)")
    #expect(text(Tensor([true, false])) == "bool[2](true, false)")
    #expect(text(Tensor([UInt64.max])) == "u64[1](18446744073709551615)")
    #expect(text(Tensor([Int64.min])) == "i64[1](-9223372036854775808)")
    #expect(text(try Tensor([Float](), shape: [0, 3])) == "f32[0x3]()")
    #expect(
      text(try Tensor(strings: ["a, b", "\"\u{1}"], shape: [2]))
        == "string[2](\"a, b\", \"\\\"\\u{1}\")")
    #expect(text(try Tensor(.i4, shape: [2], integers: [-8, 7])) == "i4[2](-8, 7)")
    #expect(text(try Tensor(.u2, shape: [2], integers: [3, 1])) == "u2[2](3, 1)")
    #expect(
      text(try Tensor(.f8e4m3fn, shape: [2], doubles: [0.0625, -448]))
        == "f8e4m3fn[2](0.0625, -448.0)")
    #expect(text(Tensor([Float16(65504)])) == "f16[1](65504.0)")
    #expect(text(Tensor([BFloat16(Float(0.1))])) == "bf16[1](0.100097656)")
    let parts = Tensor([Float(1), -2])
    #expect(
      text(try Tensor(.complex64, shape: [1], storage: parts.storage)) == "complex64[1](1.0, -2.0)")
  }

  @Test func namesThatNeedQuotes() throws {
    let graph = Graph("a \"b\"")
    _ = try graph.variable("my w", fileID: "T/a.swift", line: 1) {
      try $0.add(Source(element: .f32, shape: []))[0]
    }
    try graph.entry("run", fileID: "T/a.swift", line: 2) {
      let x = try graph.input("in\n1", .f32, []).named("x")
      try graph.add(Region(), x)
      let pair = try graph.add(Copies(), x)
      try graph.add(Collected(), pair[1])
    }
    #expect(
      graph.text() == #"""
        graph "a \"b\"" {
          variable @"my w": f32[]
          entry "initialize" () {
            %0 = source() {element = f32, shape = []}: f32[]
          } -> (@"my w" %0)
          entry "run" ("in\n1" %0 "x": f32[]) {
            "region"(%0)
            %1, %2 = copies(%0): f32[], f32[]
            %3 = acme.collected(%2): optional<sequence<f32[]>>
          } -> ()
        }

        """#)
  }

  @Test func printingWhileRecordingChangesNothing() throws {
    let graph = Graph("g")
    try graph.entry("run") {
      let x = try graph.input("x", .f32, [2])
      try graph.add(Plus(), x, x)
      #expect(graph.text().contains("    %1 = plus(%0, %0): f32[2]\n  } -> ()\n"))
      let y = try graph.add(Plus(), x, x)[0]
      try graph.output("y", y)
    }
    #expect(graph.text().contains("    %2 \"y\" = plus(%0, %0): f32[2]\n  } -> (\"y\" %2)\n"))
    let x = try graph.input("x", .f32, [2])
    #expect(graph.text().contains("  entry \"main\" (\"x\" %0: f32[2]) {\n  } -> ()\n"))
    try graph.add(Plus(), x, x)
    #expect(graph.liveNodeCount == 2)
    graph.finishRecording()
    #expect(graph.liveNodeCount == 3)
  }

  @Test func knownElementsAndConstraints() throws {
    let graph = Graph("g")
    let (a, b) = (Dimension(.bound("a")), Dimension(.running("b", maximum: 9)))
    let x = try graph.input("x", .i64, [2])
    graph.setKnownElements(x.id, [a, 3])
    _ = try graph.add(Filled(), x)
    let y = try graph.input("y", .f32, [a])
    _ = try graph.add(Plus(), y, graph.input("z", .f32, [b]))
    graph.assume(Constraint(relation: .divisible, left: a, right: 4, origin: .none))
    graph.assume(Constraint(relation: .atLeast, left: b, right: 1, origin: .none))
    graph.assume(Constraint(relation: .notEqual, left: a * b, right: 1, origin: .none))
    #expect(
      graph.text() == """
        graph "g" {
          symbol a
          symbol b max 9
          assume a == b
          assume a is a multiple of 4
          assume b >= 1
          assume a*b != 1
          entry "main" ("x" %0: i64[2] = [a, 3], "y" %1: f32[a], "z" %2: f32[b]) {
            %3 = filled(%0): f32[a, 3]
            %4 = plus(%1, %2): f32[a]
          } -> ()
        }

        """)
  }
}
