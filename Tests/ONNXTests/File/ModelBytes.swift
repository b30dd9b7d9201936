import FoundationEssentials
import Glibc
import SwiftProtobuf
import TenonTensor

@testable import TenonONNX

/// Tensors and models as a file would hold them.
enum ModelBytes {
  static func tensor(
    _ type: Int32, _ dims: [Int64], name: String = "w",
    _ fill: (inout ONNXTensorProto) -> Void = { _ in }
  ) -> ONNXTensorProto {
    var proto = ONNXTensorProto()
    proto.name = name
    proto.dataType = type
    proto.dims = dims
    fill(&proto)
    return proto
  }

  /// What a file makes of a tensor that is its only initializer.
  static func read(_ proto: ONNXTensorProto) throws -> Tensor {
    let file = try file([proto])
    return try file.tensor(file.proto.graph.initializer[0])
  }

  static func file(_ initializers: [ONNXTensorProto]) throws -> ONNXFile {
    try ONNXFile(bytes(initializers), name: "f.onnx")
  }

  static func bytes(_ initializers: [ONNXTensorProto]) throws -> [UInt8] {
    var model = ONNXModelProto()
    model.graph.initializer = initializers
    return try model.serializedBytes()
  }

  /// The text of the error that `body` throws.
  static func message<Result>(_ body: () throws -> Result) -> String {
    do { return "no error: \(try body())" } catch { return "\(error)" }
  }
}

/// A folder of one test's own, removed with everything in it.
final class ModelFolder {
  let path: String

  init() {
    var template = Array("/tmp/tenon-onnx-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }
}
