import TenonTensor

/// Several ops that become one kernel: a region whose body is the fused ops.
///
/// The region is isolated: its arguments are the operands, its results the node's. It means what
/// running its body means; the `fuse` pass writes it, and only groups of lowerings read it.
public struct Fusion: PrimitiveOp {
  public static let name = "fusion"
  public static let signature = Signature(["inputs…"], ["results…"], regions: ["body"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    try site.require(
      site.regionCount == 1, "region-count", "takes 1 region, given \(site.regionCount)")
    let (arguments, results) = site.region(0)
    try site.require(
      arguments == (0..<site.operandCount).map(site.type), "region-arguments",
      "the region's arguments must have the operands' types")
    return results
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    try site.callRegion(0, operands)
  }
}
