import TenonGraph
import TenonTensor

/// The elements in the opposite order along the axes given.
public struct Reverse: PrimitiveOp {
  public static let name = "reverse"
  public static let signature = Signature(["x"])
  public let dimensions: [Int]

  public init(dimensions: [Int]) { self.dimensions = dimensions.sorted() }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    try site.requireAxes(dimensions, rank: x.rank)
    return [.tensor(x.element, x.shape)]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    site.knownElements(0).map { dimensions.isEmpty ? $0 : $0.reversed() }
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let sizes = operands[0].shape
    return [
      try operands[0].gathered(sizes) { index in
        sizes.indices.map {
          dimensions.contains($0) ? sizes[$0] - 1 - index[$0] : index[$0]
        }
      }
    ]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try site.graph.apply1(self, [site.gradient], site: CallSite())]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let shape = site.results[0].shape
    let index = shape.indices.map {
      dimensions.contains($0)
        ? IndexExpression(shape[$0] - 1) - .axis($0) : IndexExpression.axis($0)
    }
    return .compute(.view(site, index))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, [Int])] = [
        ([7], [0]), ([], []), ([0], [0]), ([3, 67], [1]), ([2, 3, 4], [0, 2]), ([5], []),
        ([running, 3], [0]),
      ]
      return cases.map { Samples.Case(Reverse(dimensions: $1), [TensorType(element, $0)]) }
    }
  }
}

/// The elements in the opposite order along `axes`.
///
/// - Throws: `axis` where one is out of range or given twice.
public func reverse(
  _ x: Value, axes: [Int], fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  let dimensions = try axes.map { try x.axis($0, of: "reverse", site: site) }
  return try x.graph.apply1(Reverse(dimensions: dimensions), [x], site: site)
}
