import TenonGraph
import TenonTensor

/// The region whose number an integer of rank 0 gives; the last one where there is none of that
/// number.
public struct Case: RegionBranches {
  public static let name = "case"
  public static let signature = Signature(
    ["index", "captured…"], ["results…"], regions: ["branches…"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    try site.require(
      site.operandCount > 0 && site.regionCount > 0, "operand-count",
      "takes an index and at least one region")
    let index = try site.tensor(0)
    try site.require(
      index.rank == 0 && index.element.isInteger && !index.element.isStorageOnly, "element-type",
      "the index must be an integer of rank 0, not \(index)")
    return try inferBranches(site)
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let index = try operands[0].integers()[0]
    let last = site.regionCount - 1
    let choice = index >= 0 && index < last ? Int(index) : last
    return try site.callRegion(choice, Array(operands.dropFirst()))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats + ElementType.integers) { element in
      ([0, 1, 2, 7, -1] as [Int64]).flatMap { index in
        ([[7], [], [0]] as [Shape]).map { shape in
          let type = TensorType(element, shape)
          let literal = try? Tensor(.i32, shape: [], integers: [index])
          return Samples.Case(
            Case(), [TensorType(.i32, .scalar), type, type], values: literal.map { [0: $0] } ?? [:],
            record: { _, values in
              try switchCase(
                values[0],
                [
                  { [try values[1] + values[2]] }, { [try values[1] * values[2]] },
                  { [values[2]] },
                ])
            })
        }
      }
    }
  }
}

/// What one of several closures records, by its number, the last one where there is none of that
/// number; all give values of the same types.
///
/// - Throws: `element-type`, `operand-count` for no closures, `region` where the closures give other
///   types, and what they throw.
public func switchCase(
  _ index: Value, _ cases: [() throws -> [Value]], fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> [Value] {
  let (regions, captured) = try index.graph.recordRegions(
    cases.map { body in (arguments: [], body: { _ in try body() }) })
  return try index.graph.apply(
    Case(), [index] + captured, regions: regions, site: CallSite(fileID: fileID, line: line))
}
