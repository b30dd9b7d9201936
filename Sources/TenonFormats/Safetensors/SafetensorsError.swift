import TenonTensor

/// A rule of the safetensors format that a file breaks.
enum SafetensorsMistake {
  case tooShort(Int)
  case headerTooLong(UInt64)
  case headerCutShort(claimed: UInt64, left: Int)
  case headerStart
  case metadataKind(String)
  case metadataValue(String, String)
  case entryKind(String, String)
  case unknownKey(String, String)
  case noType(String)
  case unknownType(String, String)
  case noShape(String)
  case badShape(String)
  case badOffsets(String)
  case outOfRange(String, end: Int, held: Int)
  case sizeMismatch(String, String, [Int], held: Int)
  case overlap(String, String)
  case hole(before: String, count: Int)
  case trailing(Int)

  static func error(_ file: String, _ mistake: SafetensorsMistake) -> TenonError {
    TenonError("safetensors", "\(file): \(mistake.text)")
  }

  private var text: String {
    switch self {
    case .tooShort(let count):
      "no safetensors file: it holds \(count) bytes, and the length of its header alone takes 8"
    case .headerTooLong(let length):
      "no safetensors file: its header would take \(length) bytes, and "
        + "\(SafetensorsHeader.byteLimit) are allowed"
    case .headerCutShort(let claimed, let left):
      "the header takes \(claimed) bytes but only \(left) follow; the file is cut short"
    case .headerStart: "no safetensors file: its header does not begin with `{`"
    case .metadataKind(let kind): "`__metadata__` must be an object of strings, not \(kind)"
    case .metadataValue(let key, let kind):
      "metadata `\(shown(key))` must be a string, not \(kind)"
    case .entryKind(let name, let kind):
      "tensor `\(shown(name))` must be described by an object, not \(kind)"
    case .unknownKey(let name, let key):
      "tensor `\(shown(name))` has the unknown key `\(shown(key))`"
    case .noType(let name): "tensor `\(shown(name))` has no `dtype`"
    case .unknownType(let name, let type):
      "tensor `\(shown(name))` has the dtype `\(shown(type))`, which Tenon does not read"
    case .noShape(let name): "tensor `\(shown(name))` has no `shape`"
    case .badShape(let name):
      "tensor `\(shown(name))`: a shape is at most \(FileLimits.rank) integers from 0 to "
        + "\(FileLimits.size)"
    case .badOffsets(let name):
      "tensor `\(shown(name))`: `data_offsets` must be two integers, the first not above the second"
    case .outOfRange(let name, let end, let held):
      "tensor `\(shown(name))` ends at byte \(end) of the data, which holds \(held); "
        + "the file is cut short"
    case .sizeMismatch(let name, let type, let shape, let held):
      "tensor `\(shown(name))`: \(type)\(Shape(shape)) does not take the \(held) bytes that its "
        + "`data_offsets` give it"
    case .overlap(let first, let second):
      "tensors `\(shown(first))` and `\(shown(second))` share bytes"
    case .hole(let name, let count):
      "\(count) bytes before tensor `\(shown(name))` belong to no tensor"
    case .trailing(let count): "\(count) bytes at the end belong to no tensor"
    }
  }

  private func shown(_ name: String) -> String { TenonError.shown(name) }
}

extension TenonError {
  static func noTensor(_ file: String, named name: String, among names: [String]) -> TenonError {
    let some = names.prefix(8).map { shown($0) }.joined(separator: ", ")
    let held = names.isEmpty ? "none" : names.count > 8 ? "\(some), …" : some
    return TenonError(
      "no-tensor", "\(file): there is no tensor `\(shown(name))`", details: ["tensors: \(held)"])
  }

  static func duplicateTensor(_ file: String, named name: String) -> TenonError {
    TenonError(
      "tensor-name", "\(file): cannot be written: two tensors are called `\(shown(name))`")
  }

  static func duplicateMetadata(_ file: String, key: String) -> TenonError {
    TenonError(
      "tensor-name", "\(file): cannot be written: the metadata key `\(shown(key))` comes twice")
  }

  static func reservedTensor(_ file: String, named name: String) -> TenonError {
    TenonError(
      "tensor-name", "\(file): cannot be written: no tensor may be called `\(shown(name))`")
  }

  /// - Parameter subject: the tensor as the message calls it.
  static func unwritableType(
    _ file: String, format: String, _ subject: String, _ type: ElementType
  ) -> TenonError {
    let wayOut =
      switch type {
      case .string: "store `stringBytes()` instead"
      case _ where type.bitWidth < 8: "store `packedBits()` instead"
      default: "convert it first"
      }
    return TenonError(
      "element-type",
      "\(file): cannot be written: \(format) has no type for \(subject), \(type); \(wayOut)")
  }

  static func headerTooLong(_ file: String, count: Int) -> TenonError {
    TenonError(
      "safetensors",
      "\(file): cannot be written: its header would take \(count) bytes, and "
        + "\(SafetensorsHeader.byteLimit) are allowed")
  }
}
