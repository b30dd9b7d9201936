import TenonGraph
import TenonTensor

/// x / scale, rounded half to even, plus the zero point, brought into the range of a narrow type
/// (ONNX `QuantizeLinear`). To a float type of 8 bits or fewer only the result is rounded.
public struct Quantize: CompositeOp {
  public static let name = "quantize"
  public static let signature = Signature(["x", "scale", "zeroPoint?"])
  public let element: ElementType
  /// The axis that scales of rank 1, or blocks, lie along.
  public let axis: Int
  public let blockSize: Int?

  public init(to element: ElementType, axis: Int = 1, blockSize: Int? = nil) {
    self.element = element
    self.axis = axis
    self.blockSize = blockSize
  }

  private var parameters: QuantizationParameters {
    QuantizationParameters(axis: axis, blockSize: blockSize)
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, scale) = (try site.requireFloat(), try site.tensor(1))
    try site.require(
      element.isQuantized, "element-type", "cannot quantize to \(element)")
    try site.require(
      scale.element == x.element, "element-type",
      "the scale must be \(x.element) as x, not \(scale.element)")
    try parameters.check(site, scale, x, "scale")
    if site.operandCount == 3 {
      let zero = try site.tensor(2)
      try site.require(
        zero.element == element, "element-type",
        "the zero point must be \(element) as the result, not \(zero.element)")
      try site.requireEqual(
        zero.shape, scale.shape, "shape-mismatch", "the zero point must have the scale's shape")
    }
    return [.tensor(element, x.shape)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = try parameters.inBlocks(operands[0], operands[1])
    let wide = x.elementType.computeType
    let scale = try parameters.repeated(convert(operands[1], to: wide), to: x)
    var quotient = try convert(x, to: wide) / scale
    if !element.isFloat { quotient = try round(quotient) }
    if operands.count == 3 {
      quotient = try quotient + parameters.repeated(convert(operands[2], to: wide), to: x)
    }
    if element.isFloat {
      let greatest = element.greatestNarrowFloat
      quotient = try clamp(quotient, -greatest, greatest)
    }
    return [try parameters.joined(convert(quotient, to: element), as: operands[0])]
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats, range: 0.05...4) { element in
      let results: [ElementType] = [.i8, .u8, .i4, .i16, .u4, .f8e4m3fn, .i32]
      return QuantizationParameters.shapes.enumerated().map { place, one in
        let result = results[place % results.count]
        var types = [TensorType(element, one.x), TensorType(element, one.scale)]
        if place % 2 == 0 { types.append(TensorType(result, one.scale)) }
        return Samples.Case(
          Quantize(to: result, axis: one.axis, blockSize: one.block), types)
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        Quantize(to: .u8),
        [Tensor([0, 2, 3, 1000, -254, -1000] as [Float]), Tensor(Float(2)), Tensor(UInt8(128))],
        gives: [Tensor([128, 129, 130, 255, 1, 0] as [UInt8])],
        source: "ONNX operator QuantizeLinear, example quantizelinear"),
      Example(
        Quantize(to: .f8e4m3fn), [Tensor([0, 1, 2, 100000, 200] as [Float]), Tensor(Float(2))],
        gives: [
          Tensor.certain { try Tensor(.f8e4m3fn, shape: [5], doubles: [0, 0.5, 1, 448, 96]) }
        ],
        source: "ONNX operator QuantizeLinear, example e4m3fn"),
    ]
  }
}

extension ElementType {
  /// True for the types that quantized values have.
  var isQuantized: Bool {
    isInteger && bitWidth <= 32 || isFloat && isStorageOnly
  }

  /// The largest number of a float type of 8 bits or fewer.
  package var greatestNarrowFloat: Double {
    switch self {
    case .f4e2m1fn: 6
    case .f8e4m3fn: 448
    case .f8e4m3fnuz: 240
    case .f8e5m2, .f8e5m2fnuz: 57344
    case .f8e8m0fnu: 0x1p127
    default: preconditionFailure("internal: \(self) is no narrow float")
    }
  }
}

/// x / scale, rounded half to even, plus the zero point, brought into the range of a narrow type.
///
/// - Parameters:
///   - scale: of rank 0, or one number for each index of `axis`, or for each block along it.
///   - zeroPoint: of the result's type and the scale's shape; 0 where nil.
/// - Throws: `shape-mismatch`, `element-type` or `attribute`.
public func quantize(
  _ x: Value, to element: ElementType, scale: Value, zeroPoint: Value? = nil, axis: Int = 1,
  blockSize: Int? = nil, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    Quantize(to: element, axis: axis, blockSize: blockSize),
    [x, scale] + (zeroPoint.map { [$0] } ?? []), site: CallSite(fileID: fileID, line: line))
}
