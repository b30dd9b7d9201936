import TenonGraph
import TenonTensor

extension While {
  /// Runs the loop again, keeping what each trip began with, then goes back trip by trip.
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    guard let maximumTrips else {
      throw TenonError(
        "no-gradient", "while: the gradient needs the greatest number of trips; give maximumTrips")
    }
    let graph = site.graph
    let (carriedTypes, outer) = (
      site.operands.prefix(carried).map(\.tensorType), Array(site.operands.dropFirst(carried))
    )
    let zero = try graph.scalar(0, .i64, site: CallSite())
    // What each trip began with, one stack for each carried value.
    let stacks = try carriedTypes.map { type in
      try graph.zeros(type.element, Shape([Dimension(maximumTrips)] + type.shape.dimensions))
    }
    let kept = [zero] + site.operands.prefix(carried) + stacks
    let types = (kept + outer).map(\.type)
    func parts(_ values: [Value]) -> (carried: [Value], stacks: [Value], outer: [Value]) {
      (
        Array(values[1...carried]), Array(values[(carried + 1)..<(2 * carried + 1)]),
        Array(values[(2 * carried + 1)...])
      )
    }
    let condition = try graph.recordClosedRegion(types) { values in
      let (carried, _, outer) = parts(values)
      return try graph.recordCopy(of: site.regions[0], on: carried + outer)
    }
    let body = try graph.recordClosedRegion(types) { values in
      let (carried, stacks, outer) = parts(values)
      let pushed = try zip(stacks, carried).map { try $0.updated(at: values[0], with: $1) }
      let next = try graph.recordCopy(of: site.regions[1], on: carried + outer)
      return [try values[0] + 1] + next + pushed
    }
    let forward = try graph.apply(
      While(carried: 2 * carried + 1, maximumTrips: maximumTrips), kept + outer,
      regions: [condition, body], site: CallSite())
    return try backward(site, trips: forward[0], stacks: Array(forward[(carried + 1)...]), outer)
  }

  private func backward(
    _ site: GradientSite, trips: Value, stacks: [Value], _ outer: [Value]
  ) throws -> [Value?] {
    let graph = site.graph
    let floats = (0..<carried).filter { site.operands[$0].elementType.isDifferentiable }
    let wantedOuter = outer.indices.filter { site.wanted[carried + $0] }
    let step = try site.regionGradient(
      site.regions[1], seeded: (0..<carried).map { floats.contains($0) },
      wanted: (0..<carried).map { floats.contains($0) }
        + outer.indices.map { wantedOuter.contains($0) })
    let seeds = try floats.map { place in
      try site.gradients[place] ?? site.operands[place].filled(0, site: CallSite())
    }
    let sums = try wantedOuter.map { try outer[$0].filled(0, site: CallSite()) }
    let kept = [trips] + seeds + sums
    let operands = kept + stacks + outer
    let condition = try graph.recordClosedRegion(operands.map(\.type)) { [try greater($0[0], 0)] }
    let body = try graph.recordClosedRegion(operands.map(\.type)) { values in
      let trip = try values[0] - 1
      let seeds = Array(values[1..<1 + floats.count])
      let sums = Array(values[(1 + floats.count)..<kept.count])
      let began = try values[kept.count..<kept.count + carried].map { try $0.row(at: trip) }
      let found = try graph.recordCopy(
        of: step, on: began + values[(kept.count + carried)...] + seeds)
      let totals = try zip(sums, found.dropFirst(floats.count)).map { try $0 + $1 }
      return [trip] + found.prefix(floats.count) + totals
    }
    let results = try graph.apply(
      While(carried: kept.count, maximumTrips: maximumTrips), operands,
      regions: [condition, body], site: CallSite())
    var gradients = [Value?](repeating: nil, count: site.operands.count)
    for (place, operand) in floats.enumerated() { gradients[operand] = results[1 + place] }
    for (place, operand) in wantedOuter.enumerated() {
      gradients[carried + operand] = results[1 + floats.count + place]
    }
    return gradients
  }
}

extension ElementType {
  /// True for the floats that take part in arithmetic.
  var isDifferentiable: Bool { isFloat && !isStorageOnly }
}

extension Graph {
  /// As `recordCopy(of:on:)`, for values.
  func recordCopy(of region: RegionID, on arguments: [Value]) throws -> [Value] {
    try recordCopy(of: region, on: arguments.map(\.id)).map { Value(self, $0) }
  }

  /// Zeros (`false` for `bool`) of that type and shape.
  func zeros(_ element: ElementType, _ shape: Shape) throws -> Value {
    let zero = try scalar(0, element, site: CallSite())
    return try apply1(
      BroadcastInDim(shape: shape, dimensions: []), [zero], site: CallSite())
  }
}

extension Value {
  /// The part at one index of the first axis, without that axis.
  func row(at index: Value) throws -> Value {
    let zero = try graph.scalar(0, index.elementType, site: CallSite())
    let rest = Array(shape.dropFirst())
    let part = try dynamicSlice(
      self, starts: [index] + rest.map { _ in zero }, sizes: [1] + rest)
    return try graph.apply1(Reshape(to: Shape(rest)), [part], site: CallSite())
  }

  /// The value with the part at one index of the first axis replaced.
  func updated(at index: Value, with part: Value) throws -> Value {
    let zero = try graph.scalar(0, index.elementType, site: CallSite())
    let row = try graph.apply1(
      Reshape(to: Shape([1] + part.shape.dimensions)), [part], site: CallSite())
    return try dynamicUpdateSlice(
      self, row, starts: [index] + part.shape.map { _ in zero })
  }
}
