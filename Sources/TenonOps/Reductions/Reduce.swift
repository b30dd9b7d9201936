import TenonGraph
import TenonTensor

/// k tensors combined along axes, starting from k initial values of rank 0; the region combines two
/// k-tuples of scalars and must be associative.
///
/// An axis of size 0 gives the initial values.
public struct Reduce: PrimitiveOp {
  public static let name = "reduce"
  public static let signature = Signature(["operands…"], ["results…"], regions: ["combiner"])
  public let dimensions: [Int]

  public init(dimensions: [Int]) { self.dimensions = dimensions.sorted() }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let tensors = try site.requireCombiner()
    let shape = tensors[0].shape
    try site.requireAxes(dimensions, rank: shape.rank)
    let kept = Shape(shape.indices.filter { !dimensions.contains($0) }.map { shape[$0] })
    return tensors.map { .tensor($0.element, kept) }
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let count = operands.count / 2
    let groups = elementGroups(operands[0].shape)
    if count == 1, let combine = ReferenceCombiner(site.combiner(0), operands[0].elementType) {
      return [try combine.reduce(operands[0], operands[1], groups, site)]
    }
    var results = [[Tensor]](repeating: [], count: count)
    for group in groups {
      var sofar = Array(operands[count...])
      for offset in group {
        let next = try operands[..<count].map { try $0.element(at: offset) }
        sofar = try site.callRegion(0, sofar + next)
      }
      for position in 0..<count { results[position].append(sofar[position]) }
    }
    return try results.enumerated().map { position, scalars in
      try Tensor(
        joining: scalars, site.resultElements[position], shape: site.resultShapes[position])
    }
  }

  /// For each result element, the offsets of the elements combined into it, ascending.
  private func elementGroups(_ sizes: [Int]) -> [[Int]] {
    let strides = RowMajor.strides(sizes)
    let kept = sizes.indices.filter { !dimensions.contains($0) }
    var inner: [Int] = []
    RowMajor.forEachIndex(dimensions.map { sizes[$0] }) { index in
      inner.append(zip(index, dimensions).reduce(0) { $0 + $1.0 * strides[$1.1] })
    }
    var groups: [[Int]] = []
    RowMajor.forEachIndex(kept.map { sizes[$0] }) { index in
      let base = zip(index, kept).reduce(0) { $0 + $1.0 * strides[$1.1] }
      groups.append(inner.map { $0 + base })
    }
    return groups
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let count = site.operands.count / 2
    guard case .success(let combiner) = RegionExpressions.combiner(site.regions[0], of: site.graph)
    else { return .host }
    let source = site.operands[0].shape
    var index = source.indices.map { _ in IndexExpression(0) }
    let kept = source.indices.filter { !dimensions.contains($0) }
    for (axis, place) in (kept + dimensions).enumerated() { index[place] = .axis(axis) }
    var program = ScalarProgram()
    var (values, initial): ([ScalarID], [ScalarID]) = ([], [])
    var isNamed = true
    if case .program = combiner { isNamed = false }
    for position in 0..<count {
      let element = site.operands[position].element
      let value = program.load(position, element, index)
      let start = program.load(position + count, element, [])
      values.append(isNamed ? program.widened(value) : value)
      initial.append(isNamed ? program.widened(start) : start)
    }
    var final = ScalarProgram()
    let results = values.indices.map { position in
      let reduced = final.add(.reduced(position), program.type(values[position]))
      return final.convert(reduced, to: site.results[position].element)
    }
    return .compute(
      Compute(
        axes: site.results[0].shape.dimensions,
        reduction: Compute.Reduction(
          axes: dimensions.map { source[$0] }, program: program, values: values, initial: initial,
          combiner: combiner),
        program: final, results: results))
  }

  public static var samples: Samples {
    Samples { element in
      let shapes: [(Shape, [Int])] = [
        ([7], [0]), ([3, 5], [0]), ([3, 5], [1]), ([0, 3], [0]), ([3, 0], [0]),
        ([2, 67, 3], [1]), ([2, 3, 4], [0, 2]), ([4], []), ([1, 130], [1]),
      ]
      let combiners: [any Op] =
        element == .bool
        ? [And(), Or()]
        : [Add(), Multiply(), Maximum(), Minimum()] + (element.isInteger ? [And(), Or()] : [])
      return combiners.flatMap { combiner in
        shapes.map { shape, axes in
          Samples.Case(
            Reduce(dimensions: axes), [TensorType(element, shape), TensorType(element, .scalar)],
            record: { graph, values in
              [try graph.reduce(values, by: combiner, axes: axes)]
            })
        }
      }
    }
  }
}

extension Graph {
  /// One tensor and its initial value combined along axes by a binary op.
  func reduce(_ values: [Value], by op: any Op, axes: [Int]) throws -> Value {
    let region = try combiner(op, values[0].elementType)
    return try apply1(Reduce(dimensions: axes), values, regions: [region], site: CallSite())
  }
}

extension Value {
  /// The value combined along axes by a named binary op.
  func reduced(
    by op: any Op, from initial: Value, axes: [Int]?, keepingAxes: Bool, site: CallSite
  ) throws -> Value {
    let axes = (axes ?? Array(0..<rank)).map { $0 < 0 ? $0 + rank : $0 }
    if axes.isEmpty { return self }
    let region = try graph.combiner(op, elementType)
    let result = try graph.apply1(
      Reduce(dimensions: axes), [self, initial], regions: [region], site: site)
    guard keepingAxes else { return result }
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    return try graph.apply1(Reshape(to: kept), [result], site: site)
  }
}
