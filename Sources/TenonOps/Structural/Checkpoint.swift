import TenonGraph
import TenonTensor

/// A region whose inner values are not kept for the gradient but computed again: memory for time.
///
/// The first operand is an i32 of rank 0 that chooses among the one region; further operands are the
/// values from outside. Passes neither fold, share nor move anything across it.
public struct Checkpoint: RegionBranches {
  public static let name = "checkpoint"
  public static let signature = Signature(
    ["selector", "captured…"], ["results…"], regions: ["body"])
  public static let effects = Effects.barrier

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    try site.require(
      site.operandCount > 0 && site.regionCount == 1
        && site.type(0) == .tensor(.i32, .scalar), "operand-count",
      "takes an i32[] selector, the values from outside and one region")
    return try inferBranches(site)
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    try site.callRegion(0, Array(operands.dropFirst()))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats + ElementType.integers) { element in
      ([[7], [], [0], [3, 5]] as [Shape]).map { shape in
        let type = TensorType(element, shape)
        return Samples.Case(Checkpoint(), [type, type]) { graph, values in
          try graph.checkpoint { [try values[0] * values[1] + values[0], values[1]] }
        }
      }
    }
  }
}

extension Graph {
  /// What `body` records; its inner values are computed again for the gradient instead of kept.
  ///
  /// - Throws: what `body` throws.
  public func checkpoint(
    fileID: StaticString = #fileID, line: UInt = #line, _ body: () throws -> [Value]
  ) throws -> [Value] {
    try withoutActuallyEscaping(body) { body in
      let site = CallSite(fileID: fileID, line: line)
      let (regions, captured) = try recordRegions([(arguments: [], body: { _ in try body() })])
      let selector = try scalar(0, .i32, site: site)
      return try apply(Checkpoint(), [selector] + captured, regions: regions, site: site)
    }
  }
}
