import TenonGraph
import TenonOps
import TenonTensor

/// softmax(scale · Q Kᵀ + mask) V, with or without what replaces NaN after the softmax.
struct DecomposedAttention: RewriteRule {
  static let name = "decomposed-attention"
  static let ops = OpSelection.types(Matmul.self)
  static let isExact = false

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let value = site.operand(1)
    guard value.rank == 4, let found = site.softmax(site.operand(0)) else { return nil }
    var scores = found.scores
    var mask: Value?
    if let (_, node) = site.producer(scores, as: Add.self) {
      for side in [0, 1] where site.isScaledProduct(site.operand(side, of: node)) {
        (scores, mask) = (site.operand(side, of: node), site.operand(1 - side, of: node))
        break
      }
    } else if let (_, node) = site.producer(scores, as: Select.self),
      site.number(site.operand(2, of: node)) == -.infinity
    {
      (scores, mask) = (site.operand(1, of: node), site.operand(0, of: node))
    }
    guard let product = site.product(scores), product.leaves.count == 1,
      let (_, node) = site.producer(product.leaves[0], as: Matmul.self)
    else { return nil }
    guard let query = site.product(site.operand(0, of: node)), query.leaves.count == 1,
      let key = site.product(site.operand(1, of: node)), key.leaves.count == 1,
      query.leaves[0].rank == 4, key.leaves[0].rank == 4
    else { return nil }
    let (own, turned) = (query.leaves[0], key.leaves[0])
    guard own.shape[0] == turned.shape[0], own.shape[0] == value.shape[0],
      own.shape[1] == turned.shape[1], own.shape[1] == value.shape[1],
      turned.shape[3] == value.shape[2]
    else { return nil }
    if let mask, !found.replacesNaN, !site.seesInEachRow(mask) {
      return .refuse(
        because: "a row may see nothing, for which the softmax gives NaN, the op zeros")
    }
    let scale = product.factor * query.factor * key.factor
    guard scale.isFinite, scale > 0 else { return nil }
    let positions = try transpose(turned, [0, 1, 3, 2])
    let seen = mask.map { mask -> Value in
      guard let (_, node) = site.producer(mask, as: BroadcastInDim.self) else { return mask }
      let inner = site.operand(0, of: node)
      return inner.rank == mask.rank ? inner : mask
    }
    let results = try site.graph.apply(
      ScaledDotProductAttention(scale: scale, hasMask: mask != nil),
      [own, positions, value] + (seen.map { [$0] } ?? []), site: CallSite())
    let attention =
      try found.replacesNaN
      ? site.withoutNaNRows(results[0], sums: results[1], value) : results[0]
    guard site.fits(attention) else { return nil }
    return .replace(attention, because: "softmax(scale · Q Kᵀ + mask) V is attention")
  }
}

extension RewriteSite {
  /// The scores of a softmax over the last axis, and whether NaN becomes 0 after it.
  fileprivate func softmax(_ value: Value) -> (scores: Value, replacesNaN: Bool)? {
    if let (_, node) = producer(value, as: Select.self) {
      let (test, zero, weights) = (
        operand(0, of: node), operand(1, of: node), operand(2, of: node)
      )
      guard number(zero) == 0, let (compare, check) = producer(test, as: Compare.self),
        compare.direction == .notEqual, operand(0, of: check).id == weights.id,
        operand(1, of: check).id == weights.id, let inner = softmax(weights), !inner.replacesNaN
      else { return nil }
      return (inner.scores, true)
    }
    guard let (softmax, node) = producer(value, as: Softmax.self),
      softmax.axis == -1 || softmax.axis == value.rank - 1
    else { return nil }
    return (operand(0, of: node), false)
  }

  /// The attention with zeros as the weights of rows whose sum of exponentials is NaN.
  fileprivate func withoutNaNRows(_ attention: Value, sums: Value, _ value: Value) throws -> Value {
    func repeated(_ part: Value, _ axes: [Int]) throws -> Value {
      try graph.apply1(
        BroadcastInDim(shape: attention.shape, dimensions: axes), [part], site: CallSite())
    }
    // Not 0 where a value is no number.
    let nothing = try sum(value * 0, axes: [2])
    return try select(
      repeated(notEqual(sums, sums), [0, 1, 2]), repeated(nothing, [0, 1, 3]), attention)
  }

  /// Whether a value is a product of matrices times a number.
  fileprivate func isScaledProduct(_ value: Value) -> Bool {
    guard let product = product(value), product.leaves.count == 1 else { return false }
    return producer(product.leaves[0], as: Matmul.self) != nil
  }

  /// Whether each row of a mask has a position that is surely seen.
  fileprivate func seesInEachRow(_ mask: Value) -> Bool {
    var source = mask
    while let (_, node) = producer(source, as: BroadcastInDim.self) {
      source = operand(0, of: node)
    }
    guard let (constant, _) = producer(source, as: Constant.self), source.rank > 0 else {
      return false
    }
    let tensor = constant.value.tensor
    guard let width = tensor.shape.last, width > 0, tensor.elementCount <= 1 << 20,
      source.shape[source.rank - 1] == mask.shape[mask.rank - 1],
      let numbers = try? tensor.elementType == .bool
        ? tensor.integers().map({ $0 != 0 ? 0 : -Double.infinity }) : tensor.doubles()
    else { return false }
    return stride(from: 0, to: numbers.count, by: width).allSatisfy { start in
      numbers[start..<start + width].contains { $0 > -1e30 }
    }
  }
}
