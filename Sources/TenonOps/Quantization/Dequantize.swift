import TenonGraph
import TenonTensor

/// (x - zero point) · scale, in the scale's float type (ONNX `DequantizeLinear`).
public struct Dequantize: CompositeOp {
  public static let name = "dequantize"
  public static let signature = Signature(["x", "scale", "zeroPoint?"])
  /// The axis that scales of rank 1, or blocks, lie along.
  public let axis: Int
  public let blockSize: Int?

  public init(axis: Int = 1, blockSize: Int? = nil) {
    self.axis = axis
    self.blockSize = blockSize
  }

  private var parameters: QuantizationParameters {
    QuantizationParameters(axis: axis, blockSize: blockSize)
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, scale) = (try site.tensor(0), try site.tensor(1))
    try site.require(
      x.element.isQuantized, "element-type", "cannot dequantize from \(x.element)")
    try site.require(
      scale.element.isDifferentiable, "element-type",
      "the scale must be a float, not \(scale.element)")
    try parameters.check(site, scale, x, "scale")
    if site.operandCount == 3 {
      let zero = try site.tensor(2)
      try site.require(
        zero.element == x.element, "element-type",
        "the zero point must be \(x.element) as x, not \(zero.element)")
      try site.requireEqual(
        zero.shape, scale.shape, "shape-mismatch", "the zero point must have the scale's shape")
    }
    return [.tensor(scale.element, x.shape)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let scale = operands[1]
    let x = try parameters.inBlocks(operands[0], scale)
    let wide = scale.elementType.computeType
    var numbers: Value
    if x.elementType.isFloat {
      numbers = try convert(x, to: wide)
      if operands.count == 3 {
        numbers = try numbers - parameters.repeated(convert(operands[2], to: wide), to: numbers)
      }
    } else {
      // Differences of integers are exact before they become floats.
      numbers = try convert(x, to: .i32)
      if operands.count == 3 {
        numbers = try numbers - parameters.repeated(convert(operands[2], to: .i32), to: numbers)
      }
      numbers = try convert(numbers, to: wide)
    }
    let result = try numbers * parameters.repeated(convert(scale, to: wide), to: numbers)
    return [try parameters.joined(convert(result, to: scale.elementType), as: operands[0])]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let (x, scale) = (site.operands[0], site.operands[1])
    let wide = scale.element.computeType
    let difference = x.element.isFloat ? wide : .i32
    let index = x.shape.indices.map { IndexExpression.axis($0) }
    let ofParameters = parameters.index(index, scale, x)
    var program = ScalarProgram()
    func number(_ operand: Int, _ index: [IndexExpression], as type: ElementType) -> ScalarID {
      let loaded = program.load(operand, site.operands[operand].element, index)
      return program.convert(loaded, to: type)
    }
    var numbers = number(0, index, as: difference)
    if site.operands.count == 3 {
      numbers = program.binary(.subtract, numbers, number(2, ofParameters, as: difference))
    }
    numbers = program.convert(numbers, to: wide)
    let product = program.binary(.multiply, numbers, number(1, ofParameters, as: wide))
    let result = program.convert(product, to: scale.element)
    return .compute(Compute(axes: x.shape.dimensions, program: program, results: [result]))
  }

  public static var samples: Samples {
    Samples(elements: [.i8, .u8, .i4, .u4, .i16, .i32, .f8e4m3fn, .f8e5m2]) { element in
      QuantizationParameters.shapes.enumerated().map { place, one in
        let float = ElementType.floats[place % 4]
        var types = [TensorType(element, one.x), TensorType(float, one.scale)]
        if place % 2 == 0 { types.append(TensorType(element, one.scale)) }
        return Samples.Case(Dequantize(axis: one.axis, blockSize: one.block), types)
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        Dequantize(), [Tensor([0, 3, 128, 255] as [UInt8]), Tensor(Float(2)), Tensor(UInt8(128))],
        gives: [Tensor([-256, -250, 0, 254] as [Float])],
        source: "ONNX operator DequantizeLinear, example dequantizelinear")
    ]
  }
}

/// (x - zero point) · scale, in the scale's float type.
///
/// - Parameters:
///   - scale: of rank 0, or one number for each index of `axis`, or for each block along it.
///   - zeroPoint: of x's type and the scale's shape; 0 where nil.
/// - Throws: `shape-mismatch`, `element-type` or `attribute`.
public func dequantize(
  _ x: Value, scale: Value, zeroPoint: Value? = nil, axis: Int = 1, blockSize: Int? = nil,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    Dequantize(axis: axis, blockSize: blockSize), [x, scale] + (zeroPoint.map { [$0] } ?? []),
    site: CallSite(fileID: fileID, line: line))
}
