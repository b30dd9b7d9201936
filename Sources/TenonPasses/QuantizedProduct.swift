import TenonGraph
import TenonOps
import TenonTensor

/// An operand of a contraction that is dequantized from 8 bits or fewer.
struct QuantizedOperand {
  let numbers: Value
  let scale: Value
  let zeroPoint: Value?
  /// The axis of scales of rank 1.
  let axis: Int

  init?(_ site: RewriteSite, _ position: Int) {
    guard
      let (dequantize, node) = site.producer(site.operand(position), as: Dequantize.self),
      dequantize.blockSize == nil
    else { return nil }
    numbers = site.operand(0, of: node)
    guard numbers.elementType.isInteger, numbers.elementType.bitWidth <= 8 else { return nil }
    scale = site.operand(1, of: node)
    let zeroPoint = site.graph.operandCount(node) == 3 ? site.operand(2, of: node) : nil
    self.zeroPoint = zeroPoint.flatMap {
      site.uniformConstant($0, most: 1 << 16)?.isIntegerZero == true ? nil : $0
    }
    axis = dequantize.axis < 0 ? dequantize.axis + numbers.rank : dequantize.axis
  }

  static func isPlain(_ position: Int) -> String { "operand \(position) is not dequantized" }

  /// Why an operand's integers cannot be summed; nil where they can.
  static func refusal(_ site: RewriteSite, _ position: Int) -> String? {
    let value = site.operand(position)
    guard let (dequantize, node) = site.producer(value, as: Dequantize.self) else {
      return site.isDequantized(value)
        ? "operand \(position) is a view of values with several scales" : isPlain(position)
    }
    if dequantize.blockSize != nil { return "operand \(position) is dequantized in blocks" }
    let element = site.operand(0, of: node).elementType
    return element.isInteger && element.bitWidth <= 8
      ? nil : "operand \(position) is dequantized from \(element), and sums are of i8 or narrower"
  }

  /// The largest magnitude of a number less its zero point.
  var largest: Int {
    let states = 1 << numbers.elementType.bitWidth
    return zeroPoint == nil && numbers.elementType.isSignedInteger ? states / 2 : states - 1
  }

  /// The numbers less their zero points, as i16.
  func differences() throws -> Value {
    let wide = try convert(numbers, to: .i16)
    guard let zeroPoint else { return wide }
    let zero = try convert(zeroPoint, to: .i16)
    return try wide
      - zero.graph.apply1(
        BroadcastInDim(shape: wide.shape, dimensions: zero.rank == 0 ? [] : [axis]), [zero],
        site: CallSite())
  }
}

/// A contraction of two operands that are dequantized.
struct QuantizedProduct {
  let site: RewriteSite
  let contraction: ChannelContraction
  let left: QuantizedOperand
  let right: QuantizedOperand

  /// The sums of products of differences, from products of bytes; nil where the operands have no
  /// such form.
  ///
  /// With x = p - z, the sum of x q is the sum of p q less z times the sum of q. Where p has a sign,
  /// p + 128 takes its place, and z + 128 that of z.
  func bytes() throws -> Value? {
    let element = left.numbers.elementType
    guard right.zeroPoint == nil, right.numbers.elementType == .i8, [.u8, .i8].contains(element)
    else { return nil }
    var numbers = left.numbers
    if element == .u8, left.zeroPoint == nil {
      guard contraction.isSumOfChannels,
        let apart = try contraction.paddingApart(numbers, fill: numbers.graph.scalar(0, .u8))
      else { return try sum(contraction, numbers) }
      return try sum(apart.contraction, apart.input)
    }
    guard left.zeroPoint?.rank ?? 0 == 0, site.isConstant(right.numbers) else { return nil }
    var zero = try left.zeroPoint.map { try convert($0, to: .i32) }
    if element == .i8 {
      numbers = try convert(convert(numbers, to: .i16) + 128, to: .u8)
      zero = try zero.map { try $0 + 128 } ?? numbers.graph.scalar(128, .i32)
    }
    // What is around the numbers is their zero point.
    guard let apart = try contraction.paddingApart(numbers, fill: convert(zero!, to: .u8))
    else { return nil }
    let sums = try sum(apart.contraction, apart.input)
    let axes = right.numbers.shape.indices
    let kept = axes.filter { contraction.resultAxis(ofOperand: $0, operand: 1) != nil }
    let wide = try convert(right.numbers, to: .i32)
    let offset = try TenonOps.sum(
      wide * broadcast(zero!, to: wide), axes: axes.filter { !kept.contains($0) })
    return try sums
      - sums.graph.apply1(
        BroadcastInDim(
          shape: sums.shape,
          dimensions: kept.map { contraction.resultAxis(ofOperand: $0, operand: 1)! }),
        [offset], site: CallSite())
  }

