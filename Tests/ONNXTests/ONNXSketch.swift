import FoundationEssentials
import SwiftProtobuf
import TenonTensor

@testable import TenonONNX

/// A model written down in a test.
struct ONNXSketch {
  var model = ONNXModelProto()

  init(version: Int64 = 17) {
    var set = ONNXOperatorSetIdProto()
    set.version = version
    model.opsetImport = [set]
    model.irVersion = 8
    model.graph.name = "sketch"
  }

  /// An input; a size is a number, a name or, as `?`, not told.
  mutating func input(_ name: String, _ type: ElementType, _ sizes: [String]) {
    var info = ONNXValueInfoProto()
    info.name = name
    info.type.tensorType.elemType = Int32(type.onnxNumber!)
    info.type.tensorType.shape.dim = sizes.map { size in
      var dimension = ONNXTensorShapeProto.Dimension()
      if let number = Int64(size) {
        dimension.dimValue = number
      } else if size != "?" {
        dimension.dimParam = size
      }
      return dimension
    }
    model.graph.input.append(info)
  }

  mutating func initializer(_ name: String, _ values: [Int64]) {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dims = [Int64(values.count)]
    tensor.dataType = 7
    tensor.int64Data = values
    model.graph.initializer.append(tensor)
  }

  /// A node; an attribute's value is an `Int`, `Double`, `String`, `[Int]`, `[Double]` or `Tensor`.
  mutating func node(
    _ op: String, _ inputs: [String], _ outputs: [String], name: String = "", domain: String = "",
    attributes: KeyValuePairs<String, Any> = [:]
  ) {
    var node = ONNXNodeProto()
    node.opType = op
    node.attribute = attributes.map { ONNXAttributeProto(sketch: $0.key, $0.value) }
    node.input = inputs
    node.output = outputs
    node.name = name
    node.domain = domain
    model.graph.node.append(node)
  }

  mutating func initializer(_ name: String, _ tensor: Tensor) {
    var proto = ONNXTensorProto(sketch: tensor)
    proto.name = name
    model.graph.initializer.append(proto)
  }

  mutating func output(_ name: String) {
    var info = ONNXValueInfoProto()
    info.name = name
    model.graph.output.append(info)
  }

  var bytes: [UInt8] { get throws { try model.serializedBytes() } }

  func imported(_ options: ONNXImportOptions = ONNXImportOptions()) throws -> ImportedONNX {
    try ONNXModel(bytes, name: "sketch.onnx").graph(options)
  }
}

extension ONNXTensorProto {
  init(sketch tensor: Tensor) {
    self.init()
    dims = tensor.shape.map { Int64($0) }
    dataType = Int32(tensor.elementType.onnxNumber!)
    rawData = tensor.withUnsafeBytes { Data($0) }
  }
}

extension ONNXAttributeProto {
  init(sketch name: String, _ value: Any) {
    self.init()
    self.name = name
    switch value {
    case let value as Int: (type, i) = (.int, Int64(value))
    case let value as Double: (type, f) = (.float, Float(value))
    case let value as String: (type, s) = (.string, Data(value.utf8))
    case let value as [Int]: (type, ints) = (.ints, value.map { Int64($0) })
    case let value as [Double]: (type, floats) = (.floats, value.map { Float($0) })
    case let value as Tensor: (type, t) = (.tensor, ONNXTensorProto(sketch: value))
    default: preconditionFailure("no attribute of a \(Swift.type(of: value))")
    }
  }
}
