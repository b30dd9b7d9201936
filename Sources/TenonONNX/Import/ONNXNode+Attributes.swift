internal import FoundationEssentials
import TenonTensor

extension ONNXNode {
  /// The attribute, with references to those of the function around the node followed; nil where
  /// it is not given.
  func attribute(_ name: String) -> ONNXAttributeProto? {
    guard let found = proto.attribute.last(where: { $0.name == name }) else { return nil }
    return found.refAttrName.isEmpty ? found : frame.attributes[found.refAttrName]
  }

  private func attribute(_ name: String, _ type: ONNXAttributeProto.AttributeType) throws
    -> ONNXAttributeProto?
  {
    guard let found = attribute(name) else { return nil }
    guard !found.hasType || found.type == type || found.type == .undefined else {
      throw fail("attribute \(name) must be of the kind \(type), not \(found.type)")
    }
    return found
  }

  /// - Throws: `model-node` where the attribute is of another kind, or absurdly large.
  public func integer(_ name: String) throws -> Int? {
    try attribute(name, .int).map { Int($0.i) }
  }

  /// - Throws: `model-node` where the attribute is of another kind.
  public func integer(_ name: String, default value: Int) throws -> Int {
    try integer(name) ?? value
  }

  /// An integer attribute that is 0 or 1.
  ///
  /// - Throws: `model-node` where the attribute is of another kind.
  public func flag(_ name: String, default value: Bool = false) throws -> Bool {
    try integer(name).map { $0 != 0 } ?? value
  }

  /// - Throws: `model-node` where the attribute is of another kind.
  public func float(_ name: String) throws -> Double? {
    try attribute(name, .float).map { Double($0.f) }
  }

  /// - Throws: `model-node` where the attribute is of another kind.
  public func float(_ name: String, default value: Double) throws -> Double {
    try float(name) ?? value
  }

  /// - Throws: `model-node` where the attribute is of another kind.
  public func string(_ name: String) throws -> String? {
    try attribute(name, .string).map { String(decoding: $0.s, as: UTF8.self) }
  }

  /// - Throws: `model-node` where the attribute is of another kind.
  public func string(_ name: String, default value: String) throws -> String {
    try string(name) ?? value
  }

  /// - Throws: `model-node` where the attribute is of another kind.
  public func integers(_ name: String) throws -> [Int]? {
    try attribute(name, .ints).map { $0.ints.map { Int($0) } }
  }

  /// - Throws: `model-node` where the attribute is of another kind.
  public func floats(_ name: String) throws -> [Double]? {
    try attribute(name, .floats).map { $0.floats.map { Double($0) } }
  }

  /// - Throws: `model-node` where the attribute is of another kind.
  public func strings(_ name: String) throws -> [String]? {
    try attribute(name, .strings).map { $0.strings.map { String(decoding: $0, as: UTF8.self) } }
  }

  /// - Throws: `model-node` where the attribute is of another kind, and what reading it throws.
  public func tensor(_ name: String) throws -> Tensor? {
    try attribute(name, .tensor).map { try importer.tensor($0.t) }
  }

  /// - Throws: `model-node` where the attribute is of another kind, and what reading it throws.
  public func sparseTensor(_ name: String) throws -> Tensor? {
    try attribute(name, .sparseTensor).map { try importer.tensor($0.sparseTensor) }
  }

  /// - Throws: `model-node` where the attribute is missing or of another kind.
  func subgraph(_ name: String) throws -> ONNXGraphProto {
    guard let found = try attribute(name, .graph) else {
      throw fail("attribute \(name) is missing")
    }
    return found.g
  }

  /// An element type attribute (`to`, `dtype`).
  ///
  /// - Throws: `model-node` for a type that is not known.
  public func elementType(_ name: String) throws -> ElementType? {
    guard let number = try integer(name) else { return nil }
    guard let type = ElementType(onnx: number) else {
      throw fail("attribute \(name) is \(number), which is no element type that is known")
    }
    return type
  }
}

extension ElementType {
  /// The type with the number that ONNX gives it (`TensorProto.DataType`), or nil.
  init?(onnx number: Int) {
    guard let type = ElementType.byONNXNumber[number] else { return nil }
    self = type
  }

  /// The number that ONNX gives the type.
  var onnxNumber: Int? { ElementType.byONNXNumber.first { $0.value == self }?.key }

  private static let byONNXNumber: [Int: ElementType] = [
    1: .f32, 2: .u8, 3: .i8, 4: .u16, 5: .i16, 6: .i32, 7: .i64, 8: .string, 9: .bool, 10: .f16,
    11: .f64, 12: .u32, 13: .u64, 14: .complex64, 15: .complex128, 16: .bf16, 17: .f8e4m3fn,
    18: .f8e4m3fnuz, 19: .f8e5m2, 20: .f8e5m2fnuz, 21: .u4, 22: .i4, 23: .f4e2m1fn,
    24: .f8e8m0fnu, 25: .u2, 26: .i2,
  ]
}
