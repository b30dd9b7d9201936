import TenonGraph
import TenonOps
import TenonTensor

/// Computes contractions of dequantized values on the integers themselves.
///
/// Before:
///
///     %x = dequantize(%p, %s, %zp)
///     %w = dequantize(%q, %t, %zq)
///     %y = dot_general(%x, %w)
///
/// After:
///
///     %x = subtract(convert(%p), convert(%zp))
///     %w = subtract(convert(%q), convert(%zq))
///     %a = dot_general(%x, %w) {result = i32}
///     %y = multiply(convert(%a), multiply(%s, %t))
///
/// The rule: products and sums of differences from the zero points are exact in i32 (a contraction
/// whose sums may not fit is left), and the sum becomes a float once, times the product of the
/// scales. Differences are taken in i16, unless the right operand is bytes with a sign and no zero
/// point: its bytes and the left operand's bytes without a sign are multiplied as they are, and the
/// left zero point times the sums of the right operand, which must be a constant then, is taken
/// off. A `quantize` that follows divides by its scale, rounds half to even, adds
/// its zero point and saturates, as it always does. Scales and zero points may lie along an axis that
/// is not summed over. A largest element is looked for before values are dequantized.
///
/// After gradients, which are of the float ops; before the claim pass, while `dequantize` is whole.
public struct QuantizeContractions: GraphPass {
  public static let name = "quantize-contractions"
  public init() {}

  public func run(_ context: PassContext) throws {
    try context.rewrite(with: [
      OpenQuantizedProduct(), ViewOfDequantized(), MaximumOfDequantized(),
      ZeroPointOfZero(), QuantizeOfDequantized(), ContractionOfDequantized(),
    ])
  }
}

/// A matrix product of dequantized values becomes its contraction.
struct OpenQuantizedProduct: RewriteRule {
  static let name = "open-quantized-product"
  static let ops = OpSelection.types(Matmul.self, LinearProjection.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let isDequantized = [0, 1].map { site.isDequantized(site.operand($0)) }
    guard isDequantized.contains(true) else { return nil }
    if let plain = isDequantized.firstIndex(of: false) {
      return .refuse(because: QuantizedOperand.isPlain(plain))
    }
    return .replace(try site.recordedBody(), because: "its operands are dequantized")
  }
}

/// A view of a value dequantized by one scale is the dequantized view.
struct ViewOfDequantized: RewriteRule {
  static let name = "view-of-dequantized"
  static let ops = OpSelection.types(Transpose.self, Reshape.self, BroadcastInDim.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let (dequantize, node) = site.producer(site.operand(0), as: Dequantize.self),
      site.operand(1, of: node).rank == 0
    else { return nil }
    let view = try site.graph.applyAny(site.op, [site.operand(0, of: node)], site: CallSite())[0]
    let parameters = (1..<site.graph.operandCount(node)).map { site.operand($0, of: node) }
    return .replace(
      try site.graph.apply1(dequantize, [view] + parameters, site: CallSite()),
      because: "one scale is that of every element")
  }
}

/// A contraction of values dequantized from 8 bits or fewer sums integers.
struct ContractionOfDequantized: RewriteRule {
  static let name = "contraction-of-dequantized"
  static let ops = OpSelection.types(DotGeneral.self, Convolution.self)
  static let isExact = false

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard [0, 1].contains(where: { site.isDequantized(site.operand($0)) }) else { return nil }
    guard let left = QuantizedOperand(site, 0), let right = QuantizedOperand(site, 1) else {
      let refusals = [0, 1].compactMap { QuantizedOperand.refusal(site, $0) }
      return .refuse(because: refusals.joined(separator: ", "))
    }
    guard let contraction = ChannelContraction(site, site.node) else { return nil }
    guard site.result().elementType == .f32, left.scale.elementType == .f32 else {
      return .refuse(because: "only contractions of f32 are computed on integers")
    }
    let terms = contraction.termCount(left.numbers.shape, right.numbers.shape)
    guard let most = terms.upperBound ?? terms.constant,
      Dimension.saturatingProduct(
        most, Dimension.saturatingProduct(left.largest, right.largest)) <= Int(Int32.max)
    else { return .refuse(because: "sums of \(terms) products may not fit in i32") }
    var axes: [[Int]] = []
    for (position, operand) in [left, right].enumerated() {
      guard operand.scale.rank == 1 else {
        axes.append([])
        continue
      }
      guard let axis = contraction.resultAxis(ofOperand: operand.axis, operand: position) else {
        return .refuse(because: "scales along an axis that is summed over stay with the operand")
      }
      axes.append([axis])
    }
    let sum =
      try QuantizedProduct(site: site, contraction: contraction, left: left, right: right).bytes()
      ?? site.graph.applyAny(
        contraction.giving(.i32).op, [left.differences(), right.differences()], site: CallSite())[0]
    func repeated(_ scale: Value, along axes: [Int]) throws -> Value {
      try site.graph.apply1(
        BroadcastInDim(shape: site.result().shape, dimensions: axes), [scale], site: CallSite())
    }
    let scale =
      switch (axes[0].isEmpty, axes[1].isEmpty) {
      case (false, false):
        try repeated(left.scale, along: axes[0]) * repeated(right.scale, along: axes[1])
      case (true, _):
        try repeated(broadcast(left.scale, to: right.scale) * right.scale, along: axes[1])
      case (false, true):
        try repeated(left.scale * broadcast(right.scale, to: left.scale), along: axes[0])
      }
    let replacement = try convert(sum, to: .f32) * scale
    guard site.fits(replacement) else { return nil }
    return .replace(replacement, because: "its operands are integers with scales")
  }
}

extension RewriteSite {
  /// Whether a value is dequantized, views by one scale seen through.
  func isDequantized(_ value: Value) -> Bool {
    var current = value
    while let node = producer(current) {
      switch graph.op(node) {
      case is Dequantize: return true
      case is Transpose, is Reshape, is BroadcastInDim: current = operand(0, of: node)
      default: return false
      }
    }
    return false
  }
}
