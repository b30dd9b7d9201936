import TenonGraph
import TenonTensor

/// One of two regions, by a `bool` of rank 0.
public struct If: RegionBranches {
  public static let name = "if"
  public static let signature = Signature(
    ["predicate", "captured…"], ["results…"], regions: ["onTrue", "onFalse"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    try site.require(
      site.operandCount > 0 && site.regionCount == 2, "operand-count",
      "takes a predicate and two regions")
    try site.require(
      site.type(0) == .tensor(.bool, .scalar), "element-type",
      "the predicate must be bool[], not \(site.type(0)); compare or reduce first")
    return try inferBranches(site)
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let isTrue = try operands[0].scalar(as: Bool.self)
    return try site.callRegion(isTrue ? 0 : 1, Array(operands.dropFirst()))
  }

  public static var samples: Samples {
    Samples { element in
      ([true, false] as [Bool]).flatMap { truth in
        ([[7], [], [0], [3, 5]] as [Shape]).map { shape in
          let type = TensorType(element, shape)
          return Samples.Case(
            If(), [TensorType(.bool, .scalar), type, type], values: [0: Tensor(truth)],
            record: { _, values in
              try conditional(
                values[0], onTrue: { [try maximum(values[1], values[2]), values[1]] },
                onFalse: { [values[2], try minimum(values[2], values[1])] })
            })
        }
      }
    }
  }
}

/// What one of two closures records, by a `bool` of rank 0; both give values of the same types.
///
/// - Throws: `element-type`, `region` where the closures give other types, and what they throw.
public func conditional(
  _ predicate: Value, onTrue: () throws -> [Value], onFalse: () throws -> [Value],
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> [Value] {
  try withoutActuallyEscaping(onTrue) { onTrue in
    try withoutActuallyEscaping(onFalse) { onFalse in
      let (regions, captured) = try predicate.graph.recordRegions([
        (arguments: [], body: { _ in try onTrue() }), (arguments: [], body: { _ in try onFalse() }),
      ])
      return try predicate.graph.apply(
        If(), [predicate] + captured, regions: regions,
        site: CallSite(fileID: fileID, line: line))
    }
  }
}
