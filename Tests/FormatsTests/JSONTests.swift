import TenonFormats
import TenonTensor
import Testing

@Suite struct JSONTests {
  @Test(arguments: [
    "null", "true", "false", "0", "-0", "-12", "1.5e-7", "18446744073709551615", "1E+3",
    "123456789012345678901234567890.000100", "\"\"", "\"größe 日本\"", "[]", "{}",
    "[1,[2,[]],{\"a\":null}]", "{\"b\":1,\"a\":{\"b\":2}}",
    "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\"",
  ])
  func writesWhatItReads(text: String) throws {
    #expect(try JSON(parsing: text, name: "test").text() == text)
  }

  @Test func readsEveryEscape() throws {
    let text = #" "\"\\\/\b\f\n\r\tA\u0041\u00e4\uD83D\uDE00\u0000" "#
    #expect(
      try JSON(parsing: text, name: "test").string
        == "\"\\/\u{8}\u{C}\n\r\tAA\u{E4}\u{1F600}\0")
  }

  @Test func keepsNumbersExact() throws {
    let value = try JSON(
      parsing: "[9223372036854775807, 9223372036854775808, 1.0, 1e3, 0.1, 1e400]", name: "test")
    let elements = value.array!
    #expect(elements[0].integer == .max)
    #expect(elements[1].integer == nil)
    guard case .number(let number) = elements[1] else { Issue.record("no number"); return }
    #expect(number.integer(UInt64.self) == 1 << 63)
    #expect(elements[2].integer == nil)
    #expect(elements[2].double == 1)
    #expect(elements[3].double == 1000)
    #expect(elements[4].double == 0.1)
    #expect(elements[5].double == .infinity)
  }

  @Test func keepsMembersInOrder() throws {
    let value = try JSON(parsing: " { \"z\" : 1 , \"a\" : 2 } ", name: "test").object!
    #expect(value.members.map(\.key) == ["z", "a"])
    #expect(value["a"] == 2)
    #expect(value["b"] == nil)
  }

  @Test func writesWithIndentation() {
    let value: JSON = ["name": "x", "sizes": [1, 2], "none": [], "ratio": 0.5, "ok": true]
    #expect(
      value.text(indent: 2) == """
        {
          "name": "x",
          "sizes": [
            1,
            2
          ],
          "none": [],
          "ratio": 0.5,
          "ok": true
        }
        """)
  }

  @Test func writesNumbersThatJSONHas() {
    #expect(JSON.number(Double.nan) == .null)
    #expect(JSON.number(-Float.infinity) == .null)
    #expect(JSON.number(Float(0.1)).text() == "0.1")
    #expect(JSON.number(1e300).text() == "1e+300")
    #expect(JSON.number(UInt64.max).text() == "18446744073709551615")
  }

  static let refusals: [(String, String)] = [
    ("", "byte 0: expected a value"),
    ("  ", "byte 2: expected a value"),
    ("\u{FEFF}1", "byte 0: expected a value"),
    ("tru", "byte 0: expected a value"),
    ("nul1", "byte 0: expected a value"),
    ("NaN", "byte 0: expected a value"),
    ("+1", "byte 0: expected a value"),
    ("'a'", "byte 0: expected a value"),
    ("1 2", "byte 2: expected the end after the value"),
    ("01", "byte 0: a number must not begin with a zero and another digit"),
    ("-", "byte 1: expected a digit"),
    ("1.", "byte 2: expected a digit"),
    (".5", "byte 0: expected a value"),
    ("1e", "byte 2: expected a digit"),
    ("1e+", "byte 3: expected a digit"),
    ("[1,]", "byte 3: expected a value"),
    ("[1 2]", "byte 3: expected `,` or `]`"),
    ("[1", "byte 2: expected `,` or `]`"),
    ("{1:2}", "byte 1: expected a key in quotes"),
    ("{\"a\" 2}", "byte 5: expected `:`"),
    ("{\"a\":2,}", "byte 7: expected a key in quotes"),
    ("{\"a\":2 \"b\":3}", "byte 7: expected `,` or `}`"),
    ("{\"a\":1,\"a\":2}", "byte 7: the key `a` comes twice in one object"),
    ("{\"a\\n\":1,\"a\\u000a\":2}", "byte 9: the key `a\\n` comes twice in one object"),
    ("\"abc", "byte 0: a string without its closing quote"),
    ("\"a\nb\"", "byte 2: a control character in a string must be escaped"),
    ("\"\\x41\"", "byte 1: an escape that JSON does not have"),
    ("\"\\u12G4\"", "byte 1: an escape that JSON does not have"),
    ("\"\\", "byte 1: an escape that JSON does not have"),
    ("\"\\uD800\"", "byte 1: an escaped surrogate without its other half"),
    ("\"\\uDC00\"", "byte 1: an escaped surrogate without its other half"),
    ("\"\\uD800\\u0041\"", "byte 1: an escaped surrogate without its other half"),
    ("[1] // no", "byte 4: expected the end after the value"),
  ]

  @Test(arguments: refusals) func refuses(text: String, message: String) {
    #expect(throws: TenonError("json", "test: invalid JSON at \(message)")) {
      try JSON(parsing: text, name: "test")
    }
  }

  @Test(arguments: [
    [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
    [0x22, 0x5C, 0x6E, 0xE4, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
  ])
  func refusesTextThatIsNotUTF8(bytes: [UInt8]) {
    #expect(
      throws: TenonError(
        "json", "test: invalid JSON at byte 8: a string that is not valid UTF-8")
    ) { try JSON(parsing: bytes, name: "test", offset: 8) }
  }

  @Test func refusesDeepNesting() throws {
    let deepest = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
    #expect(try JSON(parsing: deepest, name: "test").text() == deepest)
    #expect(
      throws: TenonError(
        "json", "test: invalid JSON at byte 128: nested deeper than the 128 allowed")
    ) { try JSON(parsing: String(repeating: "[", count: 1_000_000), name: "test") }
    #expect(
      throws: TenonError(
        "json", "test: invalid JSON at byte 640: nested deeper than the 128 allowed")
    ) { try JSON(parsing: String(repeating: "{\"a\":", count: 100_000), name: "test") }
  }
}
