import TenonTensor
import Testing

@testable import TenonGraph

/// A graph's text with the nodes given in an entry `main` without results.
func entryMain(_ nodes: String, arguments: String = "") -> String {
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

@Suite struct GraphParserRefusalTests {
  func parse(_ text: String) throws -> Graph { try Graph(parsing: text, catalog: .tests) }

  @Test func allUnknownOpsAreNamedAtOnce() throws {
    let text = entryMain(
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
    ) { try parse(entryMain("%0 = tanh(): f32[2]")) }
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
    #expect(throws: TenonError("graph-text", "graph text " + message)) {
      try parse(entryMain(nodes))
    }
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
    ("\"x\" %0: i64[2] = [1]", "5:34: i64[2] cannot have the known elements [1]"),
    ("\"x\" %0: f32[1] = [1]", "5:34: f32[1] cannot have the known elements [1]"),
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
      try parse(entryMain("", arguments: arguments))
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
    ) { try parse(entryMain(nodes, arguments: "\"x\" %0: f32[2]")) }
  }

  @Test func inferenceAndAttributesSayWhere() {
    #expect(
      throws: TenonError(
        "shape-mismatch", "plus: operands must have one shape; insert `broadcast` first",
        details: ["operands: x f32[2], y f32[3]"], location: "A.swift:7",
        context: ["in graph text 6:10"])
    ) {
      try parse(
        entryMain(
          "%2 = plus(%0, %1): f32[2] at \"A.swift:7\"",
          arguments: "\"x\" %0: f32[2], \"y\" %1: f32[3]"))
    }
    #expect(
      throws: TenonError(
        "region-count", "either: takes the regions then, else, given 0",
        details: ["operands: x bool[]"], location: "graph text:6", context: ["in graph text 6:5"])
    ) { try parse(entryMain("either(%0)", arguments: "\"x\" %0: bool[]")) }
    #expect(
      throws: TenonError(
        "attribute", "aged: has no attribute colour", context: ["in graph text 6:10"])
    ) { try parse(entryMain("%0 = aged@3() {count = 1, colour = \"red\"}: f32[1]")) }
    #expect(
      throws: TenonError(
        "absurd-size", "source: the result f32[8388608x8388608] is too large to hold in memory",
        location: "graph text:6", context: ["in graph text 6:10"])
    ) { try parse(entryMain("%0 = source() {element = f32, shape = [8388608, 8388608]}: f32[2]")) }
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
      return entryMain(open + String(repeating: "} -> ()", count: depth))
    }
    #expect(
      throws: TenonError("graph-text", "graph text 6:1433: regions nest deeper than the 64 allowed")
    ) { try parse(nested(65)) }
    #expect(
      throws: TenonError("graph-text", "graph text 6:94: lists nest deeper than the 64 allowed")
    ) { try parse(entryMain("%0 = numbers() {values = " + String(repeating: "[", count: 100_000))) }
    #expect(
      throws: TenonError("graph-text", "graph text 6:606: types nest deeper than the 64 allowed")
    ) { try parse(entryMain("%0 = numbers(): " + String(repeating: "sequence<", count: 100_000))) }
  }
}
