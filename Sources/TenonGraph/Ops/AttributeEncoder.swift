import TenonTensor

/// Reads an op's attributes through its `Encodable` conformance.
enum AttributeEncoder {
  static func encode(_ op: some Op) -> Attributes {
    let sink = Sink()
    do { try op.encode(to: AttributeSinkEncoder(sink: sink)) } catch {
      preconditionFailure("internal: attributes of \(type(of: op).name): \(error)")
    }
    return sink.attributes
  }

  /// The value of one attribute; an optional that is nil is `.none`.
  static func value(of item: some Encodable) throws -> AttributeValue {
    switch item {
    case let value as AttributeConvertible: return value.attributeValue
    default:
      let sink = Sink()
      try item.encode(to: AttributeSinkEncoder(sink: sink))
      guard let value = sink.single else {
        throw TenonError("attribute", "attribute of type \(type(of: item)) cannot be saved")
      }
      return value
    }
  }

  /// What an encoder has written: named attributes, an array, or one value.
  final class Sink {
    var attributes = Attributes()
    var single: AttributeValue?
    var elements: [AttributeValue] = [] { didSet { single = .array(elements) } }
  }
}

/// A Swift type that is one attribute value.
protocol AttributeConvertible {
  var attributeValue: AttributeValue { get }
}

extension Bool: AttributeConvertible { var attributeValue: AttributeValue { .bool(self) } }
extension Int: AttributeConvertible { var attributeValue: AttributeValue { .int(self) } }
extension Double: AttributeConvertible { var attributeValue: AttributeValue { .float(self) } }
extension String: AttributeConvertible { var attributeValue: AttributeValue { .string(self) } }
extension ElementType: AttributeConvertible {
  var attributeValue: AttributeValue { .elementType(self) }
}
extension Dimension: AttributeConvertible {
  var attributeValue: AttributeValue { .dimension(self) }
}
extension Literal: AttributeConvertible { var attributeValue: AttributeValue { .literal(self) } }
extension Shape: AttributeConvertible {
  var attributeValue: AttributeValue { .array(dimensions.map { .dimension($0) }) }
}
extension Array: AttributeConvertible where Element: AttributeConvertible {
  var attributeValue: AttributeValue { .array(map(\.attributeValue)) }
}
extension Optional: AttributeConvertible where Wrapped: AttributeConvertible {
  var attributeValue: AttributeValue { self?.attributeValue ?? .none }
}

private struct AttributeSinkEncoder: Encoder {
  let sink: AttributeEncoder.Sink
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(Keyed<Key>(sink: sink))
  }
  func unkeyedContainer() -> any UnkeyedEncodingContainer { Elements(sink: sink) }
  func singleValueContainer() -> any SingleValueEncodingContainer { Single(sink: sink) }

  struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let sink: AttributeEncoder.Sink
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil(forKey key: Key) throws {}
    mutating func encode(_ value: some Encodable, forKey key: Key) throws {
      let attribute = try AttributeEncoder.value(of: value)
      if attribute != .none { sink.attributes[key.stringValue] = attribute }
    }
    mutating func nestedContainer<Nested>(keyedBy: Nested.Type, forKey key: Key)
      -> KeyedEncodingContainer<Nested>
    { preconditionFailure("internal: attributes do not nest") }
    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      preconditionFailure("internal: attributes do not nest")
    }
    mutating func superEncoder() -> any Encoder {
      preconditionFailure("internal: attributes do not nest")
    }
    mutating func superEncoder(forKey key: Key) -> any Encoder {
      preconditionFailure("internal: attributes do not nest")
    }
  }

  struct Elements: UnkeyedEncodingContainer {
    let sink: AttributeEncoder.Sink
    init(sink: AttributeEncoder.Sink) {
      self.sink = sink
      sink.elements = []
    }
    var codingPath: [any CodingKey] { [] }
    var count: Int { sink.elements.count }

    mutating func encodeNil() throws { sink.elements.append(.none) }
    mutating func encode(_ value: some Encodable) throws {
      sink.elements.append(try AttributeEncoder.value(of: value))
    }
    mutating func nestedContainer<Nested>(keyedBy: Nested.Type) -> KeyedEncodingContainer<Nested> {
      preconditionFailure("internal: attributes do not nest")
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
      preconditionFailure("internal: attributes do not nest")
    }
    mutating func superEncoder() -> any Encoder {
      preconditionFailure("internal: attributes do not nest")
    }
  }

  struct Single: SingleValueEncodingContainer {
    let sink: AttributeEncoder.Sink
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() throws { sink.single = AttributeValue.none }
    mutating func encode(_ value: some Encodable) throws {
      sink.single = try AttributeEncoder.value(of: value)
    }
  }
}
