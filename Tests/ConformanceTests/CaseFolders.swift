import FoundationEssentials
import Glibc
import SwiftProtobuf
import TenonTensor

@testable import TenonONNX

/// A folder of test cases that a test writes; removed with everything in it.
final class CaseFolders {
  let path: String

  init() {
    var template = Array("/tmp/tenon-cases-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A case of `Add` with two data sets, in which `y` is `a + b`, plus `error`.
  func add(_ name: String, error: Float = 0, operation: String = "Add") throws {
    var model = ONNXModelProto()
    model.irVersion = 8
    var set = ONNXOperatorSetIdProto()
    set.version = 17
    model.opsetImport = [set]
    var node = ONNXNodeProto()
    node.opType = operation
    node.input = ["a", "b"]
    node.output = ["y"]
    node.name = "sum"
    model.graph.node = [node]
    model.graph.input = ["a", "b"].map { CaseFolders.info($0, sizes: ["n"]) }
    // Nothing may rely on what is declared of outputs: this is wrong.
    model.graph.output = [CaseFolders.info("y", sizes: ["7", "7"])]
    try write(model.serializedBytes(), "\(name)/model.onnx")
    for (number, values) in [[1, 2] as [Float], [3, 4, 5]].enumerated() {
      let data = "\(name)/test_data_set_\(number)"
      try write(CaseFolders.tensor("a", values), "\(data)/input_0.pb")
      try write(CaseFolders.tensor("b", values), "\(data)/input_1.pb")
      try write(CaseFolders.tensor("y", values.map { $0 * 2 + error }), "\(data)/output_0.pb")
    }
  }

  private static func info(_ name: String, sizes: [String]) -> ONNXValueInfoProto {
    var info = ONNXValueInfoProto()
    info.name = name
    info.type.tensorType.elemType = 1
    info.type.tensorType.shape.dim = sizes.map { size in
      var dimension = ONNXTensorShapeProto.Dimension()
      if let number = Int64(size) { dimension.dimValue = number } else { dimension.dimParam = size }
      return dimension
    }
    return info
  }

  static func tensor(_ name: String, _ values: [Float]) throws -> [UInt8] {
    var proto = ONNXTensorProto()
    proto.name = name
    proto.dataType = 1
    proto.dims = [Int64(values.count)]
    proto.floatData = values
    return try proto.serializedBytes()
  }

  func write(_ bytes: [UInt8], _ name: String) throws {
    let file = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }
}
