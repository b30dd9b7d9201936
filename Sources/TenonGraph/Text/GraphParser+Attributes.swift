import TenonTensor

extension GraphParser {
  /// `{axes = [1], keep = true}`, or nothing.
  mutating func parseAttributes() throws -> Attributes {
    var attributes = Attributes()
    guard scanner.take("{") else { return attributes }
    if scanner.take("}") { return attributes }
    var taken: Set<String> = []
    repeat {
      scanner.skipBlanks()
      let start = scanner.position
      let name = try scanner.name("an attribute's name")
      guard taken.insert(name).inserted else {
        throw scanner.error("attribute \(TextScanner.shown(name)) is given twice", at: start)
      }
      try scanner.expect("=", "before the attribute's value")
      attributes.names.append(name)
      attributes.values.append(try attributeValue(depth: 0))
    } while scanner.take(",")
    try scanner.expect("}", "or `,` after attributes")
    return attributes
  }

  private mutating func attributeValue(depth: Int) throws -> AttributeValue {
    guard let first = scanner.peek() else { throw scanner.expected("an attribute's value") }
    if first == UInt8(ascii: "\"") { return .string(try scanner.string("a text")) }
    if first == UInt8(ascii: "[") { return .array(try attributeValues(depth: depth)) }
    if let word = scanner.peekWord(), let element = GraphParser.elementTypes[word] {
      let end = scanner.position + word.utf8.count
      let isLiteral = end < scanner.bytes.count && scanner.bytes[end] == UInt8(ascii: "[")
      if isLiteral { return .literal(try literal()) }
      scanner.position = end
      return .elementType(element)
    }
    let start = scanner.position
    let text = scanner.numberText()
    // What is no number may begin a longer size: `2*batch`.
    if let end = scanner.peek(), [0x2C, 0x5D, 0x7D].contains(end) {
      switch text {
      case "none": return .none
      case "true": return .bool(true)
      case "false": return .bool(false)
      default: break
      }
      if let value = Int(text) { return .int(value) }
      let isInteger = text.utf8.allSatisfy { TextGrammar.isDigit($0) || $0 == 0x2D }
      if !isInteger, let bits = ElementText(.f64).bits(text) {
        return .float(Double(bitPattern: bits))
      }
    }
    scanner.position = start
    guard TextGrammar.isLetterOrDigit(first) || first == UInt8(ascii: "-") else {
      throw scanner.expected("an attribute's value")
    }
    return .dimension(try dimension())
  }

  private mutating func attributeValues(depth: Int) throws -> [AttributeValue] {
    guard depth < TextGrammar.depthLimit else {
      throw scanner.error(
        "lists nest deeper than the \(TextGrammar.depthLimit) allowed", at: scanner.position)
    }
    try scanner.expect("[", "before a list")
    var values: [AttributeValue] = []
    if scanner.take("]") { return values }
    repeat { values.append(try attributeValue(depth: depth + 1)) } while scanner.take(",")
    try scanner.expect("]", "or `,` after the list's values")
    return values
  }

  /// `f32[2](1.0, 2.0)` or `f32[64x10] from "literal.0"`.
  private mutating func literal() throws -> Literal {
    let start = scanner.position
    let type = try tensorType()
    guard let shape = type.shape.constants, type.layout == nil else {
      throw scanner.error("a literal cannot be \(type); its sizes must be numbers", at: start)
    }
    if scanner.take(word: "from") {
      scanner.skipBlanks()
      let place = scanner.position
      let name = try scanner.string("a tensor's name")
      let tensor = try located(place) { try tensors(name, type.element, shape) }
      guard tensor.elementType == type.element, tensor.shape == shape else {
        throw scanner.error(
          "tensor \(TextScanner.shown(name)) is \(tensor.typeDescription), not \(type)", at: place)
      }
      return Literal(tensor)
    }
    try scanner.expect("(", "or `from` after a literal's type")
    let count = RowMajor.count(shape)
    let tensor =
      type.element == .string
      ? try strings(count, shape, at: start) : try numbers(count, type.element, shape, at: start)
    return Literal(tensor)
  }

  private mutating func strings(_ count: Int, _ shape: [Int], at start: Int) throws -> Tensor {
    var strings: [String] = []
    if !scanner.take(")") {
      repeat { strings.append(try scanner.string("a text")) } while scanner.take(",")
      try scanner.expect(")", "or `,` after elements")
    }
    try checkCount(strings.count, count, at: start)
    return try Tensor(strings: strings, shape: shape)
  }

  private mutating func numbers(
    _ count: Int, _ type: ElementType, _ shape: [Int], at start: Int
  ) throws -> Tensor {
    let element = ElementText(type)
    let parts = ElementText.parts(type)
    let width = type.byteWidth / parts
    var bytes: [UInt8] = []
    if !scanner.take(")") {
      repeat {
        scanner.skipBlanks()
        let place = scanner.position
        if scanner.take(all: "...") {
          throw scanner.error("the literal was cut short when the text was printed", at: place)
        }
        let text = scanner.numberText()
        guard let bits = element.bits(text) else {
          if text.isEmpty { throw scanner.expected("an element of \(type)") }
          throw scanner.error("\(TextScanner.shown(text)) is no element of \(type)", at: place)
        }
        for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(byte * 8))) }
      } while scanner.take(",")
      try scanner.expect(")", "or `,` after elements")
    }
    guard bytes.count % type.byteWidth == 0 else {
      throw scanner.error("a complex element has two parts", at: start)
    }
    try checkCount(bytes.count / type.byteWidth, count, at: start)
    return try Tensor(type, shape: shape) { $0.copyBytes(from: bytes) }
  }

  private func checkCount(_ given: Int, _ count: Int, at start: Int) throws {
    if given != count {
      throw scanner.error("the literal holds \(count) elements, given \(given)", at: start)
    }
  }
}
