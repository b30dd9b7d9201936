import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Functions of quantized tensors that quantizers write (`com.microsoft`): computed on floats, which
  /// passes bring back to integers where that is the same.
  static let quantizedFunctions: [ONNXOperator] = [
    quantizedPair("QLinearAdd") { try $0 + $1 },
    ONNXOperator("QLinearConcat", domain: microsoft, since: [1]) { node in
      let count = node.inputCount - 2
      try node.require(count > 0 && count % 3 == 0, "takes three inputs for each tensor")
      let parts = try (0..<count / 3).map { try node.dequantized(2 + 3 * $0) }
      let axis = try node.axis(node.integer("axis", default: 0), rank: parts[0].rank)
      return try node.quantized(concatenate(parts, axis: axis), 0)
    },
    quantizedFunction("QLinearGlobalAveragePool") { node, x in
      try node.require(x.rank >= 3, "the input must have rank 3 or more")
      let first = try node.flag("channels_last") ? 1 : 2
      return try mean(x, axes: Array(first..<first + x.rank - 2), keepingAxes: true)
    },
    quantizedFunction("QLinearLeakyRelu") { node, x in
      try leakyRelu(x, slope: node.float("alpha", default: 0.01))
    },
    quantizedPair("QLinearMul") { try $0 * $1 },
    quantizedFunction("QLinearReduceMean") { node, x in
      let axes = try node.axes(node.integers("axes") ?? Array(0..<x.rank), rank: x.rank)
      return try mean(x, axes: axes, keepingAxes: node.flag("keepdims", default: true))
    },
    quantizedFunction("QLinearSigmoid") { try sigmoid($1) },
    quantizedFunction("QLinearSoftmax") { node, x in
      let isOld = try node.integer("opset", default: 13) < 13
      let axis = try node.axis(node.integer("axis", default: isOld ? 1 : -1), rank: x.rank)
      try node.require(
        !isOld || axis == x.rank - 1, "opset under 13 is supported along the last axis only")
      return try softmax(x, axis: axis)
    },
  ]

  static let microsoft = "com.microsoft"

  /// A function of input 0, whose scale and zero point follow, and those of the result.
  private static func quantizedFunction(
    _ name: String, _ record: @escaping @Sendable (ONNXNode, Value) throws -> Value
  ) -> ONNXOperator {
    ONNXOperator(name, domain: microsoft, since: [1]) { node in
      try node.quantized(record(node, node.dequantized(0)), 3)
    }
  }

  /// A function of two tensors, each with scale and zero point, before those of the result.
  private static func quantizedPair(
    _ name: String, _ record: @escaping @Sendable (Value, Value) throws -> Value
  ) -> ONNXOperator {
    ONNXOperator(name, domain: microsoft, since: [1]) { node in
      let (a, b) = try node.broadcast(node.dequantized(0), node.dequantized(3))
      return try node.quantized(record(a, b), 6)
    }
  }
}

extension ONNXNode {
  /// Input `position` as floats; its scale and zero point are the next two inputs.
  fileprivate func dequantized(_ position: Int) throws -> Value {
    try dequantize(
      input(position), scale: number(position + 1), zeroPoint: optionalNumber(position + 2))
  }

  /// Floats with the scale at input `position` and the zero point after it, or as the first input.
  fileprivate func quantized(_ x: Value, _ position: Int) throws -> Value {
    let zero = try optionalNumber(position + 1)
    let type = try zero?.elementType ?? input(0).elementType
    return try quantize(x, to: type, scale: number(position), zeroPoint: zero)
  }

  private func number(_ position: Int) throws -> Value {
    let value = try input(position)
    try require(value.shape.elementCount == 1, "input \(position) must be one number")
    return try value.rank == 0 ? value : reshape(value, [])
  }

  private func optionalNumber(_ position: Int) throws -> Value? {
    has(position) ? try number(position) : nil
  }
}
