internal import FoundationEssentials
import TenonFormats
import TenonTensor

/// How a tensor's elements stand in a model file, and the tensor that they make.
///
/// They are in `raw_data`, in the field for their element type, or in a file of their own; types
/// under 8 bits are packed, the first element in the lowest bits.
struct StoredElements {
  private let proto: ONNXTensorProto
  private let file: ONNXFile
  private let type: ElementType
  private let shape: [Int]
  /// The product of the sizes.
  private let count: Int

  /// - Throws: `model-tensor` for an element type that is not known and sizes that no memory holds.
  init(_ proto: ONNXTensorProto, in file: ONNXFile) throws {
    self.proto = proto
    self.file = file
    guard let type = ElementType(onnx: Int(proto.dataType)) else {
      throw TenonError.storedType(proto.name, Int(proto.dataType))
    }
    self.type = type
    (shape, count) = try StoredElements.sizes(proto.dims, of: proto.name)
  }

  /// Sizes as they stand in files, and their product.
  ///
  /// - Throws: `model-tensor` where one is negative or the product too large.
  static func sizes(_ dims: [Int64], of name: String) throws -> (shape: [Int], count: Int) {
    let shape = dims.map { Int($0) }
    if let negative = shape.first(where: { $0 < 0 }) {
      throw TenonError.storedSize(name, negative)
    }
    if shape.contains(0) { return (shape, 0) }
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, product < 1 << 42 else { throw TenonError.storedCount(name, shape) }
      count = product
    }
    return (shape, count)
  }

  func tensor() throws -> Tensor {
    let fields = self.fields
    guard fields.count <= 1 else { throw TenonError.storedTwice(proto.name, fields) }
    if type == .string { return try strings(fields.first) }
    if proto.dataLocation == .external {
      guard fields.isEmpty else { throw TenonError.storedTwice(proto.name, fields + ["a file"]) }
      let (source, offset) = try file.externalData(proto, byteCount: byteCount)
      return try tensor(source, offset)
    }
    guard let field = fields.first else {
      if count == 0 { return try Tensor(type, shape: shape) { _ in } }
      throw TenonError.storedNothing(proto.name, type, shape)
    }
    if proto.hasFileSpan {
      try check(field)
      guard Int(proto.fileSpan.count) == byteCount else {
        throw TenonError.storedBytes(
          proto.name, type, shape, field, held: Int(proto.fileSpan.count), needed: byteCount)
      }
      return try tensor(file.source, Int(proto.fileSpan.offset))
    }
    if field == "raw_data" { return try raw() }
    return try typed(field)
  }

  /// The fields that hold elements.
  private var fields: [String] {
    var names: [String] = []
    if proto.hasFileSpan {
      switch file.typedSpans[Int(proto.fileSpan.offset)] {
      case 4: names.append("float_data")
      case 10: names.append("double_data")
      default: names.append("raw_data")
      }
    }
    if !proto.rawData.isEmpty { names.append("raw_data") }
    if !proto.floatData.isEmpty { names.append("float_data") }
    if !proto.doubleData.isEmpty { names.append("double_data") }
    if !proto.int32Data.isEmpty { names.append("int32_data") }
    if !proto.int64Data.isEmpty { names.append("int64_data") }
    if !proto.uint64Data.isEmpty { names.append("uint64_data") }
    if !proto.stringData.isEmpty { names.append("string_data") }
    return names
  }

  /// The field for the element type.
  private var ownField: String {
    switch type {
    case .f32, .complex64: "float_data"
    case .f64, .complex128: "double_data"
    case .i64: "int64_data"
    case .u32, .u64: "uint64_data"
    case .string: "string_data"
    default: "int32_data"
    }
  }

  /// - Throws: `model-tensor` where the field is not for the element type.
  private func check(_ field: String) throws {
    guard field == "raw_data" || field == ownField else {
      throw TenonError.storedField(proto.name, type, field, ownField)
    }
  }

  /// Bytes of the elements as they are stored, those under 8 bits packed.
  private var byteCount: Int {
    (count * max(type.bitWidth, 1) + 7) / 8
  }

  // MARK: Bytes

  private func tensor(_ source: ByteSource, _ offset: Int) throws -> Tensor {
    if type.bitWidth < 8 { return try unpacked(source.copy(offset..<offset + byteCount)) }
    return try source.tensor(type, shape: shape, at: offset, mayBorrow: true)
  }

  private func raw() throws -> Tensor {
    guard type != .string else {
      throw TenonError.storedField(proto.name, type, "raw_data", ownField)
    }
    guard proto.rawData.count == byteCount else {
      throw TenonError.storedBytes(
        proto.name, type, shape, "raw_data", held: proto.rawData.count, needed: byteCount)
    }
    let bytes = [UInt8](proto.rawData)
    if type.bitWidth < 8 { return try unpacked(bytes) }
    return try ByteSource(bytes, name: proto.name)
      .tensor(type, shape: shape, at: 0, mayBorrow: false)
  }

  /// A byte for each element, from bytes that hold two or four.
  private func unpacked(_ bytes: [UInt8]) throws -> Tensor {
    let bits = type.bitWidth
    let perByte = 8 / bits
    let mask = UInt8(1 << bits) - 1
    return try Tensor(type, shape: shape) { elements in
      for index in elements.indices {
        elements[index] = bytes[index / perByte] >> UInt8(index % perByte * bits) & mask
      }
    }
  }

  // MARK: Fields

  private func typed(_ field: String) throws -> Tensor {
    try check(field)
    switch type {
    case .f32:
      return try Tensor(counted(proto.floatData), shape: shape)
    case .f64:
      return try Tensor(counted(proto.doubleData), shape: shape)
    case .complex64:
      let pairs = try counted(proto.floatData, each: 2)
      return try Tensor(type, shape: shape) { bytes in
        pairs.withUnsafeBytes { bytes.copyMemory(from: $0) }
      }
    case .complex128:
      let pairs = try counted(proto.doubleData, each: 2)
      return try Tensor(type, shape: shape) { bytes in
        pairs.withUnsafeBytes { bytes.copyMemory(from: $0) }
      }
    case .i64:
      return try Tensor(counted(proto.int64Data), shape: shape)
    case .u64:
      return try Tensor(counted(proto.uint64Data), shape: shape)
    case .u32:
      return try Tensor(
        counted(proto.uint64Data).map { value -> UInt32 in
          guard let narrow = UInt32(exactly: value) else { throw misfit("\(value)") }
          return narrow
        }, shape: shape)
    case .i2, .u2, .i4, .u4, .f4e2m1fn:
      guard proto.int32Data.count == byteCount else {
        throw TenonError.storedBytes(
          proto.name, type, shape, field, held: proto.int32Data.count, needed: byteCount)
      }
      return try unpacked(
        proto.int32Data.map { value -> UInt8 in
          guard value >= -128, value <= 255 else { throw misfit("\(value)") }
          return UInt8(truncatingIfNeeded: value)
        })
    default:
      return try narrow(counted(proto.int32Data))
    }
  }

  /// Elements of 8 to 32 bits from numbers of 32: integers by value, floats by their bits.
  private func narrow(_ values: [Int32]) throws -> Tensor {
    if type == .i32 { return try Tensor(values, shape: shape) }
    let (low, high): (Int32, Int32) =
      switch type {
      case .bool: (0, 1)
      case .i8: (-128, 127)
      case .i16: (-32_768, 32_767)
      case .u8, .f8e4m3fn, .f8e4m3fnuz, .f8e5m2, .f8e5m2fnuz, .f8e8m0fnu: (0, 255)
      default: (0, 65_535)
      }
    if let wrong = values.first(where: { $0 < low || $0 > high }) { throw misfit("\(wrong)") }
    let width = type.byteWidth
    return try Tensor(type, shape: shape) { bytes in
      for (index, value) in values.enumerated() {
        if width == 1 {
          bytes[index] = UInt8(truncatingIfNeeded: value)
        } else {
          bytes.storeBytes(
            of: UInt16(truncatingIfNeeded: value), toByteOffset: index * 2, as: UInt16.self)
        }
      }
    }
  }

  private func strings(_ field: String?) throws -> Tensor {
    if let field {
      guard field == "string_data" else {
        throw TenonError.storedField(proto.name, type, field, ownField)
      }
    }
    guard proto.dataLocation != .external else { throw TenonError.externalStrings(proto.name) }
    let texts = try counted(proto.stringData).enumerated().map { index, bytes -> String in
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw TenonError.storedText(proto.name, index)
      }
      return text
    }
    return try Tensor(strings: texts, shape: shape)
  }

  /// - Throws: `model-tensor` where there are not as many as the sizes say.
  private func counted<Element>(_ values: [Element], each: Int = 1) throws -> [Element] {
    guard values.count == count * each else {
      throw TenonError.storedElements(
        proto.name, type, shape, ownField, held: values.count, needed: count * each)
    }
    return values
  }

  private func misfit(_ value: String) -> TenonError {
    TenonError.storedValue(proto.name, type, value)
  }
}
