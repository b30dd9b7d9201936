import TenonGraph
import TenonTensor

/// The axes in another order: axis k of the result is axis `permutation[k]` of the operand.
public struct Transpose: PrimitiveOp {
  public static let name = "transpose"
  public static let signature = Signature(["x"])
  public let permutation: [Int]

  public init(_ permutation: [Int]) { self.permutation = permutation }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    try site.require(
      permutation.sorted() == Array(0..<x.rank), "axis",
      "the permutation \(permutation) must name each of the \(x.rank) axes once")
    return [.tensor(x.element, Shape(permutation.map { x.shape[$0] }))]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? { site.knownElements(0) }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    [try operands[0].gathered(site.resultShapes[0]) { index in inverse.map { index[$0] } }]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try transpose(site.gradient, inverse)]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    .compute(.view(site, inverse.map { .axis($0) }))
  }

  /// Where each axis of the operand lies in the result.
  public var inverse: [Int] {
    var inverse = [Int](repeating: 0, count: permutation.count)
    for (place, axis) in permutation.enumerated() { inverse[axis] = place }
    return inverse
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, [Int])] = [
        ([2, 3], [1, 0]), ([], []), ([5], [0]), ([2, 3, 4], [2, 0, 1]), ([3, 0], [1, 0]),
        ([1, 67, 3], [1, 2, 0]), ([2, 1, 3, 2], [3, 1, 0, 2]), ([running, 3], [1, 0]),
      ]
      return cases.map { Samples.Case(Transpose($1), [TensorType(element, $0)]) }
    }
  }
}

/// The axes in another order: axis k of the result is axis `permutation[k]` of `x`; without a
/// permutation, all reversed.
///
/// - Throws: `axis` where the permutation does not name each axis once.
public func transpose(
  _ x: Value, _ permutation: [Int]? = nil, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let order = permutation ?? (0..<x.rank).reversed()
  if order == Array(0..<x.rank) { return x }
  return try x.graph.apply1(Transpose(order), [x], site: CallSite(fileID: fileID, line: line))
}
