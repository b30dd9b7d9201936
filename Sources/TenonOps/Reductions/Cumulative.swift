import TenonGraph
import TenonTensor

/// k tensors combined along an axis, starting from k initial values of rank 0: each result element
/// combines all operand elements up to its own, or before it where exclusive; from the end where
/// reversed. The region combines what is so far with the next, and must be associative.
public struct Cumulative: PrimitiveOp {
  public static let name = "cumulative"
  public static let signature = Signature(["operands…"], ["results…"], regions: ["combiner"])
  public let axis: Int
  public let isExclusive: Bool
  public let isReversed: Bool

  public init(axis: Int, isExclusive: Bool = false, isReversed: Bool = false) {
    self.axis = axis
    self.isExclusive = isExclusive
    self.isReversed = isReversed
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let tensors = try site.requireCombiner()
    try site.requireAxes([axis], rank: tensors[0].rank)
    return tensors.map { .tensor($0) }
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let count = operands.count / 2
    let rows = operands[0].rows(along: axis).map { isReversed ? $0.reversed() : $0 }
    let total = operands[0].elementCount
    if count == 1, let combine = ReferenceCombiner(site.combiner(0), operands[0].elementType) {
      return [try scan(operands, rows, combine, site)]
    }
    var results = (0..<count).map { _ in [Tensor?](repeating: nil, count: total) }
    for row in rows {
      var sofar = Array(operands[count...])
      for offset in row {
        let next = try operands[..<count].map { try $0.element(at: offset) }
        let combined = try site.callRegion(0, sofar + next)
        for place in 0..<count { results[place][offset] = (isExclusive ? sofar : combined)[place] }
        sofar = combined
      }
    }
    return try results.enumerated().map { position, scalars in
      try Tensor(
        joining: scalars.map { $0! }, site.resultElements[position],
        shape: site.resultShapes[position])
    }
  }

  private func scan(
    _ operands: [Tensor], _ rows: [[Int]], _ combine: ReferenceCombiner, _ site: EvaluationSite
  ) throws -> Tensor {
    func run<Number>(_ values: [Number], _ first: Number, _ step: (Number, Number) -> Number)
      -> [Number]
    {
      var results = values
      for row in rows {
        var sofar = first
        for offset in row {
          let next = step(sofar, values[offset])
          results[offset] = isExclusive ? sofar : next
          sofar = next
        }
      }
      return results
    }
    switch (try operands[0].elements(), try operands[1].elements()) {
    case (.floats(let x), .floats(let start)):
      return try site.result(0, .floats(run(x, start[0], combine.float)))
    case (.integers(let x), .integers(let start)):
      return try site.result(0, .integers(run(x, start[0], combine.wrappedInteger)))
    default: preconditionFailure("internal: operands of two kinds")
    }
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    guard case .success(let combiner) = RegionExpressions.combiner(site.regions[0], of: site.graph)
    else { return .host }
    return .prefixScan(
      PrefixScan(
        axis: axis, combiner: combiner, isExclusive: isExclusive, isReversed: isReversed))
  }

  public static var samples: Samples {
    Samples { element in
      let running = Dimension(.running("n", maximum: 9))
      let shapes: [(Shape, Int)] = [
        ([7], 0), ([3, 5], 0), ([3, 5], 1), ([0], 0), ([0, 2], 1), ([2, 67], 1), ([2, 3, 4], 1),
        ([running, 3], 0),
      ]
      let combiners: [any Op] =
        element == .bool ? [And(), Or()] : [Add(), Multiply(), Maximum(), Minimum()]
      return combiners.enumerated().flatMap { place, op in
        shapes.enumerated().map { number, one in
          let (isExclusive, isReversed) = (number % 2 == 1, (number + place) % 3 == 1)
          let cumulative = Cumulative(
            axis: one.1, isExclusive: isExclusive, isReversed: isReversed)
          return Samples.Case(
            cumulative, [TensorType(element, one.0), TensorType(element, .scalar)],
            record: { graph, values in
              try graph.apply(
                cumulative, values, regions: [graph.combiner(op, element)], site: CallSite())
            })
        }
      }
    }
  }
}

extension Tensor {
  /// The offsets of the elements of each row along an axis, ascending.
  func rows(along axis: Int) -> [[Int]] {
    let strides = RowMajor.strides(shape)
    var others = shape
    others[axis] = 1
    var rows: [[Int]] = []
    RowMajor.forEachIndex(others) { index in
      let first = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
      rows.append((0..<shape[axis]).map { first + $0 * strides[axis] })
    }
    return rows
  }
}

extension ReferenceCombiner {
  /// Two integers combined and brought into the element type.
  func wrappedInteger(_ a: Int64, _ b: Int64) -> Int64 {
    ReferenceArithmetic.wrapped(integer(a, b), element)
  }
}
