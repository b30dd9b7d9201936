import TenonTensor

/// Makes an op from its attributes through its `Decodable` conformance.
enum AttributeDecoder {
  static func decode(_ type: any Op.Type, from attributes: Attributes) throws -> any Op {
    let source = Source(op: type.name, attributes: attributes)
    let op = try type.init(from: AttributeSourceDecoder(source: source))
    for name in attributes.names where !source.used.contains(name) {
      throw TenonError.unknownAttribute(name, op: type.name)
    }
    return op
  }

  final class Source {
    let op: String
    let attributes: Attributes
    var used: Set<String> = []

    init(op: String, attributes: Attributes) {
      self.op = op
      self.attributes = attributes
    }
  }

  /// `value` as a `Value`; `name` is for the message.
  static func convert<Value: Decodable>(
    _ value: AttributeValue, to type: Value.Type, name: String, source: Source
  ) throws -> Value {
    func unfit() -> TenonError { .unfitAttribute(name, op: source.op, given: value) }
    func dimension(_ value: AttributeValue) throws -> Dimension {
      switch value {
      case .int(let number): return Dimension(number)
      case .dimension(let dimension): return dimension
      default: throw unfit()
      }
    }
    let plain: Any? =
      switch (type, value) {
      case (is Bool.Type, .bool(let value)): value
      case (is Int.Type, .int(let value)): value
      case (is Int.Type, .dimension(let value)): value.constant
      case (is Double.Type, .float(let value)): value
      case (is Double.Type, .int(let value)): Double(value)
      case (is String.Type, .string(let value)): value
      case (is ElementType.Type, .elementType(let value)): value
      case (is Dimension.Type, _): try dimension(value)
      case (is Literal.Type, .literal(let value)): value
      case (is Shape.Type, .array(let values)): Shape(try values.map(dimension))
      default: nil
      }
    // A nil cast to an optional type would succeed.
    if let plain, let value = plain as? Value { return value }
    if type is Bool.Type || type is Int.Type || type is Double.Type || type is String.Type
      || type is ElementType.Type || type is Literal.Type || type is Shape.Type
    {
      throw unfit()
    }
    let decoder = AttributeSourceDecoder(source: source, value: value, name: name)
    do { return try Value(from: decoder) } catch is DecodingError { throw unfit() }
  }
}

private struct AttributeSourceDecoder: Decoder {
  let source: AttributeDecoder.Source
  var value: AttributeValue?
  var name = ""
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard value == nil else {
      throw TenonError.unfitAttribute(name, op: source.op, given: value ?? .none)
    }
    return KeyedDecodingContainer(Keyed<Key>(source: source))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let values)? = value else {
      throw TenonError.unfitAttribute(name, op: source.op, given: value ?? .none)
    }
    return Elements(source: source, values: values, name: name)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    Single(source: source, value: value ?? .none, name: name)
  }

  struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let source: AttributeDecoder.Source
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { source.attributes.names.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { source.attributes[key.stringValue] != nil }
    func decodeNil(forKey key: Key) throws -> Bool {
      source.used.insert(key.stringValue)
      return (source.attributes[key.stringValue] ?? AttributeValue.none) == AttributeValue.none
    }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
      let name = key.stringValue
      source.used.insert(name)
      guard let value = source.attributes[name] else {
        throw TenonError.missingAttribute(name, op: source.op)
      }
      return try AttributeDecoder.convert(value, to: type, name: name, source: source)
    }
    func nestedContainer<Nested>(keyedBy: Nested.Type, forKey key: Key) throws
      -> KeyedDecodingContainer<Nested>
    { preconditionFailure("internal: attributes do not nest") }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      preconditionFailure("internal: attributes do not nest")
    }
    func superDecoder() throws -> any Decoder {
      preconditionFailure("internal: attributes do not nest")
    }
    func superDecoder(forKey key: Key) throws -> any Decoder {
      preconditionFailure("internal: attributes do not nest")
    }
  }

  struct Elements: UnkeyedDecodingContainer {
    let source: AttributeDecoder.Source
    let values: [AttributeValue]
    let name: String
    var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var count: Int? { values.count }
    var isAtEnd: Bool { currentIndex >= values.count }

    init(source: AttributeDecoder.Source, values: [AttributeValue], name: String) {
      self.source = source
      self.values = values
      self.name = name
    }

    mutating func decodeNil() throws -> Bool {
      guard !isAtEnd, values[currentIndex] == .none else { return false }
      currentIndex += 1
      return true
    }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
      guard !isAtEnd else { throw TenonError.missingAttribute(name, op: source.op) }
      defer { currentIndex += 1 }
      return try AttributeDecoder.convert(
        values[currentIndex], to: type, name: name, source: source)
    }
    mutating func nestedContainer<Nested>(keyedBy: Nested.Type) throws
      -> KeyedDecodingContainer<Nested>
    { preconditionFailure("internal: attributes do not nest") }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
      guard !isAtEnd, case .array(let inner) = values[currentIndex] else {
        throw TenonError.unfitAttribute(name, op: source.op, given: .array(values))
      }
      currentIndex += 1
      return Elements(source: source, values: inner, name: name)
    }
    mutating func superDecoder() throws -> any Decoder {
      preconditionFailure("internal: attributes do not nest")
    }
  }

  struct Single: SingleValueDecodingContainer {
    let source: AttributeDecoder.Source
    let value: AttributeValue
    let name: String
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { value == .none }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
      try AttributeDecoder.convert(value, to: type, name: name, source: source)
    }
  }
}
