import TenonGraph
import TenonTensor

extension Scan {
  /// Scans again, stacking what each step began with, then scans those the other way.
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let graph = site.graph
    let initial = Array(site.operands.prefix(carried))
    let inputs = Array(site.operands[carried..<carried + sliced])
    let outer = Array(site.operands[(carried + sliced)...])
    let region = site.regions[0]
    let forward = try graph.recordClosedRegion(graph.arguments(region).map { graph.type($0) }) {
      values in
      try Array(graph.recordCopy(of: region, on: values).prefix(carried)) + values.prefix(carried)
    }
    let began =
      carried == 0
      ? []
      : try graph.apply(
        self, site.operands, regions: [forward], site: CallSite()
      ).dropFirst(carried)
    // Which arguments and results of the body take part.
    let floats = (0..<carried).filter { initial[$0].elementType.isDifferentiable }
    let wantedInputs = inputs.indices.filter { site.wanted[carried + $0] }
    let wantedOuter = outer.indices.filter { site.wanted[carried + sliced + $0] }
    let seededStacks = (carried..<site.results.count).filter { site.gradients[$0] != nil }
    let step = try site.regionGradient(
      region,
      seeded: site.results.indices.map { floats.contains($0) || seededStacks.contains($0) },
      wanted: (0..<carried).map { floats.contains($0) }
        + inputs.indices.map { wantedInputs.contains($0) }
        + outer.indices.map { wantedOuter.contains($0) })
    let seeds = try floats.map { try site.gradients[$0] ?? initial[$0].filled(0, site: CallSite()) }
    let sums = try wantedOuter.map { try outer[$0].filled(0, site: CallSite()) }
    let stacks = Array(began) + inputs + seededStacks.map { site.gradients[$0]! }
    let operands = seeds + sums + stacks + outer
    let slices = stacks.map {
      ValueType.tensor($0.elementType, Shape(Array($0.shape.dropFirst())))
    }
    let kept = seeds + sums
    let body = try graph.recordClosedRegion(kept.map(\.type) + slices + outer.map(\.type)) {
      values in
      let (seeds, rest) = (values.prefix(floats.count), values.dropFirst(floats.count))
      let (sums, others) = (rest.prefix(wantedOuter.count), rest.dropFirst(wantedOuter.count))
      let arguments = others.prefix(carried + sliced) + others.suffix(outer.count)
      let stackSeeds = others.dropFirst(carried + sliced).prefix(seededStacks.count)
      let found = try graph.recordCopy(of: step, on: Array(arguments + seeds + stackSeeds))
      let inputGradients = found.dropFirst(floats.count).prefix(wantedInputs.count)
      let totals = try zip(sums, found.suffix(wantedOuter.count)).map { try $0 + $1 }
      return Array(found.prefix(floats.count)) + totals + inputGradients
    }
    let results = try graph.apply(
      Scan(
        carried: kept.count, sliced: stacks.count, trips: trips, isReversed: !isReversed),
      operands, regions: [body], site: CallSite())
    var gradients = [Value?](repeating: nil, count: site.operands.count)
    for (place, operand) in floats.enumerated() { gradients[operand] = results[place] }
    for (place, operand) in wantedOuter.enumerated() {
      gradients[carried + sliced + operand] = results[floats.count + place]
    }
    for (place, operand) in wantedInputs.enumerated() {
      gradients[carried + operand] = results[kept.count + place]
    }
    return gradients
  }
}
