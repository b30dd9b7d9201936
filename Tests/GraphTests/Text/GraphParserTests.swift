import TenonTensor
import Testing

@testable import TenonGraph

@Suite struct GraphParserTests {
  func parse(_ text: String) throws -> Graph { try Graph(parsing: text, catalog: .tests) }

  /// The body of an entry `main` without results.
  func main(_ nodes: String, arguments: String = "") -> String {
    """
    graph "g" {
      symbol batch
      symbol length max 128
      variable @w: f32[2]
      entry "main" (\(arguments)) {
        \(nodes)
      } -> ()
    }
    """
  }

  @Test func readsWhatIsPrinted() throws {
    let graph = try GraphPrinterTests.sample()
    for options in [Graph.TextOptions(), Graph.TextOptions(origins: true)] {
      let text = graph.text(options)
      let read = try parse(text)
      #expect(read.text(options) == text)
      try read.verify()
    }
    let read = try parse(graph.text(.init(origins: true)))
    #expect(read.entries.map(\.name) == ["initialize", "predict"])
    #expect(
      read.entries[1].arguments == [.port("images"), .port("choose"), .variable(VariableID(0))])
    #expect(
      read.variables
        == graph.variables.map {
          VariableRecord(
            name: $0.name, type: $0.type, origin: read.origins.leaf(text: "T/a.swift:3"))
        })
    let sum = read.nodes(read.entries[1].region)[0]
    #expect(read.name(read.result(sum)) == "sum")
    #expect(read.path(read.scope(sum)) == "head")
    #expect(read.origins.lines(read.origin(sum)) == ["T/a.swift:8"])
    #expect(read.name(read.arguments(read.entries[1].region)[0]) == "images")
  }

  @Test func everyOpOfTheTestsSurvives() throws {
    let graph = Graph("g")
    var everything = Everything()
    everything.maybe = 4
    everything.rate = -0.0
    everything.size = Dimension(.bound("batch")) * 2 + 1
    everything.shape = [Dimension(.running("length", maximum: 7)), 3]
    try graph.add(everything)
    everything.rate = .nan
    everything.mode = .fast
    everything.values = Literal(try Tensor(strings: ["\u{e9}\u{1F600}", ""], shape: [2, 1]))
    try graph.add(everything)
    everything.rate = -.infinity
    everything.values = Literal(try Tensor([Float](), shape: [0]))
    let value = try graph.add(everything)[0]
    try graph.add(Copies(), value)
    try graph.add(Collected(), value)
    try graph.add(Region(), value, value)
    try graph.add(Aged(count: 4))
    try graph.scope("a/b") {
      try graph.scope("") { try graph.scope("c") { _ = try graph.add(Aged(count: 4)) } }
    }
    let sizes = try graph.add(Numbers(values: [Dimension(.bound("batch")), 2]))[0]
    try graph.add(Filled(), graph.add(Plus(), sizes, sizes)[0])
    let text = graph.text()
    let read = try parse(text)
    #expect(read.text() == text)
    try read.verify()
    #expect(text.contains(" = aged@3() {count = 4}: f32[4] in \"a/b//c\"\n"))
    #expect(text.contains("symbol length max 7\n"))
    let ops = read.nodes(read.entries[0].region).map { read.op($0) }
    #expect((ops[0] as? Everything)?.maybe == 4)
    #expect((ops[0] as? Everything)?.rate.sign == .minus)
    #expect((ops[1] as? Everything)?.rate.isNaN == true)
    #expect((ops[2] as? Everything)?.maybe == 4)
  }

  @Test func literalsSurviveToTheBit() throws {
    var random = SplitMix(seed: 7)
    for type in ElementType.allCases where type != .string {
      for shape in [[], [5], [2, 0], [3, 2]] {
        let tensor = try Tensor(type, shape: shape) { bytes in
          for index in bytes.indices { bytes[index] = UInt8(random.below(256)) }
          if type == .bool { for index in bytes.indices { bytes[index] &= 1 } }
          if type.bitWidth < 8 {
            for index in bytes.indices { bytes[index] &= UInt8((1 << type.bitWidth) - 1) }
          }
        }
        var op = Everything()
        op.values = Literal(tensor)
        let graph = Graph("g")
        try graph.add(op)
        let text = graph.text()
        let read = try parse(text)
        let back = try #require(read.op(NodeID(0)) as? Everything)
        #expect(back.values.tensor.isIdentical(to: tensor), "\(text)")
        #expect(read.text() == text)
      }
    }
  }

  @Test func largeLiteralsComeFromTheTable() throws {
    let graph = Graph("g")
    var op = Everything()
    let tensor = Tensor((0..<100).map { Float($0) })
    op.values = Literal(tensor)
    try graph.add(op)
    let table = LiteralTable()
    let text = graph.text(literals: table)
    let read = try Graph(parsing: text, catalog: .tests) { name in
      #expect(name == "literal.0")
      return table.tensors[0].tensor
    }
    #expect(read.text(literals: LiteralTable()) == text)
    #expect(
      throws: TenonError(
        "no-tensor",
        "graph text: the tensor `literal.0` is kept outside the text and was not given",
        context: ["in graph text 3:159"])
    ) { try Graph(parsing: text, catalog: .tests) }
    #expect(
      throws: TenonError(
        "graph-text", "graph text 3:159: tensor `literal.0` is f32[2], not f32[100]")
    ) { try Graph(parsing: text, catalog: .tests) { _ in Tensor([Float(1), 2]) } }
    #expect(
      throws: TenonError(
        "graph-text",
        "graph text 3:169: the literal was cut short when the text was printed")
    ) { try parse(graph.text()) }
  }

  @Test func handWrittenTextsMayDifferInForm() throws {
    let read = try parse(
      """
      # A comment.
      graph "g" { symbol n
        entry "main" ("x" %in: f32[n,4], "y" %_7: f32[ 2*n - n , 2 + 2 ]) {
          %a=plus ( %in , %_7 ) : f32 [n,4]   # another

          %b, %c = copies(%a): f32[n, 4], f32[n, 4] at ["one", "two", "one"]
        } -> ("z" %c) }
      """)
    #expect(
      read.text() == """
        graph "g" {
          symbol n
          entry "main" ("x" %0: f32[n, 4], "y" %1: f32[n, 4]) {
            %2 = plus(%0, %1): f32[n, 4]
            %3, %4 = copies(%2): f32[n, 4], f32[n, 4]
          } -> ("z" %4)
        }

        """)
    let nodes = read.nodes(read.entries[0].region)
    #expect(read.origins.lines(read.origin(nodes[0])) == ["graph text:4"])
    #expect(read.origins.lines(read.origin(nodes[1])) == ["one", "two"])
    try read.verify()
  }

  @Test func olderVersionsAreBroughtUpToDate() throws {
    let read = try parse(
      main(
        "%0 = aged() {size = 5}: f32[4]\n %1 = aged@2() {count = 5}: f32[4]\n "
          + "%2 = aged@3() {count = 4}: f32[4]"))
    let ops = read.nodes(read.entries[0].region).map { read.opID($0) }
    #expect(ops.count == 3)
    #expect(Set(ops).count == 1)
    #expect(read.text().components(of: "aged@3() {count = 4}: f32[4]") == 3)
  }

  @Test func layoutsAreReadAndNotInferred() throws {
    let text = main(
      "%1 = plus(%0, %0): f32[1x64x5x5]{0,1/16,2,3,16:1}",
      arguments: "\"x\" %0: f32[1x64x5x5]{0,2,3,1}")
    let read = try parse(text)
    try read.verify()
    #expect(read.text().contains("(\"x\" %0: f32[1x64x5x5]{0,2,3,1}) {\n"))
    #expect(read.text().contains("%1 = plus(%0, %0): f32[1x64x5x5]{0,1/16,2,3,16:1}\n"))
  }

  @Test func allUnknownOpsAreNamedAtOnce() throws {
    let text = main(
      """
      %0 = tanh(): f32[2]
          %1 = plus(%0, %0): f32[2]
          %2 = sinh(%1) {k = 1}: f32[2]
            region (%3: f32[]) {
              %4 = cosh(%3): f32[]
            } -> (%4)
          %5 = sinh(%2): f32[3]
          %6 = aged@4(): f32[2]
      """)
    #expect(
      throws: TenonError(
        "unknown-op", "graph text: 4 ops cannot be read",
        details: [
          "op tanh is not in the catalogue; add it: `.standard + [Op.self]` (at 6:10)",
          "op cosh is not in the catalogue; add it: `.standard + [Op.self]` (at 10:14)",
          "op sinh is not in the catalogue; add it: `.standard + [Op.self]` "
            + "(2 times, first at 8:10)",
          "op aged@4 cannot be read: this build knows versions up to 3 (at 13:10)",
        ])
    ) { try parse(text) }
    #expect(
      throws: TenonError(
        "unknown-op", "op tanh is not in the catalogue; add it: `.standard + [Op.self]`",
        details: ["used at 6:10"])
    ) { try parse(main("%0 = tanh(): f32[2]")) }
  }

  static let refusals: [(String, String)] = [
    ("%0 = plus(%1, %1): f32[]", "6:15: value `%1` is not defined before this use"),
    ("%0 = plus(%0, %0): f32[]", "6:15: value `%0` is not defined before this use"),
    (
      "%0 = source() {element = f32, shape = []}: f32[]\n%0 = plus(%0, %0): f32[]",
      "7:1: value `%0` is defined twice"
    ),
    ("%0 = source {}", "6:17: expected `(` before operands, found `{`"),
    (
      "%0 = source() {element = f32, shape = []}",
      "7:3: expected `:` before the type of result 1, found `}`"
    ),
    ("%0 source()", "6:8: expected `=` before the op, found `source`"),
    ("source() {element = f32, shape = []}", "6:5: source gives 1 results, but 0 are written"),
    (
      "%0, %1 = source() {element = f32, shape = []}: f32[], f32[]",
      "6:14: source gives 1 results, but 2 are written"
    ),
    (
      "%0 = source() {element = f32, shape = [2]}: f32[3]",
      "6:5: source gives f32[2], but f32[3] is written for `%0`"
    ),
    (
      "%0 = source() {element = f32, element = i8}: f32[3]",
      "6:35: attribute `element` is given twice"
    ),
    ("%0 = source() {element = }: f32[3]", "6:30: expected an attribute's value, found `}`"),
    (
      "%0 = source() {element = f32 shape = 1}",
      "6:34: expected `}` or `,` after attributes, found `shape`"
    ),
    (
      "%0 = source() {shape = [1 2]}: f32[3]",
      "6:31: expected `]` or `,` after the list's values, found `2`"
    ),
    (
      "%0 = source() {shape = [heads]}: f32[3]",
      "6:29: dimension `heads`: there is no symbol `heads`; declare it first"
    ),
    (
      "%0 = source() {shape = [99999999999999999999]}: f32[3]",
      "6:29: dimension `99999999999999999999`: expected an integer below 2^62 at byte 0"
    ),
    (
      "%0 = numbers() {values = 1.5.2}: f32[3]",
      "6:31: expected `}` or `,` after attributes, found `.`"
    ),
    (
      "%0 = everything() {values = f32[2](1.0)}: f32[]",
      "6:33: the literal holds 2 elements, given 1"
    ),
    (
      "%0 = everything() {values = f32[batch](1.0)}: f32[]",
      "6:33: a literal cannot be f32[batch]; its sizes must be numbers"
    ),
    ("%0 = everything() {values = i8[1](200)}: f32[]", "6:39: `200` is no element of i8"),
    ("%0 = everything() {values = u8[1](-1)}: f32[]", "6:39: `-1` is no element of u8"),
    ("%0 = everything() {values = f32[1](1e39)}: f32[]", "6:40: `1e39` is no element of f32"),
    ("%0 = everything() {values = f16[1](0x12345)}: f32[]", "6:40: `0x12345` is no element of f16"),
    ("%0 = everything() {values = bool[1](1)}: f32[]", "6:41: `1` is no element of bool"),
    (
      "%0 = everything() {values = complex64[1](1.0)}: f32[]",
      "6:33: a complex element has two parts"
    ),
    (
      "%0 = everything() {values = f32[4611686018427387903x3]()}: f32[]",
      "6:33: the literal holds 4611686018427387903 elements, given 0"
    ),
    ("%0 = source(): f33[2]", "6:20: expected a type, found `f33`"),
    ("%0 = source(): f32[2x]", "6:26: expected a size, found `]`"),
    ("%0 = source(): f32[-1, 2]", "6:24: the size -1 is negative"),
    ("%0 = source(): f32[2", "7:3: expected `]` or `,` after sizes, found `}`"),
    ("%0 = source(): f32[2x3]{0}", "6:28: layout {0} does not fit rank 2"),
    ("%0 = source(): f32[2x3]{0,1/4}", "6:28: layout {0,1/4} does not fit rank 2"),
    ("%0 = source(): f32[2x3]{0,4:1,1/4}", "6:28: layout {0,4:1,1/4} does not fit rank 2"),
    ("%0 = source(): sequence<f32[]", "7:3: expected `>` after the type inside, found `}`"),
    ("% = source()", "6:7: expected a value's number, found `=`"),
    ("$", "6:5: expected an op or `}`, found `$`"),
    ("%0 \"a", "6:8: a name does not end on its line"),
    (
      "%0 \"\\q\" = source()",
      "6:9: expected an escape: `\\\"`, `\\\\`, `\\n`, `\\t`, `\\r` or `\\u{…}`"
    ),
    (
      "%0 \"\\u{110000}\" = source()",
      "6:9: expected an escape: `\\\"`, `\\\\`, `\\n`, `\\t`, `\\r` or `\\u{…}`"
    ),
    ("%0 = aged@99999999999()", "6:15: a version is at most 1073741824"),
    ("region f32", "6:12: expected `(` before operands, found `f32`"),
  ]

  @Test(arguments: refusals) func refuses(nodes: String, message: String) {
    #expect(throws: TenonError("graph-text", "graph text " + message)) { try parse(main(nodes)) }
  }

  static let argumentRefusals: [(String, String)] = [
    ("\"x\" %0: f32[2], \"x\" %1: f32[2]", "5:33: port `x` is bound twice"),
    ("@v %0: f32[2]", "5:18: there is no variable `v`"),
    ("@w %0: f32[3]", "5:17: variable `w` holds f32[2], not f32[3]"),
    ("@w %0: f32[2], @w %1: f32[2]", "5:32: variable `w` is bound twice"),
    (
      "\"x\" %0: f32[70368744177664]",
      "5:17: the sizes of f32[70368744177664] must lie between 0 and 2^46"
    ),
    (
      "\"x\" %0: f32[8388608x8388608]",
      "5:17: the sizes of f32[8388608x8388608] must lie between 0 and 2^46"
    ),
    ("\"x\" %0: i64[2] = [1]", "5:34: i64[2] cannot have 1 known elements"),
    ("\"x\" %0: f32[1] = [1]", "5:34: f32[1] cannot have 1 known elements"),
    ("\"x\" %0 f32[1]", "5:24: expected `:` before the argument's type, found `f32`"),
    ("%0: f32[1]", "5:17: expected `@` and a variable, or a name in quotes, found `%`"),
    (
      "\"x\" %0: f32[\(String(repeating: "1x", count: 64))1]", "5:29: a shape of more than 64 sizes"
    ),
    (
      "\"x\" %0: f32[\(String(repeating: "batch, ", count: 64))1]",
      "5:29: a shape of more than 64 sizes"
    ),
  ]

  @Test(arguments: argumentRefusals) func refusesArguments(arguments: String, message: String) {
    #expect(throws: TenonError("graph-text", "graph text " + message)) {
      try parse(main("", arguments: arguments))
    }
  }

  static let graphRefusals: [(String, String)] = [
    ("", "1:1: expected `graph` at the beginning, found the end"),
    ("graph g {}", "1:7: expected the graph's name in quotes, found `g`"),
    (
      "graph \"g\" {",
      "1:12: expected `symbol`, `assume`, `variable`, `entry` or `}`, found the end"
    ),
    ("graph \"g\" {} x", "1:14: expected the end of the text, found `x`"),
    ("graph \"g\" { symbol a\n symbol a }", "2:9: symbol a is declared twice"),
    (
      "graph \"g\" { symbol a max 9999999999999999999 }",
      "1:26: a symbol's maximum is at most 4611686018427387903"
    ),
    ("graph \"g\" { symbol 1 }", "1:20: expected a symbol's name, found `1`"),
    (
      "graph \"g\" { assume a == 1 }",
      "1:20: dimension `a`: there is no symbol `a`; declare it first"
    ),
    (
      "graph \"g\" { symbol a assume a < 1 }",
      "1:31: expected `==`, `!=`, `>=` or `is a multiple of`, found `<`"
    ),
    (
      "graph \"g\" { symbol a assume a is a 4 }",
      "1:36: expected `multiple` of `is a multiple of`, found `4`"
    ),
    ("graph \"g\" { variable w: f32[] }", "1:22: expected `@` before a variable's name, found `w`"),
    ("graph \"g\" { variable @w: f32[] variable @w: f32[] }", "1:42: variable w is declared twice"),
    (
      "graph \"g\" { entry \"a\" () {} -> () entry \"a\" () {} -> () }",
      "1:41: entry `a` is declared twice"
    ),
    ("graph \"g\" { entry \"a\" () {} }", "1:29: expected `->` and results after `}`, found `}`"),
    (
      "graph \"g\" { entry \"a\" () {} -> (\"y\" %0) }",
      "1:37: value `%0` is not defined before this use"
    ),
    (
      "graph \"g\" { entry \"a\" (\"x\" %0: f32[]) {} -> (\"y\" %0, \"y\" %0) }",
      "1:54: port `y` is bound twice"
    ),
    (
      "graph \"g\" { variable @w: f32[] entry \"a\" (\"x\" %0: f32[2]) {} -> (@w %0) }",
      "1:66: variable `w` holds f32[], not f32[2]"
    ),
    (
      "graph \"g\" { entry \"a\" (\"x\" %0: f32[]) {} -> ()\n entry \"b\" () { } -> (\"y\" %0) }",
      "2:27: value `%0` is not defined before this use"
    ),
    (
      "graph \"gr\u{e4}\u{1F600}\" { \u{7}",
      "1:16: expected `symbol`, `assume`, `variable`, `entry` or `}`, found `\\u{7}`"
    ),
  ]

  @Test(arguments: graphRefusals) func refusesGraphs(text: String, message: String) {
    #expect(throws: TenonError("graph-text", "graph text " + message)) { try parse(text) }
  }

  @Test func regionsSeeOnlyTheirOwnValues() {
    let nodes = """
      %1 = source() {element = bool, shape = []}: bool[]
      %2 = either(%1): f32[2]
        region () { } -> (%0)
        region () { } -> (%0)
      """
    #expect(
      throws: TenonError(
        "graph-text",
        "graph text 8:21: value `%0` belongs to another region; pass it as an operand and use the "
          + "region's argument")
    ) { try parse(main(nodes, arguments: "\"x\" %0: f32[2]")) }
  }

  @Test func inferenceAndAttributesSayWhere() {
    #expect(
      throws: TenonError(
        "shape-mismatch", "plus: operands must have one shape; insert `broadcast` first",
        details: ["operands: x f32[2], y f32[3]"], location: "A.swift:7",
        context: ["in graph text 6:10"])
    ) {
      try parse(
        main(
          "%2 = plus(%0, %1): f32[2] at \"A.swift:7\"",
          arguments: "\"x\" %0: f32[2], \"y\" %1: f32[3]"))
    }
    #expect(
      throws: TenonError(
        "region-count", "either: takes the regions then, else, given 0",
        details: ["operands: x bool[]"], location: "graph text:6", context: ["in graph text 6:5"])
    ) { try parse(main("either(%0)", arguments: "\"x\" %0: bool[]")) }
    #expect(
      throws: TenonError(
        "attribute", "aged: has no attribute colour", context: ["in graph text 6:10"])
    ) { try parse(main("%0 = aged@3() {count = 1, colour = \"red\"}: f32[1]")) }
    #expect(
      throws: TenonError(
        "absurd-size", "source: the result f32[8388608x8388608] is too large to hold in memory",
        location: "graph text:6", context: ["in graph text 6:10"])
    ) { try parse(main("%0 = source() {element = f32, shape = [8388608, 8388608]}: f32[2]")) }
    #expect(
      throws: TenonError(
        "symbol-name",
        "dimension `inf`: a symbol's name is letters, digits, `_` and `.`, begins with a letter or "
          + "`_`, and is no element type, `true`, `false`, `none`, `nan` or `inf`",
        context: ["in graph text 1:20"])
    ) { try parse("graph \"g\" { symbol inf }") }
  }

  @Test func nestingIsBounded() throws {
    func nested(_ depth: Int) -> String {
      let open = String(repeating: "\"region\"() region () {", count: depth)
      return main(open + String(repeating: "} -> ()", count: depth))
    }
    #expect(
      throws: TenonError("graph-text", "graph text 6:1433: regions nest deeper than the 64 allowed")
    ) { try parse(nested(65)) }
    #expect(
      throws: TenonError("graph-text", "graph text 6:94: lists nest deeper than the 64 allowed")
    ) { try parse(main("%0 = numbers() {values = " + String(repeating: "[", count: 100_000))) }
    #expect(
      throws: TenonError("graph-text", "graph text 6:606: types nest deeper than the 64 allowed")
    ) { try parse(main("%0 = numbers(): " + String(repeating: "sequence<", count: 100_000))) }
  }

  @Test func mutatedTextsNeitherCrashNorHang() throws {
    var random = SplitMix(seed: 5)
    let everything = Graph("g")
    try everything.add(Everything())
    try everything.add(Filled(), everything.add(Numbers(values: [2, 3]))[0])
    let bases = [
      Array(try GraphPrinterTests.sample().text(.init(origins: true)).utf8),
      Array(everything.text().utf8),
    ]
    let alphabet = Array("%@\"{}()[]:,=-> 0129x*.\\#\nfalse entry region at in".utf8)
    var loaded = 0
    for round in 0..<3_000 {
      var bytes = bases[round % 2]
      for _ in 0..<(1 + random.below(4)) {
        switch random.below(4) {
        case 0: bytes[random.below(bytes.count)] = alphabet[random.below(alphabet.count)]
        case 1: bytes.remove(at: random.below(bytes.count))
        case 2:
          let start = random.below(bytes.count)
          bytes.removeSubrange(start..<min(bytes.count, start + random.below(30)))
        default:
          bytes.insert(
            alphabet[random.below(alphabet.count)], at: random.below(bytes.count + 1))
        }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      if let read = try? parse(text) {
        loaded += 1
        try read.verify()
        #expect(try parse(read.text()).text() == read.text())
      }
    }
    #expect(loaded > 100)
  }
}

/// Steele, Lea and Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
}

extension String {
  /// How often `part` comes in the text, without overlaps.
  func components(of part: String) -> Int {
    var count = 0
    var rest = Substring(self)
    while let range = rest.range(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}

extension Substring {
  func range(of part: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(part) {
        return start..<(index(start, offsetBy: part.count))
      }
      start = index(after: start)
    }
    return nil
  }
}
