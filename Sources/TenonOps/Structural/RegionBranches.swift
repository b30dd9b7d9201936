import TenonGraph
import TenonTensor

/// The ops that run one of their regions share all but how the first operand chooses. Further
/// operands are values that the regions take from outside, the same and in one order for all.
public protocol RegionBranches: PrimitiveOp {}

extension RegionBranches {
  /// Checks that all regions take the operands after the first and give the same types.
  func inferBranches(_ site: InferenceSite) throws -> [ValueType] {
    let captured = (1..<site.operandCount).map { site.type($0) }
    let results = site.region(0).results
    for position in 0..<site.regionCount {
      try site.require(
        site.region(position).arguments == captured, "region",
        "region \(position) must take the operands after the first")
      try site.require(
        site.region(position).results == results, "region",
        "region \(position) gives \(site.region(position).results.listed), the first gives "
          + results.listed)
    }
    return results
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let seeded = site.gradients.map { $0 != nil }
    let wanted = Array(site.wanted.dropFirst())
    let regions = try site.regions.map {
      try site.regionGradient($0, seeded: seeded, wanted: wanted)
    }
    let operands = site.operands + site.gradients.compactMap { $0 }
    var gradients = try site.graph.apply(
      self, operands, regions: regions, site: CallSite()
    ).makeIterator()
    return [nil] + wanted.map { $0 ? gradients.next() : nil }
  }

  public func lowering(_ site: LoweringSite) -> Lowering? { .branch }
}

extension [ValueType] {
  /// `f32[2], i64[]`, or `nothing`.
  var listed: String { isEmpty ? "nothing" : map(\.description).joined(separator: ", ") }
}
