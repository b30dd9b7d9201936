internal import FoundationEssentials
internal import SwiftProtobuf
import TenonFormats
import TenonTensor

/// The bytes of a model: its structure parsed, the elements of its larger tensors left where they
/// are until a tensor is asked for.
final class ONNXFile {
  /// The path, or how messages call bytes in memory.
  let name: String
  let proto: ONNXModelProto
  let source: ByteSource
  /// The folder in which external data lies; nil for bytes in memory.
  let folder: String?
  /// The field that a span's elements are of, where it is not `raw_data`, by the span's offset.
  let typedSpans: [Int: Int]
  /// Files of external data that are open, by their place in the model's folder.
  var external: [String: ByteSource] = [:]

  /// - Throws: `file-read`, `model-file` where the file is no model.
  convenience init(path: String) throws {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let folder = parts.isEmpty ? "." : parts.joined(separator: "/")
    try self.init(ByteSource(path: path), folder: folder.isEmpty ? "/" : folder)
  }

  /// - Throws: `model-file` where the bytes are no model.
  convenience init(_ bytes: [UInt8], name: String) throws {
    try self.init(ByteSource(bytes, name: name), folder: nil)
  }

  private init(_ source: ByteSource, folder: String?) throws {
    let skeleton = try ModelSkeleton(source)
    do {
      proto = try ONNXModelProto(serializedBytes: skeleton.bytes, extensions: nil)
    } catch {
      throw TenonError.notParsed(source.name, "a model", "\(error)")
    }
    self.source = source
    self.folder = folder
    typedSpans = skeleton.typedSpans
    name = source.name
  }

  /// A tensor of the model, its elements lent from the file where they are stored as they are used.
  ///
  /// - Throws: `model-tensor` where the file does not hold it as the format says, `file-read`.
  func tensor(_ proto: ONNXTensorProto) throws -> Tensor {
    try StoredElements(proto, in: self).tensor()
  }
}

/// Files that hold one value, as test cases keep their inputs and outputs.
package enum ONNXValueFile {
  /// A tensor, a sequence or an optional.
  package indirect enum Content {
    case tensor(Tensor)
    case sequence([Content])
    case optional(Content?)
  }

  /// What a file holds.
  package enum Kind: Sendable { case tensor, sequence, optional, other }

  /// Reads a value; its kind is not told by the file.
  ///
  /// - Throws: `file-read`, `model-file`, `model-tensor`.
  package static func read(_ path: String, _ kind: Kind) throws -> Content {
    let source = try ByteSource(path: path)
    var reader = ONNXValueReader(source)
    switch kind {
    case .tensor: return .tensor(try reader.tensor(0..<source.count))
    case .sequence: return .sequence(try reader.sequence(0..<source.count))
    case .optional: return .optional(try reader.optional(0..<source.count))
    case .other: throw TenonError.valueKind(path)
    }
  }
}

/// Reads `TensorProto`, `SequenceProto` and `OptionalProto` of a file.
private struct ONNXValueReader {
  private let source: ByteSource
  private var reader: WireReader
  private var depth = 0

  init(_ source: ByteSource) {
    self.source = source
    reader = WireReader(source)
  }

  mutating func tensor(_ range: Range<Int>) throws -> Tensor {
    let bytes = try source.copy(range)
    let proto: ONNXTensorProto
    do {
      proto = try ONNXTensorProto(serializedBytes: bytes, extensions: nil)
    } catch {
      throw TenonError.notParsed(source.name, "a tensor", "\(error)")
    }
    guard !proto.hasFileSpan else { throw TenonError.claimedSpan(source.name) }
    return try TenonError.inContext("in \(source.name)") {
      try ONNXFile([], name: source.name).tensor(proto)
    }
  }

  /// The elements: tensors in field 3, sequences in field 5, optionals in field 7.
  mutating func sequence(_ range: Range<Int>) throws -> [ONNXValueFile.Content] {
    try nested(range) { reader, field in
      switch field.number {
      case 3: .tensor(try reader.tensor(field.payload))
      case 5: .sequence(try reader.sequence(field.payload))
      case 7: .optional(try reader.optional(field.payload))
      case 4, 6: throw TenonError.valueKind(reader.source.name)
      default: nil
      }
    }
  }

  /// The value: a tensor in field 3, a sequence in field 5, an optional in field 7.
  mutating func optional(_ range: Range<Int>) throws -> ONNXValueFile.Content? {
    try sequence(range).last
  }

  private mutating func nested(
    _ range: Range<Int>,
    _ element: (inout ONNXValueReader, WireReader.Field) throws -> ONNXValueFile.Content?
  ) throws -> [ONNXValueFile.Content] {
    guard depth < ModelSkeleton.deepest else {
      throw TenonError.wire(
        source.name, "messages are nested deeper than \(ModelSkeleton.deepest)",
        at: range.lowerBound)
    }
    depth += 1
    defer { depth -= 1 }
    var found: [ONNXValueFile.Content] = []
    var offset = range.lowerBound
    while offset < range.upperBound {
      let field = try reader.field(at: &offset, end: range.upperBound)
      guard field.kind == .bytes else { continue }
      if let content = try element(&self, field) { found.append(content) }
    }
    return found
  }
}
