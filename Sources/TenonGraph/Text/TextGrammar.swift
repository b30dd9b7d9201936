import TenonTensor

/// Names and words of graph text that the printer, the parser and the builder agree on.
enum TextGrammar {
  /// What a text may nest: regions in regions, arrays in arrays.
  static let depthLimit = 64
  /// How many sizes a tensor type may have.
  static let rankLimit = 64

  /// Words that begin something else in the place where a size may stand.
  static let reservedWords: Set<String> = Set(
    ElementType.allCases.map(\.name) + ["true", "false", "none", "nan", "inf"])

  /// Words that may follow a node, so that an op of that name is quoted.
  static let nodeWords: Set<String> = ["in", "at", "region"]

  static func isLetter(_ byte: UInt8) -> Bool {
    (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A) || byte == 0x5F
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

  /// Whether `name` is letters, digits, `_` and the extra characters, and begins with a letter or
  /// `_`: then it is printed without quotes.
  static func isBare(_ name: String, extra: String = "") -> Bool {
    guard let first = name.utf8.first, isLetter(first) else { return false }
    return name.utf8.allSatisfy { isLetterOrDigit($0) || extra.utf8.contains($0) }
  }

  /// Whether a symbol may have that name: `[A-Za-z_][A-Za-z0-9_.]*`, no element type and none of
  /// `true`, `false`, `none`, `nan`, `inf`.
  static func isSymbolName(_ name: String) -> Bool {
    isBare(name, extra: ".") && !reservedWords.contains(name)
  }

  /// `name` in quotes; quotes, backslashes and control characters escaped.
  static func quoted(_ name: String) -> String {
    var text = "\""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        text += "\\u{\(String(scalar.value, radix: 16))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }

  static func name(_ name: String, extra: String = "") -> String {
    isBare(name, extra: extra) ? name : quoted(name)
  }

  /// `dot_general`, `softmax@2`.
  static func opName(_ op: any Op.Type) -> String {
    let bare = isBare(op.name, extra: ".") && !nodeWords.contains(op.name)
    return (bare ? op.name : quoted(op.name)) + (op.version == 1 ? "" : "@\(op.version)")
  }
}
