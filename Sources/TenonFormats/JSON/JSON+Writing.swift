extension JSON {
  /// The value as text: on one line, or with one member or element a line, indented by `indent`
  /// spaces more at each level.
  package func text(indent: Int? = nil) -> String {
    String(decoding: utf8(indent: indent), as: UTF8.self)
  }

  /// The UTF-8 bytes of `text(indent:)`.
  package func utf8(indent: Int? = nil) -> [UInt8] {
    var output: [UInt8] = []
    write(to: &output, indent: indent, level: 0)
    return output
  }

  private func write(to output: inout [UInt8], indent: Int?, level: Int) {
    switch self {
    case .null: output += "null".utf8
    case .boolean(let value): output += (value ? "true" : "false").utf8
    case .number(let number): output += number.text.utf8
    case .string(let text): JSON.write(text, to: &output)
    case .array(let elements):
      JSON.writeList(elements, "[", "]", to: &output, indent: indent, level: level) {
        $0.write(to: &$1, indent: indent, level: level + 1)
      }
    case .object(let object):
      JSON.writeList(object.members, "{", "}", to: &output, indent: indent, level: level) {
        JSON.write($0.key, to: &$1)
        $1 += (indent == nil ? ":" : ": ").utf8
        $0.value.write(to: &$1, indent: indent, level: level + 1)
      }
    }
  }

  private static func writeList<Item>(
    _ items: [Item], _ opening: String, _ closing: String, to output: inout [UInt8],
    indent: Int?, level: Int, _ writeItem: (Item, inout [UInt8]) -> Void
  ) {
    output += opening.utf8
    for (index, item) in items.enumerated() {
      if index > 0 { output += ",".utf8 }
      if let indent { newLine(indent * (level + 1), &output) }
      writeItem(item, &output)
    }
    if let indent, !items.isEmpty { newLine(indent * level, &output) }
    output += closing.utf8
  }

  private static func newLine(_ spaces: Int, _ output: inout [UInt8]) {
    output.append(0x0A)
    output.append(contentsOf: repeatElement(0x20, count: spaces))
  }

  private static func write(_ text: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): output += "\\\"".utf8
      case UInt8(ascii: "\\"): output += "\\\\".utf8
      case 0x08: output += "\\b".utf8
      case 0x0C: output += "\\f".utf8
      case 0x0A: output += "\\n".utf8
      case 0x0D: output += "\\r".utf8
      case 0x09: output += "\\t".utf8
      case 0..<0x20:
        output += (byte < 0x10 ? "\\u000" : "\\u00").utf8
        output += String(byte, radix: 16).utf8
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
