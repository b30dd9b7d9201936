import TenonGraph
import TenonOps
import TenonTensor

/// (x - mean) / √(mean of squares + ε), or x / √(mean of squares + ε), over the last axes.
struct DecomposedNormalization: RewriteRule {
  static let name = "decomposed-normalization"
  static let ops = OpSelection.types(Divide.self, Multiply.self)
  static let isExact = false

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let result = site.result()
    guard result.elementType.isFloat else { return nil }
    for (position, divisor) in site.divisors() {
      let value = site.operand(1 - position)
      guard let square = site.squareUnder(divisor), let mean = site.lastAxesMean(square.value),
        let root = site.squared(mean.x), root.id == value.id
      else { continue }
      if let (_, node) = site.producer(value, as: Subtract.self),
        let average = site.lastAxesMean(site.unbroadcast(site.operand(1, of: node))),
        average.rank == mean.rank, average.x.id == site.operand(0, of: node).id
      {
        return .replace(
          try layerNorm(average.x, normalizedRank: mean.rank, epsilon: square.epsilon),
          because: "a value less its mean over its deviation is layer normalization")
      }
      return .replace(
        try rmsNorm(value, normalizedRank: mean.rank, epsilon: square.epsilon),
        because: "a value over the root of its mean square is such a normalization")
    }
    return nil
  }
}

/// A normalization whose result is scaled, then shifted, along the normalized axes takes both.
struct ScaledNormalization: RewriteRule {
  static let name = "scaled-normalization"
  static let ops = OpSelection.types(Multiply.self, Add.self)
  static let isExact = false

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    for side in [0, 1] {
      let value = site.operand(side)
      let isSum = site.op is Add
      guard
        let parameter = site.parameter(site.operand(1 - side), of: value),
        site.useCount(value) == 1
      else { continue }
      if let (norm, node) = site.producer(value, as: LayerNormalization.self),
        site.graph.operandCount(node) == (isSum ? 2 : 1), norm.normalizedRank == parameter.rank
      {
        let scale = isSum ? site.operand(1, of: node) : parameter
        return .replace(
          try layerNorm(
            site.operand(0, of: node), scale: scale, bias: isSum ? parameter : nil,
            normalizedRank: norm.normalizedRank, epsilon: norm.epsilon),
          because: "what follows is its \(isSum ? "bias" : "scale")")
      }
      if !isSum, let (norm, node) = site.producer(value, as: RMSNormalization.self),
        site.graph.operandCount(node) == 1, norm.normalizedRank == parameter.rank
      {
        return .replace(
          try rmsNorm(
            site.operand(0, of: node), scale: parameter, normalizedRank: norm.normalizedRank,
            epsilon: norm.epsilon), because: "what follows is its scale")
      }
    }
    return nil
  }
}

extension RewriteSite {
  /// Operands that divide the other: of a division the second; of a product such as are 1 / y or
  /// 1 / √y.
  fileprivate func divisors() -> [(Int, Value)] {
    op is Divide ? [(1, operand(1))] : [(0, operand(0)), (1, operand(1))]
  }

  /// The mean of squares and the ε added to it under a root that divides.
  fileprivate func squareUnder(_ divisor: Value) -> (value: Value, epsilon: Double)? {
    let value = unbroadcast(divisor)
    var inner: Value
    if op is Divide {
      guard let (_, node) = producer(value, as: SquareRoot.self) else { return nil }
      inner = operand(0, of: node)
    } else if let (_, node) = producer(value, as: ReciprocalSquareRoot.self) {
      inner = operand(0, of: node)
    } else if let (_, node) = producer(value, as: Divide.self),
      number(operand(0, of: node)) == 1,
      let (_, root) = producer(unbroadcast(operand(1, of: node)), as: SquareRoot.self)
    {
      inner = operand(0, of: root)
    } else {
      return nil
    }
    inner = unbroadcast(inner)
    guard let (_, node) = producer(inner, as: Add.self) else { return nil }
    for side in [0, 1] {
      if let epsilon = number(operand(side, of: node)), epsilon >= 0 {
        return (unbroadcast(operand(1 - side, of: node)), epsilon)
      }
    }
    return nil
  }

  /// What a value is the square of.
  fileprivate func squared(_ value: Value) -> Value? {
    if let (_, node) = producer(value, as: Multiply.self),
      operand(0, of: node).id == operand(1, of: node).id
    {
      return operand(0, of: node)
    }
    if let (_, node) = producer(value, as: Power.self), number(operand(1, of: node)) == 2 {
      return operand(0, of: node)
    }
    return nil
  }

  /// What a value is the mean of, over how many last axes.
  fileprivate func lastAxesMean(_ value: Value) -> (x: Value, rank: Int)? {
    guard let (_, node) = producer(value, as: Divide.self),
      let count = number(operand(1, of: node))
    else { return nil }
    var total = operand(0, of: node)
    if let (_, view) = producer(total, as: Reshape.self) { total = operand(0, of: view) }
    guard let (reduce, sum) = producer(total, as: Reduce.self),
      graph.operandCount(sum) == 2, number(operand(1, of: sum)) == 0,
      adds(graph.regions(sum)[graph.regions(sum).startIndex])
    else { return nil }
    let x = operand(0, of: sum)
    let axes = reduce.dimensions.sorted()
    let rank = axes.count
    guard rank > 0, axes == Array(x.rank - rank..<x.rank),
      Shape(axes.map { x.shape[$0] }).elementCount.constant.map({ Double($0) == count }) == true
    else { return nil }
    return (x, rank)
  }

  /// Whether a region adds its two arguments.
  private func adds(_ region: RegionID) -> Bool {
    let nodes = Array(graph.nodes(region))
    return nodes.count == 1 && graph.op(nodes[0]) is Add
  }

  /// The value that is repeated along axes of size 1, or reshaped to or from such.
  func unbroadcast(_ value: Value) -> Value {
    var current = value
    while let node = producer(current) {
      let inner = operand(0, of: node)
      switch graph.op(node) {
      case is BroadcastInDim, is Reshape:
        let plain = { (shape: Shape) in shape.filter { $0 != 1 } }
        // Repeating keeps the sizes that are not 1, in order; so does a reshape.
        guard
          graph.op(node) is BroadcastInDim && inner.rank == current.rank
            || plain(inner.shape).elementsEqual(plain(current.shape))
        else { return current }
        current = inner
      default: return current
      }
    }
    return current
  }

  /// A parameter that is repeated to a value's shape along its last axes.
  fileprivate func parameter(_ repeated: Value, of value: Value) -> Value? {
    guard let (view, node) = producer(repeated, as: BroadcastInDim.self) else { return nil }
    let own = operand(0, of: node)
    let last = Array(value.rank - own.rank..<value.rank)
    guard own.rank > 0, view.dimensions == last,
      zip(last, own.shape).allSatisfy({ value.shape[$0] == $1 }),
      own.elementType == value.elementType
    else { return nil }
    return own
  }
}