  private func sum(_ contraction: ChannelContraction, _ numbers: Value) throws -> Value {
    try site.graph.applyAny(
      contraction.giving(.i32).op, [numbers, right.numbers], site: CallSite())[0]
  }
}

/// The largest of elements dequantized by one positive scale is the largest one, dequantized.
struct MaximumOfDequantized: RewriteRule {
  static let name = "maximum-of-dequantized"
  static let ops = OpSelection.types(MaxPool.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let (dequantize, node) = site.producer(site.operand(0), as: Dequantize.self),
      dequantize.blockSize == nil, site.operand(1, of: node).rank == 0,
      case .float(let scale) = site.uniformConstant(site.operand(1, of: node)), scale > 0,
      scale.isFinite, site.operand(0, of: node).elementType.isInteger,
      !site.operand(0, of: node).elementType.isStorageOnly
    else { return nil }
    let largest = try site.graph.applyAny(
      site.op, [site.operand(0, of: node)], site: CallSite())[0]
    let parameters = (1..<site.graph.operandCount(node)).map { site.operand($0, of: node) }
    return .replace(
      try site.graph.apply1(dequantize, [largest] + parameters, site: CallSite()),
      because: "the scale is positive, so that order is kept")
  }
}

/// A zero point that is 0 everywhere is none.
struct ZeroPointOfZero: RewriteRule {
  static let name = "zero-point-of-zero"
  static let ops = OpSelection.types(Quantize.self, Dequantize.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard site.graph.operandCount(site.node) == 3,
      (site.op as? Quantize)?.element.isInteger ?? site.operand(0).elementType.isInteger,
      site.uniformConstant(site.operand(2), most: 1 << 16)?.isIntegerZero == true
    else { return nil }
    return .replace(
      try site.graph.apply1(site.op, [site.operand(0), site.operand(1)], site: CallSite()),
      because: "the zero point is 0")
  }
}

/// Numbers of 8 bits or fewer, dequantized and quantized again by the same constants, are the same
/// numbers.
struct QuantizeOfDequantized: RewriteRule {
  static let name = "quantize-of-dequantized"
  static let ops = OpSelection.types(Quantize.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let quantize = site.op as? Quantize,
      let (dequantize, node) = site.producer(site.operand(0), as: Dequantize.self),
      quantize.blockSize == nil, dequantize.blockSize == nil,
      site.operand(0, of: node).elementType == quantize.element,
      quantize.element.isInteger, quantize.element.bitWidth <= 8,
      site.graph.operandCount(node) == site.graph.operandCount(site.node),
      site.operand(1).elementType == .f32,
      case .float(let scale) = site.uniformConstant(site.operand(1)), scale.magnitude > 1e-30,
      scale.magnitude < 1e30
    else { return nil }
    for position in 1..<site.graph.operandCount(node) {
      guard site.operand(position).rank == 0, site.operand(position, of: node).rank == 0,
        let own = site.uniformConstant(site.operand(position)),
        own == site.uniformConstant(site.operand(position, of: node))
      else { return nil }
    }
    return .replace(site.operand(0, of: node), because: "scale and zero point are the same")
  }
}
