import TenonTensor
import TenonTestKit
import Testing

@Suite struct DimensionParsingTests {
  static let symbols: [String: Symbol] = [
    "batch": .bound("batch"), "length": .running("length", maximum: 16),
    "x.shape_0": .bound("x.shape_0"), "min": .bound("min"), "_": .bound("_"),
  ]

  func parse(_ text: String) throws -> Dimension {
    try Dimension(parsing: text) { Self.symbols[$0] }
  }

  @Test(arguments: [
    "0", "7", "-7", "batch", "-batch", "2*batch + 1", "2*batch - length + 3", "batch*length",
    "3*_*batch - 5", "floordiv(length, 2)", "floordiv(length + 3, 4) + 1", "mod(batch, length)",
    "max(1, batch)", "min(batch, length)", "floordiv(batch, 0)", "mod(batch, 0)",
    "floordiv(floordiv(length + 1, 2) + 1, 2)", "2*batch*floordiv(length, 3) - 1", "min",
    "max(min(batch, length), mod(x.shape_0, 8))", "4611686018427387903", "-4611686018427387903",
    "batch + 4611686018427387903",
  ])
  func readsWhatDescriptionPrints(text: String) throws {
    #expect(try parse(text).description == text)
  }

  @Test func putsOtherTextsInNormalForm() throws {
    #expect(try parse(" batch+batch ") == parse("2*batch"))
    #expect(try parse("floordiv( 4*batch , 2 )*3") == parse("6*batch"))
    #expect(try parse("length - length") == 0)
    #expect(try parse("max(batch, 1)").description == "max(1, batch)")
    #expect(try parse("0005") == 5)
    #expect(try parse("floordiv(2*batch + 2, 2)*length").description == "batch*length + length")
  }

  @Test func randomExpressionsSurviveTheText() throws {
    var random = SplitMix(seed: 11)
    for _ in 0..<500 {
      let expression = RandomDimension.expression(depth: 4, using: &random).dimension
      let read = try Dimension(parsing: expression.description) { name in
        RandomDimension.symbols.first { $0.name == name }
      }
      #expect(read == expression)
    }
  }

  static let refusals: [(String, String)] = [
    ("", "dimension ``: expected an integer, a symbol or a function at byte 0"),
    ("2*", "dimension `2*`: expected an integer, a symbol or a function at byte 2"),
    ("--1", "dimension `--1`: expected an integer, a symbol or a function at byte 1"),
    ("2 batch", "dimension `2 batch`: expected `+`, `-`, `*` or the end at byte 2"),
    ("batch)", "dimension `batch)`: expected `+`, `-`, `*` or the end at byte 5"),
    ("heads + 1", "dimension `heads + 1`: there is no symbol `heads`; declare it first"),
    (
      "div(batch, 2)",
      "dimension `div(batch, 2)`: expected `floordiv`, `mod`, `min` or `max` at byte 0"
    ),
    ("mod(batch)", "dimension `mod(batch)`: expected `,` at byte 9"),
    ("mod(batch, 2", "dimension `mod(batch, 2`: expected `)` at byte 12"),
    (
      "4611686018427387904",
      "dimension `4611686018427387904`: expected an integer below 2^62 at byte 0"
    ),
    (
      "9999999999999999999",
      "dimension `9999999999999999999`: expected an integer below 2^62 at byte 0"
    ),
    ("größe", "dimension `größe`: there is no symbol `gr`; declare it first"),
    (
      "batch + \u{0}",
      "dimension `batch + \u{0}`: expected an integer, a symbol or a function at byte 8"
    ),
    ("(batch)", "dimension `(batch)`: expected an integer, a symbol or a function at byte 0"),
  ]

  @Test(arguments: refusals) func refuses(text: String, message: String) {
    #expect(throws: TenonError("dimension-text", message)) { try parse(text) }
  }

  @Test func refusesWhatIsTooLarge() {
    #expect(
      throws: TenonError(
        "dimension-text", "dimension: a text of 16385 bytes is longer than the 16384 allowed")
    ) { try parse(String(repeating: "1", count: 16_385)) }
    let deep = String(repeating: "max(", count: 65) + "batch"
    let start = String(deep.prefix(57)) + "..."
    #expect(
      throws: TenonError(
        "dimension-text", "dimension `\(start)`: nested deeper than the 64 allowed")
    ) { try parse(deep) }
    let long = "batch" + String(repeating: "*batch", count: 64)
    #expect(
      throws: TenonError(
        "dimension-text",
        "dimension `\(long.prefix(57))...`: a product of more than 64 factors or 256 terms")
    ) { try parse(long) }
  }

  @Test func mutatedTextsNeitherCrashNorHang() {
    var random = SplitMix(seed: 3)
    let alphabet = Array("batch+-*(),0129 floordivmodminmax._".utf8)
    for _ in 0..<2_000 {
      var bytes = Array("max(min(batch, 2*length + 3), floordiv(x.shape_0 - 1, 8))*batch - 7".utf8)
      for _ in 0..<(1 + random.below(4)) {
        switch random.below(3) {
        case 0: bytes[random.below(bytes.count)] = alphabet[random.below(alphabet.count)]
        case 1: bytes.remove(at: random.below(bytes.count))
        default:
          bytes.insert(
            alphabet[random.below(alphabet.count)], at: random.below(bytes.count + 1))
        }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      if let read = try? parse(text) {
        #expect((try? parse(read.description)) == read, "\(text)")
      }
    }
  }
}
