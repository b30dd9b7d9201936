import TenonTensor

/// Attribute values as text.
struct AttributeText {
  /// Literals of more elements are not written out.
  let inlineElements: Int
  /// Names literals that are not written out; nil leaves their elements away.
  let table: LiteralTable?

  /// `{axes = [1], keep = true}`, or nothing.
  func text(_ attributes: Attributes) -> String {
    if attributes.isEmpty { return "" }
    let parts = zip(attributes.names, attributes.values).map {
      "\(TextGrammar.name($0)) = \(text($1))"
    }
    return " {" + parts.joined(separator: ", ") + "}"
  }

  func text(_ value: AttributeValue) -> String {
    switch value {
    case .none: "none"
    case .bool(let value): value ? "true" : "false"
    case .int(let value): "\(value)"
    case .float(let value): float(value)
    case .string(let value): TextGrammar.quoted(value)
    case .elementType(let type): type.name
    case .dimension(let dimension): dimension.description
    case .literal(let literal): text(literal)
    case .array(let values): "[" + values.map(text).joined(separator: ", ") + "]"
    }
  }

  private func float(_ value: Double) -> String {
    let text = "\(value)"
    return ElementText(.f64).bits(text) == value.bitPattern
      ? text : "0x" + String(value.bitPattern, radix: 16)
  }

  /// `f32[2](1.0, 2.0)`, `f32[64x10] from "literal.0"`, `f32[64x10](0.5, 1.0, 0.25, ...)`.
  private func text(_ literal: Literal) -> String {
    let tensor = literal.tensor
    let type = TensorType(tensor.elementType, Shape(tensor.shape)).description
    if tensor.elementCount <= inlineElements {
      return "\(type)(\(ElementText.list(tensor, first: inlineElements)))"
    }
    if let table { return "\(type) from \(TextGrammar.quoted(table.name(of: literal)))" }
    return "\(type)(\(ElementText.list(tensor, first: 3)), ...)"
  }
}
