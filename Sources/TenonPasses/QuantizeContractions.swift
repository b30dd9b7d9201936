import TenonGraph
import TenonOps
import TenonTensor

/// Sums products of quantized numbers as integers and multiplies by the scales afterwards.
///
/// Before: `%y = dot_general(dequantize(%x, %s), dequantize(%w, %t))`
/// After:  `%y = multiply(convert(dot_general<result: i32>(%x, %w)), multiply(%s, %t))`
///
/// A sum of integers is exact; a `quantize` that follows then rounds it once, half to even, and
/// saturates. Zero points are taken off before the products, so that a convolution's padding stays
/// zero. Scales may be of the whole tensor or one for each index of an axis that is not summed
/// over; blocks stay as they are.
///
/// While composites are whole, so that `dequantize` is known.
public struct QuantizeContractions: GraphPass {
  public static let name = "quantize-contractions"
  public init() {}

  public func run(_ context: PassContext) throws {
    try context.rewrite(with: [InlineQuantizedProduct(), SumIntegers()])
  }
}

/// A matrix product of quantized numbers becomes its body, where the contraction is.
struct InlineQuantizedProduct: RewriteRule {
  static let name = "inline-quantized-product"
  static let ops = OpSelection.types(Matmul.self, LinearProjection.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let op = site.op as? any CompositeOp,
      (0..<2).allSatisfy({ QuantizedOperand(site, $0) != nil })
    else { return nil }
    return .replace(
      try op.body(site.graph, site.operands), because: "its operands are quantized")
  }
}

/// A contraction of quantized numbers is one of integers, times the scales.
struct SumIntegers: RewriteRule {
  static let name = "sum-integers"
  static let ops = OpSelection { $0 is any ContractionOp }
  static let isExact = false

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let op = site.op as? any ContractionOp,
      let lhs = QuantizedOperand(site, 0), let rhs = QuantizedOperand(site, 1)
    else { return nil }
    let shapes = (lhs.x.shape, rhs.x.shape)
    var places: [Int?] = []
    for (position, operand) in [lhs, rhs].enumerated() {
      guard let axis = operand.axis else {
        places.append(nil)
        continue
      }
      guard let place = op.resultAxis(axis, ofOperand: position, shapes.0, shapes.1) else {
        return .refuse(because: "a scale changes along an axis that is summed over")
      }
      places.append(place)
    }
    let count = op.summedSizes(shapes.0, shapes.1).reduce(Dimension(1)) { $0 * $1 }
    guard let most = (count * Dimension(lhs.span * rhs.span)).constant, most <= Int(Int32.max)
    else { return .refuse(because: "a sum of \(count) products may not fit 32 bits") }
    let isNarrow =
      !lhs.isShifted && !rhs.isShifted && lhs.x.elementType == rhs.x.elementType
      && !lhs.x.elementType.isStorageOnly
    let sum = try site.graph.apply1(
      op.summing(into: .i32),
      [isNarrow ? lhs.x : lhs.wide(), isNarrow ? rhs.x : rhs.wide()], site: CallSite())
    var result = try convert(sum, to: lhs.scale.elementType.computeType)
    for (operand, place) in zip([lhs, rhs], places) {
      let scale = try convert(operand.scale, to: result.elementType)
      result = try result * scale.alongAxis(place ?? 0, of: result)
    }
    return .replace(
      try convert(result, to: site.result().elementType),
      because: "sums of integers are exact; the scales multiply the sum")
  }
}

/// An operand that `dequantize` gives from integers of at most 8 bits, without blocks.
private struct QuantizedOperand {
  let x: Value
  let scale: Value
  /// Nil where there is none or it is zero.
  let zeroPoint: Value?
  /// The axis of a scale of rank 1.
  let axis: Int?

  init?(_ site: RewriteSite, _ position: Int) {
    guard let (op, node) = site.producer(site.operand(position), as: Dequantize.self) else {
      return nil
    }
    x = site.operand(0, of: node)
    scale = site.operand(1, of: node)
    guard x.elementType.isInteger, x.elementType.bitWidth <= 8, scale.rank <= 1,
      op.blockSize == nil
    else { return nil }
    let zeroPoint = site.graph.operandCount(node) == 3 ? site.operand(2, of: node) : nil
    self.zeroPoint = zeroPoint.flatMap {
      site.uniformConstant($0)?.isIntegerZero == true ? nil : $0
    }
    axis = scale.rank == 0 ? nil : op.axis < 0 ? op.axis + x.rank : op.axis
  }

  var isShifted: Bool { zeroPoint != nil }

  /// The largest magnitude of x less its zero point.
  var span: Int {
    let (least, most) = (x.elementType.minimumInteger, x.elementType.maximumInteger!)
    return Int(isShifted ? most - least : max(most, -least))
  }

  /// x less its zero point, in 32 bits.
  func wide() throws -> Value {
    let numbers = try convert(x, to: .i32)
    guard let zeroPoint else { return numbers }
    return try numbers - convert(zeroPoint, to: .i32).alongAxis(axis ?? 0, of: numbers)
  }
}
