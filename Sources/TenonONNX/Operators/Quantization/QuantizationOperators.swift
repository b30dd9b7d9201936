import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators between numbers and narrow ones with a scale.
  static let quantization: [ONNXOperator] = [
    ONNXOperator(
      "QuantizeLinear", since: [10, 13, 19, 21, 23, 24, 25, 28], quantizeLinear),
    ONNXOperator("QuantizeLinear", domain: microsoft, since: [1], quantizeLinear),
    ONNXOperator(
      "DequantizeLinear", since: [10, 13, 19, 21, 23, 24, 25, 28], dequantizeLinear),
    ONNXOperator("DequantizeLinear", domain: microsoft, since: [1], dequantizeLinear),
    dynamicQuantizeLinear,
  ]

  /// `QuantizeLinear`: per tensor, per axis or in blocks.
  @Sendable private static func quantizeLinear(_ node: ONNXNode) throws -> Value {
    let x = try node.input(0)
    let scale = try node.input(1).arithmetic()
    let zero = try node.optionalInput(2)
    let type = try node.declaredType("output_dtype") ?? zero?.elementType ?? .u8
    try node.require(
      zero == nil || zero?.elementType == type,
      "output_dtype \(type) differs from the zero point's type")
    let precision = try node.declaredType("precision") ?? scale.elementType
    let wide: ElementType = precision.isFloat ? precision : .f32
    let place = try node.quantizationPlace(x, scale)
    let saturates = try node.flag("saturate", default: true)
    try node.require(
      saturates || !type.isFloat || place.isWhole && zero == nil || type == .f4e2m1fn,
      "saturate = 0 is supported for one scale without a zero point")
    let (numbers, scales) = (try convert(x, to: wide), try convert(scale, to: wide))
    if !saturates, type.isFloat, type != .f4e2m1fn {
      return try convert(numbers / place.fitted(scales).repeated(to: x.shape), to: type)
    }
    return try quantize(
      numbers, to: type, scale: place.fitted(scales), zeroPoint: zero.map(place.fitted),
      axis: place.axis, blockSize: place.block)
  }

  /// `DequantizeLinear`: per tensor, per axis or in blocks.
  @Sendable private static func dequantizeLinear(_ node: ONNXNode) throws -> Value {
    let x = try node.input(0)
    let scale = try node.input(1).arithmetic()
    let type = try node.declaredType("output_dtype") ?? scale.elementType
    let place = try node.quantizationPlace(x, scale)
    return try dequantize(
      x, scale: place.fitted(convert(scale, to: type)),
      zeroPoint: node.optionalInput(2).map(place.fitted), axis: place.axis,
      blockSize: place.block)
  }

  /// `DynamicQuantizeLinear`: u8 with the scale and zero point that the elements' range, 0
  /// included, asks for.
  private static let dynamicQuantizeLinear = ONNXOperator(
    many: "DynamicQuantizeLinear", since: [11]
  ) { node in
    let x = try node.input(0)
    let least = try minimum(minimum(x, axes: nil), 0)
    let greatest = try maximum(maximum(x, axes: nil), 0)
    let scale = try (greatest - least) / 255
    let zero = try convert(round(clamp(-least / scale, 0, 255)), to: .u8)
    return [try quantize(x, to: .u8, scale: scale, zeroPoint: zero), scale, zero]
  }
}

/// Where the numbers of a scale belong.
private struct QuantizationPlace {
  var axis: Int
  var block: Int?
  /// A scale of one number for the whole tensor, whatever its rank.
  var isWhole: Bool

  func fitted(_ value: Value) throws -> Value {
    isWhole && value.rank > 0 ? try TenonOps.reshape(value, []) : value
  }
}

extension ONNXNode {
  /// An element type attribute where 0 means that it is not given.
  fileprivate func declaredType(_ name: String) throws -> ElementType? {
    try integer(name, default: 0) == 0 ? nil : elementType(name)
  }

  /// What the shape of the scale says.
  fileprivate func quantizationPlace(_ x: Value, _ scale: Value) throws -> QuantizationPlace {
    // One number serves the whole tensor however it is written.
    if scale.rank == 0 || scale.shape == [1] {
      return QuantizationPlace(axis: 0, block: nil, isWhole: true)
    }
    let axis = try x.rank == 1 ? 0 : self.axis(integer("axis", default: 1), rank: x.rank)
    if scale.rank == 1 && (x.rank != 1 || scale.shape == x.shape) {
      return QuantizationPlace(axis: axis, block: nil, isWhole: false)
    }
    let block = try integer("block_size", default: 0)
    try require(block > 0, "a scale of rank \(scale.rank) needs the attribute block_size")
    try require(
      x.shape[axis].constant.map { $0 % block == 0 } ?? true,
      "axis \(axis) of size \(x.shape[axis]) must divide into blocks of \(block)")
    return QuantizationPlace(axis: axis, block: block, isWhole: false)
  }
}
