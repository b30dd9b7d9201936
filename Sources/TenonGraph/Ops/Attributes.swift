import TenonTensor

/// One attribute's value as text, files and upgrades see it.
public indirect enum AttributeValue: Hashable, Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case elementType(ElementType)
  case dimension(Dimension)
  case literal(Literal)
  case array([AttributeValue])
}

extension AttributeValue {
  /// The symbols of sizes in the value.
  var symbols: [Symbol] {
    switch self {
    case .dimension(let dimension): dimension.symbols
    case .array(let values): values.flatMap(\.symbols)
    default: []
    }
  }
}

/// An op's attributes by name, in the order declared.
public struct Attributes: Hashable, Sendable {
  public var names: [String] = []
  public var values: [AttributeValue] = []

  public init() {}

  public subscript(name: String) -> AttributeValue? {
    get { names.firstIndex(of: name).map { values[$0] } }
    set {
      if let place = names.firstIndex(of: name) {
        if let newValue {
          values[place] = newValue
        } else {
          names.remove(at: place)
          values.remove(at: place)
        }
      } else if let newValue {
        names.append(name)
        values.append(newValue)
      }
    }
  }

  public var isEmpty: Bool { names.isEmpty }
}

/// A constant tensor inside an op: equal when type, sizes and bits are.
public struct Literal: Hashable, Sendable, Codable {
  public let tensor: Tensor

  public init(_ tensor: Tensor) { self.tensor = tensor }

  public static func == (a: Literal, b: Literal) -> Bool {
    if a.tensor.storage === b.tensor.storage && a.tensor.byteOffset == b.tensor.byteOffset {
      return a.tensor.elementType == b.tensor.elementType && a.tensor.shape == b.tensor.shape
    }
    return a.tensor.isIdentical(to: b.tensor)
  }

  /// Hashes type, sizes and at most the first 256 bytes.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(tensor.elementType)
    hasher.combine(tensor.shape)
    tensor.withUnalignedBytes {
      hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0.prefix(256)))
    }
  }

  // Attribute coding handles literals itself; no other coder meets them.
  public init(from decoder: any Decoder) throws {
    throw TenonError("attribute", "literal: can only be decoded as an op's attribute")
  }

  public func encode(to encoder: any Encoder) throws {
    throw TenonError("attribute", "literal: can only be encoded as an op's attribute")
  }
}

// These are attributes, so ops that hold them are Codable; attribute coding handles them itself.
extension Dimension: Codable {
  public init(from decoder: any Decoder) throws {
    throw TenonError("attribute", "dimension: can only be decoded as an op's attribute")
  }
  public func encode(to encoder: any Encoder) throws {
    throw TenonError("attribute", "dimension: can only be encoded as an op's attribute")
  }
}

extension Shape: Codable {
  public init(from decoder: any Decoder) throws {
    self.init(try [Dimension](from: decoder))
  }
  public func encode(to encoder: any Encoder) throws { try dimensions.encode(to: encoder) }
}

extension ElementType: Codable {
  public init(from decoder: any Decoder) throws {
    throw TenonError("attribute", "element type: can only be decoded as an op's attribute")
  }
  public func encode(to encoder: any Encoder) throws {
    throw TenonError("attribute", "element type: can only be encoded as an op's attribute")
  }
}

extension Op {
  /// The attributes by name, in the order declared; those that are nil are left out.
  public var attributes: Attributes { AttributeEncoder.encode(self) }
}
