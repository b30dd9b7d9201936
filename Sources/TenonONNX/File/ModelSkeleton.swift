import TenonFormats
import TenonTensor

/// The bytes of a model without the elements of its larger tensors: in their place stands where the
/// file has them (`file_span`), so that a parser reads a few thousand bytes of a file of gigabytes.
///
/// Fields that importing does not read are left out. A `file_span` that the file itself claims is
/// one of them.
struct ModelSkeleton {
  /// What parses as the model.
  private(set) var bytes: [UInt8]
  /// Where the elements left in the file are those of `float_data` or `double_data`: the field's
  /// number by offset.
  private(set) var typedSpans: [Int: Int] = [:]

  /// Payloads over so many bytes stay in the file.
  static let keptPayload = 64
  /// Messages inside messages: graphs in nodes in graphs.
  static let deepest = 90
  /// Bytes that a skeleton may take.
  static let mostBytes = 1 << 30

  private var reader: WireReader
  private var writer = WireWriter()

  /// - Throws: `model-file` for bytes that are no model, `file-read`.
  init(_ source: ByteSource) throws {
    reader = WireReader(source)
    bytes = []
    try write(.model, 0..<source.count, depth: 0)
    bytes = writer.bytes
    writer = WireWriter()
  }

  private enum Message {
    case model, graph, function, node, attribute, sparseTensor, tensor
  }

  private enum Treatment {
    case drop
    case keep
    /// A message that is looked into; a `single` one stands at most once.
    case enter(Message, single: Bool)
  }

  private static func treatment(of field: Int, in message: Message) -> Treatment {
    switch (message, field) {
    case (.model, 7): .enter(.graph, single: true)
    case (.model, 25): .enter(.function, single: false)
    case (.model, 1), (.model, 2), (.model, 3), (.model, 8): .keep
    case (.graph, 1), (.function, 7): .enter(.node, single: false)
    case (.graph, 5): .enter(.tensor, single: false)
    case (.graph, 15): .enter(.sparseTensor, single: false)
    case (.graph, 2), (.graph, 11), (.graph, 12): .keep
    case (.function, 11): .enter(.attribute, single: false)
    case (.function, 1), (.function, 4...6), (.function, 9...10), (.function, 13): .keep
    case (.node, 5): .enter(.attribute, single: false)
    case (.node, 1...4), (.node, 7...8): .keep
    case (.attribute, 5): .enter(.tensor, single: true)
    case (.attribute, 6): .enter(.graph, single: true)
    case (.attribute, 10): .enter(.tensor, single: false)
    case (.attribute, 11): .enter(.graph, single: false)
    case (.attribute, 22): .enter(.sparseTensor, single: true)
    case (.attribute, 1...4), (.attribute, 7...9), (.attribute, 14), (.attribute, 20...21): .keep
    case (.sparseTensor, 1...2): .enter(.tensor, single: true)
    case (.sparseTensor, 3): .keep
    case (.tensor, 1...2), (.tensor, 4...11), (.tensor, 13...14): .keep
    default: .drop
    }
  }

  private mutating func write(_ message: Message, _ range: Range<Int>, depth: Int) throws {
    guard depth <= ModelSkeleton.deepest else {
      throw TenonError.wire(
        reader.source.name, "messages are nested deeper than \(ModelSkeleton.deepest)",
        at: range.lowerBound)
    }
    let spans = message == .tensor ? try self.spans(range) : []
    var singles: Set<Int> = []
    var offset = range.lowerBound
    while offset < range.upperBound {
      let field = try reader.field(at: &offset, end: range.upperBound)
      switch ModelSkeleton.treatment(of: field.number, in: message) {
      case .drop: continue
      case .keep:
        if spans.contains(field.start) {
          write(spanOf: field)
        } else {
          try writer.append(field.start..<offset, from: &reader)
        }
      case .enter(let inner, let isSingle):
        guard field.kind == .bytes else { continue }
        guard !isSingle || singles.insert(field.number).inserted else {
          throw TenonError.wire(
            reader.source.name, "field \(field.number) is given twice", at: field.start)
        }
        writer.append(tag: field.number, 2)
        let place = writer.beginMessage()
        try write(inner, field.payload, depth: depth + 1)
        writer.endMessage(place)
      }
      guard writer.bytes.count <= ModelSkeleton.mostBytes else {
        throw TenonError.wire(
          reader.source.name, "nodes and names take over \(ModelSkeleton.mostBytes) bytes",
          at: offset)
      }
    }
  }

  /// The fields of a tensor that stay in the file, by where they begin: its only `raw_data`,
  /// `float_data` or `double_data`, where it is long.
  private mutating func spans(_ range: Range<Int>) throws -> Set<Int> {
    var found: [Int: (count: Int, start: Int, bytes: Int)] = [:]
    var offset = range.lowerBound
    while offset < range.upperBound {
      let field = try reader.field(at: &offset, end: range.upperBound)
      guard [4, 9, 10].contains(field.number) else { continue }
      let size = field.kind == .bytes ? field.payload.count : 0
      found[field.number] = ((found[field.number]?.count ?? 0) + 1, field.start, size)
    }
    // With several of the three, a reader must see them all to refuse the tensor.
    guard found.count == 1, let (number, only) = found.first, only.count == 1,
      only.bytes > ModelSkeleton.keptPayload,
      number == 9 || only.bytes % (number == 4 ? 4 : 8) == 0
    else { return [] }
    return [only.start]
  }

  private mutating func write(spanOf field: WireReader.Field) {
    if field.number != 9 { typedSpans[field.payload.lowerBound] = field.number }
    let (offset, count) = (UInt64(field.payload.lowerBound), UInt64(field.payload.count))
    writer.append(tag: ModelSkeleton.spanField, 2)
    let place = writer.beginMessage()
    writer.append(tag: 1, 0)
    writer.append(varint: offset)
    writer.append(tag: 2, 0)
    writer.append(varint: count)
    writer.endMessage(place)
  }

  /// The number of `file_span` in our schema.
  private static let spanField = 536_870_911
}
