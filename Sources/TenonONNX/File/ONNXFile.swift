internal import SwiftProtobuf
import TenonFormats
import TenonTensor

/// The bytes of a model, parsed.
final class ONNXFile {
  let name: String
  let proto: ONNXModelProto

  convenience init(path: String) throws {
    let source = try ByteSource(path: path)
    try self.init(source.copy(0..<source.count), name: path)
  }

  init(_ bytes: [UInt8], name: String) throws {
    self.name = name
    proto = try ONNXModelProto(serializedBytes: bytes)
  }

  func tensor(_ proto: ONNXTensorProto) throws -> Tensor {
    guard let type = ElementType(onnx: Int(proto.dataType)) else {
      throw TenonError("model-tensor", "tensor \(proto.name) has an unknown element type")
    }
    let shape = proto.dims.map { Int($0) }
    if proto.hasRawData {
      return try Tensor(type, shape: shape) { buffer in
        proto.rawData.prefix(buffer.count).withUnsafeBytes { buffer.copyMemory(from: $0) }
      }
    }
    if !proto.floatData.isEmpty { return try Tensor(proto.floatData, shape: shape) }
    if !proto.int64Data.isEmpty { return try Tensor(proto.int64Data, shape: shape) }
    return try Tensor(type, shape: shape, integers: proto.int32Data.map { Int64($0) })
  }

  func tensor(_ proto: ONNXSparseTensorProto) throws -> Tensor {
    throw TenonError("model-tensor", "sparse tensors are not read")
  }
}
