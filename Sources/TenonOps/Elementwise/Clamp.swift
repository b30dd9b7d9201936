import TenonGraph
import TenonTensor

/// Each element brought between a least and a greatest one, which have the shape of the others or
/// rank 0; NaN stays NaN. Where the least is over the greatest, the greatest.
public struct Clamp: PrimitiveOp {
  public static let name = "clamp"
  public static let signature = Signature(["least", "x", "greatest"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(1)
    try site.requireSameElement(0..<3)
    try site.require(
      !x.element.isStorageOnly && x.element != .bool, "element-type",
      "is not defined for \(x.element)")
    for position in [0, 2] where try site.tensor(position).rank != 0 {
      try site.requireEqual(
        site.tensor(position).shape, x.shape, "shape-mismatch",
        "bounds must have the operand's shape or rank 0; insert `broadcast` first")
    }
    return [.tensor(x.element, x.shape)]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let type = operands[1].elementType
    func bound<Number>(_ values: [Number], _ place: Int) -> Number {
      values[values.count == 1 ? 0 : place]
    }
    switch (try operands[0].elements(), try operands[1].elements(), try operands[2].elements()) {
    case (.floats(let a), .floats(let x), .floats(let b)):
      let values = x.indices.map {
        ReferenceArithmetic.minimum(
          ReferenceArithmetic.maximum(x[$0], bound(a, $0)), bound(b, $0))
      }
      return [try site.result(0, .floats(values))]
    case (.integers(let a), .integers(let x), .integers(let b)):
      let values = x.indices.map { place in
        let raised = Maximum.integer(x[place], bound(a, place), type)
        return Minimum.integer(raised, bound(b, place), type)
      }
      return [try site.result(0, .integers(values))]
    default: preconditionFailure("internal: operands of two kinds")
    }
  }

  /// At a bound the operand takes the gradient.
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[1]
    let least = try broadcast(site.operands[0], to: x)
    let greatest = try broadcast(site.operands[2], to: x)
    let zero = try x.filled(0, site: CallSite())
    let isLow = try less(x, least)
    let isHigh = try greater(select(isLow, least, x), greatest)
    func part(_ operand: Int, _ whole: Value) throws -> Value {
      site.operands[operand].rank == 0 && x.rank != 0 ? try sum(whole) : whole
    }
    let inside = try select(isHigh, zero, site.gradient)
    return [
      site.wanted[0] ? try part(0, select(isLow, inside, zero)) : nil,
      site.wanted[1] ? try select(isLow, zero, inside) : nil,
      site.wanted[2] ? try part(2, select(isHigh, site.gradient, zero)) : nil,
    ]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let result = site.results[0]
    let index = (0..<result.rank).map { IndexExpression.axis($0) }
    var program = ScalarProgram()
    let elements = site.operands.enumerated().map { position, type in
      program.widened(program.load(position, type.element, type.rank == 0 ? [] : index))
    }
    let raised = program.binary(.maximum, elements[1], elements[0])
    let clamped = program.binary(.minimum, raised, elements[2])
    let value = program.convert(clamped, to: result.element)
    return .compute(Compute(axes: result.shape.dimensions, program: program, results: [value]))
  }

  public static var samples: Samples {
    Samples { element in
      ([[], [7], [0], [3, 5], [2, 67]] as [[Int]]).flatMap { sizes -> [Samples.Case] in
        let x = TensorType(element, Shape(sizes))
        let scalar = TensorType(element, .scalar)
        return [Samples.Case(Clamp(), [x, x, x]), Samples.Case(Clamp(), [scalar, x, scalar])]
      }
    }
  }
}

/// Each element brought between `least` and `greatest`, which have its shape or rank 0.
///
/// - Throws: `shape-mismatch`, or `element-type` for `bool` and storage types.
public func clamp(
  _ x: Value, _ least: Value, _ greatest: Value, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    Clamp(), [least, x, greatest], site: CallSite(fileID: fileID, line: line))
}

/// Each element brought between two numbers.
///
/// - Throws: `element-type` for `bool` and storage types, `scalar` where an integer type cannot
///   hold a number.
public func clamp(
  _ x: Value, _ least: some Scalar, _ greatest: some Scalar, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.graph.apply1(
    Clamp(),
    [
      x.graph.scalar(least, x.elementType, site: site), x,
      x.graph.scalar(greatest, x.elementType, site: site),
    ], site: site)
}
