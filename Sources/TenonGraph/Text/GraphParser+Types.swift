import TenonTensor

extension GraphParser {
  /// `f32[2x3]`, `f32[batch, 3]{1,0}`, `sequence<f32[]>`, `optional<f32[]>`.
  mutating func valueType(depth: Int) throws -> ValueType {
    guard depth <= TextGrammar.depthLimit else {
      throw scanner.error(
        "types nest deeper than the \(TextGrammar.depthLimit) allowed", at: scanner.position)
    }
    let isSequence = scanner.take(word: "sequence")
    guard isSequence || scanner.take(word: "optional") else { return .tensor(try tensorType()) }
    try scanner.expect("<", "before the type inside")
    let inner = try valueType(depth: depth + 1)
    try scanner.expect(">", "after the type inside")
    return isSequence ? .sequence(inner) : .optional(inner)
  }

  mutating func tensorType() throws -> TensorType {
    guard let word = scanner.peekWord(), let element = GraphParser.elementTypes[word] else {
      throw scanner.expected("a type")
    }
    scanner.position += word.utf8.count
    let shape = try shape()
    let layout = scanner.here == UInt8(ascii: "{") ? try layout(rank: shape.rank) : nil
    return TensorType(element, shape, layout: layout)
  }

  static let elementTypes = Dictionary(
    uniqueKeysWithValues: ElementType.allCases.map { ($0.name, $0) })

  /// `[2x3]`, `[batch, 3]`, `[]`.
  private mutating func shape() throws -> Shape {
    try scanner.expect("[", "before sizes")
    let start = scanner.position
    if scanner.take("]") { return .scalar }
    var sizes: [Dimension] = []
    while let byte = scanner.peek(), TextGrammar.isDigit(byte) {
      sizes.append(Dimension(try scanner.count("a size", limit: Dimension.limit)))
      guard scanner.here == UInt8(ascii: "x") else { break }
      scanner.position += 1
      guard let next = scanner.here, TextGrammar.isDigit(next) else {
        throw scanner.expected("a size")
      }
    }
    if sizes.isEmpty || !scanner.take("]") {
      scanner.position = start
      sizes = []
      repeat {
        scanner.skipBlanks()
        let place = scanner.position
        let size = try dimension()
        if let constant = size.constant, constant < 0 {
          throw scanner.error("the size \(size) is negative", at: place)
        }
        sizes.append(size)
      } while scanner.take(",") && sizes.count <= TextGrammar.rankLimit
      if sizes.count <= TextGrammar.rankLimit { try scanner.expect("]", "or `,` after sizes") }
    }
    guard sizes.count <= TextGrammar.rankLimit else {
      throw scanner.error(
        "a shape of more than \(TextGrammar.rankLimit) sizes", at: start)
    }
    return Shape(sizes)
  }

  /// `{0,1/16,2,3,16:1}`: each axis once, an axis split into blocks with its inside further right.
  private mutating func layout(rank: Int) throws -> Layout {
    let start = scanner.position
    scanner.position += 1
    var parts: [Layout.Part] = []
    if !scanner.take("}") {
      repeat {
        let number = try scanner.count("an axis or a block", limit: 1 << 30)
        if scanner.take("/") {
          let block = try scanner.count("a block", limit: 1 << 30)
          parts.append(Layout.Part(axis: number, block: block))
        } else if scanner.take(":") {
          let axis = try scanner.count("an axis", limit: 1 << 30)
          parts.append(Layout.Part(axis: axis, block: number, isInner: true))
        } else {
          parts.append(Layout.Part(axis: number))
        }
      } while scanner.take(",") && parts.count <= 2 * TextGrammar.rankLimit
      try scanner.expect("}", "or `,` after a layout's axes")
    }
    let layout = Layout(parts)
    guard layout.fits(rank: rank) else {
      throw scanner.error("layout \(layout) does not fit rank \(rank)", at: start)
    }
    return layout
  }

  /// A size: `3`, `2*batch + 1`, `floordiv(length, 2)`.
  mutating func dimension() throws -> Dimension {
    scanner.skipBlanks()
    let start = scanner.position
    let text = try scanner.dimensionText()
    do {
      return try Dimension(parsing: text) { graph.symbol(named: $0) }
    } catch let error as TenonError {
      throw scanner.error(error.message, at: start)
    }
  }
}

extension TextScanner {
  /// Operands and operators in turn; what is in parentheses is taken whole.
  mutating func dimensionText() throws -> String {
    let start = position
    var end = start
    _ = take("-")
    repeat {
      guard let byte = peek(), TextGrammar.isLetterOrDigit(byte) else { throw expected("a size") }
      if TextGrammar.isDigit(byte) {
        while let byte = here, TextGrammar.isDigit(byte) { position += 1 }
      } else {
        _ = takeWord(extra: ".")
        end = position
        if take("(") {
          var depth = 1
          while depth > 0 {
            guard let byte = here else { throw error("`(` is not closed", at: end) }
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            position += 1
          }
        } else {
          position = end
        }
      }
      end = position
    } while take("+") || take("*") || takeMinus()
    position = end
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// A minus that is not the beginning of `->`.
  private mutating func takeMinus() -> Bool {
    guard peek() == UInt8(ascii: "-") else { return false }
    if position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: ">") { return false }
    position += 1
    return true
  }
}
