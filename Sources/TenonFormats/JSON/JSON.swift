/// A JSON value (RFC 8259). Objects keep their order; numbers keep their text, so that no integer
/// and no digit is lost.
package enum JSON: Hashable, Sendable {
  case null
  case boolean(Bool)
  case number(Number)
  case string(String)
  case array([JSON])
  case object(Object)

  /// A number as written.
  package struct Number: Hashable, Sendable {
    /// The number in JSON's syntax.
    package let text: String

    init(unchecked text: String) { self.text = text }

    /// The value where the text is an integer (no fraction, no exponent) that fits, else nil.
    package func integer<Integer: FixedWidthInteger>(_ type: Integer.Type = Int.self) -> Integer? {
      Integer(text)
    }

    /// The nearest `Double`; infinite where the number is too large.
    package var double: Double { Double(text)! }
  }

  /// Members in order, with no key twice.
  package struct Object: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
      package let key: String
      package let value: JSON
    }

    package let members: [Member]

    init(unchecked members: [Member]) { self.members = members }

    package init(_ members: KeyValuePairs<String, JSON>) {
      self.init(members.map { ($0.key, $0.value) })
    }

    /// The members given; a key that comes twice is a broken invariant of the caller.
    package init(_ members: [(String, JSON)]) {
      var seen = Set<String>()
      for (key, _) in members {
        guard seen.insert(key).inserted else {
          preconditionFailure("internal: JSON key \(key) twice")
        }
      }
      self.members = members.map { Member(key: $0.0, value: $0.1) }
    }

    /// The value of `key`, found by looking at one member after the other.
    package subscript(key: String) -> JSON? { members.first { $0.key == key }?.value }
  }
}

extension JSON {
  package static func number(_ value: some FixedWidthInteger) -> JSON {
    .number(Number(unchecked: String(value)))
  }

  /// The shortest decimal that reads back as `value`; `null` for infinities and NaN, which JSON
  /// cannot hold.
  package static func number(_ value: Double) -> JSON {
    value.isFinite ? .number(Number(unchecked: "\(value)")) : .null
  }

  /// The shortest decimal that reads back as `value`, `null` as for `Double`.
  package static func number(_ value: Float) -> JSON {
    value.isFinite ? .number(Number(unchecked: "\(value)")) : .null
  }

  package static func object(_ members: [(String, JSON)]) -> JSON { .object(Object(members)) }

  package var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
  package var object: Object? { if case .object(let value) = self { value } else { nil } }
  package var double: Double? { if case .number(let value) = self { value.double } else { nil } }

  /// The integer, where the value is a number written as one that fits in `Int`.
  package var integer: Int? { if case .number(let value) = self { value.integer() } else { nil } }

  /// `an object`, `a number`: how messages call the value.
  package var kind: String {
    switch self {
    case .null: "null"
    case .boolean: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .number(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .boolean(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) { self = .object(Object(elements)) }
  package init(nilLiteral: ()) { self = .null }
}
