import TenonGraph
import TenonTensor

extension ScaledDotProductAttention {
  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let (key, value) = try joined(operands)
    if hasPast {
      let attention = ScaledDotProductAttention(
        scale: scale, isCausal: isCausal, hasMask: hasMask)
      let mask = hasMask ? [operands[3]] : []
      return try graph.apply(attention, [operands[0], key, value] + mask, site: CallSite())
        + [key, value]
    }
    let (query, scores) = (operands[0], try scores(operands, key))
    // Below all numbers but minus infinity: a row that sees nothing then has exp(-∞) = 0 throughout.
    let largest = try maximum(
      maximum(scores, axes: [4], keepingAxes: true), -ScaledDotProductAttention.vast(scores))
    let powers = try exp(scores - broadcast(largest, to: scores))
    let total = try sum(powers, axes: [4], keepingAxes: true)
    let one = try total.filled(1, site: CallSite())
    let divisor = try select(equal(total, 0), one, total)
    let weights = try convert(powers / broadcast(divisor, to: powers), to: query.elementType)
    let result = try dotGeneral(
      weights, value, lhsBatching: [0, 1], rhsBatching: [0, 1], lhsContracting: [4],
      rhsContracting: [2])
    let rows = try reshape(log(divisor) + largest, Shape(Array(query.shape.prefix(3))))
    var shape = query.shape
    shape[3] = value.shape[3]
    return [try reshape(result, shape), rows]
  }

  /// The greatest number that the scores' type holds.
  private static func vast(_ scores: Value) -> Double {
    scores.elementType == .f64
      ? .greatestFiniteMagnitude : Double(Float.greatestFiniteMagnitude)
  }

  /// Key and value with the past ones before them.
  private func joined(_ operands: [Value]) throws -> (key: Value, value: Value) {
    guard hasPast else { return (operands[1], operands[2]) }
    let past = operands.suffix(2).map { $0 }
    return (
      try concatenate([past[0], operands[1]], axis: 2),
      try concatenate([past[1], operands[2]], axis: 2)
    )
  }

  /// The query as (batch, groups, heads of a group, length, depth).
  private func grouped(_ query: Value, _ key: Value) throws -> Value {
    let groups = key.shape[1]
    let heads = query.shape[1].floorDivided(by: groups)
    return try reshape(
      query, Shape([query.shape[0], groups, heads] + query.shape.dropFirst(2)))
  }

  /// The factor of Q Kᵀ.
  private func factor(_ query: Value) throws -> Double {
    if let scale { return scale }
    guard let depth = query.shape[query.rank - 1].constant else {
      throw TenonError(
        "shape-mismatch", "attention: needs a scale where the depth is not known; give one")
    }
    return 1 / Double(depth).squareRoot()
  }

  /// Scores of (batch, groups, heads of a group, length, positions), minus infinity where a position
  /// is not seen.
  private func scores(_ operands: [Value], _ key: Value) throws -> Value {
    let query = try grouped(operands[0], key)
    let wide = query.elementType.computeType
    let products = try query.graph.apply1(
      DotGeneral(
        lhsBatching: [0, 1], rhsBatching: [0, 1], lhsContracting: [4], rhsContracting: [3],
        result: wide), [query, key], site: CallSite())
    var scores = try products * factor(query)
    if hasMask {
      let mask = try repeated(operands[3], scores)
      scores =
        mask.elementType == .bool
        ? try select(mask, scores, scores.filled(-Double.infinity, site: CallSite()))
        : try scores + convert(mask, to: wide)
    }
    if isCausal {
      // Query i sees position j where j - i is at most the number of positions less of queries.
      let graph = scores.graph
      let ahead = try graph.size(scores.shape[4] - scores.shape[3], .i64, site: CallSite())
      let position = try graph.iota(.i64, scores.shape, dimension: 4)
      let last = try graph.iota(.i64, scores.shape, dimension: 3) + broadcast(ahead, to: position)
      scores = try select(
        lessOrEqual(position, last), scores,
        scores.filled(-Double.infinity, site: CallSite()))
    }
    return scores
  }

  /// The mask repeated to the shape of the scores.
  private func repeated(_ mask: Value, _ scores: Value) throws -> Value {
    let sizes = scores.shape
    let flat = Shape([sizes[0], sizes[1] * sizes[2], sizes[3], sizes[4]])
    return try reshape(broadcast(mask, to: flat), sizes)
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let operands = site.operands
    let (key, value) = try joined(operands)
    let query = try grouped(operands[0], key)
    let scores = try scores(operands, key)
    let wide = scores.elementType
    let rows = Shape(Array(scores.shape.prefix(4)) + [1])
    let weights = try exp(scores - broadcast(reshape(site.results[1], rows), to: scores))
    var (scoreGradient, valueGradient): (Value?, Value?)
    if let gradient = site.gradients[0] {
      let own = try convert(
        reshape(gradient, Shape(query.shape.dropLast() + [value.shape[3]])), to: wide)
      let wideValue = try convert(value, to: wide)
      valueGradient = try dotGeneral(
        weights, own, lhsBatching: [0, 1], rhsBatching: [0, 1], lhsContracting: [2, 3],
        rhsContracting: [2, 3])
      let weightGradient = try dotGeneral(
        own, wideValue, lhsBatching: [0, 1], rhsBatching: [0, 1], lhsContracting: [4],
        rhsContracting: [3])
      let output = try convert(reshape(site.results[0], own.shape), to: wide)
      let along = try sum(own * output, axes: [4], keepingAxes: true)
      scoreGradient = try weights * (weightGradient - broadcast(along, to: weightGradient))
    }
    if let gradient = site.gradients[1] {
      let part = try weights * broadcast(reshape(gradient, rows), to: weights)
      scoreGradient = try scoreGradient.map { try $0 + part } ?? part
    }
    return try spread(site, query, key, scoreGradient, valueGradient)
  }

  /// The operands' gradients from those of scores and joined value.
  private func spread(
    _ site: GradientSite, _ query: Value, _ key: Value, _ scores: Value?, _ value: Value?
  ) throws -> [Value?] {
    var gradients = [Value?](repeating: nil, count: site.operands.count)
    let element = key.elementType
    var (keyGradient, valueGradient) = (
      hasPast ? site.gradients[2] : nil, hasPast ? site.gradients[3] : nil
    )
    if let value {
      let own = try convert(value, to: element)
      valueGradient = try valueGradient.map { try $0 + own } ?? own
    }
    if let scores {
      let scaled = try scores * factor(query)
      let wideKey = try convert(key, to: scores.elementType)
      let back = try dotGeneral(
        scaled, wideKey, lhsBatching: [0, 1], rhsBatching: [0, 1], lhsContracting: [4],
        rhsContracting: [2])
      gradients[0] = try convert(reshape(back, site.operands[0].shape), to: element)
      let own = try dotGeneral(
        scaled, convert(query, to: scores.elementType), lhsBatching: [0, 1], rhsBatching: [0, 1],
        lhsContracting: [2, 3], rhsContracting: [2, 3])
      let narrow = try convert(own, to: element)
      keyGradient = try keyGradient.map { try $0 + narrow } ?? narrow
      if hasMask, site.wanted[3] {
        let sizes = scores.shape
        let flat = try reshape(
          scores, Shape([sizes[0], sizes[1] * sizes[2], sizes[3], sizes[4]]))
        gradients[3] = try convert(flat.summed(to: site.operands[3].shape), to: element)
      }
    }
    for (joined, place) in [(keyGradient, 1), (valueGradient, 2)] {
      guard let joined else { continue }
      guard hasPast else {
        gradients[place] = joined
        continue
      }
      let past = site.operands.count - 3 + place
      let edge = site.operands[past].shape[2]
      gradients[past] = try slice(joined, axis: 2, from: 0, to: edge)
      gradients[place] = try slice(joined, axis: 2, from: edge)
    }
    return gradients
  }
}

extension Value {
  /// Summed over the axes that were repeated to get here from a shape.
  func summed(to shape: Shape) throws -> Value {
    let first = rank - shape.rank
    let repeated = self.shape.indices.filter { axis in
      axis < first || shape[axis - first] == 1 && self.shape[axis] != 1
    }
    return try reshape(sum(self, axes: repeated, keepingAxes: true), shape)
  }
}
