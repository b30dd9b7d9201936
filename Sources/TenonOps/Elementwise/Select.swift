import TenonGraph
import TenonTensor

/// Elements of `onTrue` where the predicate holds, of `onFalse` elsewhere.
///
/// The predicate has the shape of the others or rank 0.
public struct Select: PrimitiveOp {
  public static let name = "select"
  public static let signature = Signature(["predicate", "onTrue", "onFalse"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (predicate, onTrue, onFalse) = (
      try site.tensor(0), try site.tensor(1), try site.tensor(2)
    )
    try site.require(
      predicate.element == .bool, "element-type", "the predicate must be bool; compare first")
    try site.requireSameElement(1..<3)
    try site.requireEqual(
      onTrue.shape, onFalse.shape, "shape-mismatch",
      "both choices must have one shape; insert `broadcast` first")
    if predicate.rank != 0 {
      try site.requireEqual(
        predicate.shape, onTrue.shape, "shape-mismatch",
        "the predicate must have the choices' shape or rank 0; insert `broadcast` first")
    }
    return [.tensor(onTrue.element, onTrue.shape)]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    guard let predicate = site.knownElements(0), let onTrue = site.knownElements(1),
      let onFalse = site.knownElements(2)
    else { return nil }
    return onTrue.indices.map { place in
      let holds = predicate[predicate.count == 1 ? 0 : place]
      return holds == 0 ? onFalse[place] : onTrue[place]
    }
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let predicate = try operands[0].integers()
    func choose<Element>(_ a: [Element], _ b: [Element]) -> [Element] {
      a.indices.map { predicate[predicate.count == 1 ? 0 : $0] != 0 ? a[$0] : b[$0] }
    }
    switch (try operands[1].elements(), try operands[2].elements()) {
    case (.floats(let a), .floats(let b)): return [try site.result(0, .floats(choose(a, b)))]
    case (.integers(let a), .integers(let b)): return [try site.result(0, .integers(choose(a, b)))]
    default: preconditionFailure("internal: choices of two kinds")
    }
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let zero = try site.gradient.filled(0.0, site: CallSite())
    return [
      nil, site.wanted[1] ? try select(site.operands[0], site.gradient, zero) : nil,
      site.wanted[2] ? try select(site.operands[0], zero, site.gradient) : nil,
    ]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let result = site.results[0]
    let index = (0..<result.rank).map { IndexExpression.axis($0) }
    var program = ScalarProgram()
    let predicate = program.load(0, .bool, site.operands[0].rank == 0 ? [] : index)
    let onTrue = program.load(1, result.element, index)
    let onFalse = program.load(2, result.element, index)
    let chosen = program.select(predicate, onTrue, onFalse)
    return .compute(
      Compute(axes: result.shape.dimensions, program: program, results: [chosen]))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      ([[7], [], [0], [3, 67]] as [Shape]).flatMap { shape -> [Samples.Case] in
        let choice = TensorType(element, shape)
        return [[], shape].map { Samples.Case(Select(), [TensorType(.bool, $0), choice, choice]) }
      }
    }
  }
}

/// Elements of `onTrue` where `predicate` holds, of `onFalse` elsewhere; the predicate has their
/// shape or rank 0.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func select(
  _ predicate: Value, _ onTrue: Value, _ onFalse: Value, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try predicate.graph.apply1(
    Select(), [predicate, onTrue, onFalse], site: CallSite(fileID: fileID, line: line))
}
