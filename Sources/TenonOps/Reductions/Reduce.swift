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
    let count = site.operandCount / 2
    try site.require(
      count > 0 && site.operandCount == 2 * count && site.regionCount == 1, "operand-count",
      "takes k tensors, k initial values and one combiner")
    let first = try site.tensor(0)
    for (place, axis) in dimensions.enumerated() {
      try site.require(
        first.shape.indices.contains(axis), "axis",
        "axis \(axis) is out of range for rank \(first.rank)")
      try site.require(!dimensions[..<place].contains(axis), "axis", "axis \(axis) is given twice")
    }
    let kept = Shape(
      first.shape.indices.filter { !dimensions.contains($0) }.map { first.shape[$0] })
    var scalars: [ValueType] = []
    for position in 0..<count {
      let (operand, initial) = (try site.tensor(position), try site.tensor(position + count))
      try site.requireEqual(
        operand.shape, first.shape, "shape-mismatch", "operands must have one shape")
      try site.require(
        initial.rank == 0 && initial.element == operand.element, "shape-mismatch",
        "initial value \(position) must be \(operand.element)[], not \(initial)")
      scalars.append(.tensor(operand.element, .scalar))
    }
    let region = site.region(0)
    try site.require(
      region.arguments == scalars + scalars && region.results == scalars, "region",
      "the combiner must take \(2 * count) scalars of the operands' types and give \(count)")
    return scalars.map { .tensor($0.tensor!.element, kept) }
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

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let combiner = try? RegionExpressions.combiner(site.regions[0], of: site.graph).get()
    guard site.operands.count == 2, let combiner else { throw TenonError.noGradient(Self.name) }
    let x = site.operands[0]
    func expanded(_ value: Value) throws -> Value {
      let kept = x.shape.indices.filter { !dimensions.contains($0) }
      return try value.graph.apply1(
        BroadcastInDim(shape: x.shape, dimensions: kept), [value], site: CallSite())
    }
    let initial =
      site.wanted[1] && combiner == .sum ? try sum(site.gradient) : nil
    switch combiner {
    case .sum: return [try expanded(site.gradient), initial]
    case .maximum, .minimum:
      // Elements equal to the result share its gradient evenly.
      let isChosen = try convert(equal(x, expanded(site.results[0])), to: x.elementType)
      let shares = try sum(isChosen, axes: dimensions)
      return [try expanded(site.gradient / shares) * isChosen, nil]
    default: throw TenonError.noGradient("reduce with this combiner")
    }
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
}

extension Value {
  /// The value combined along axes by a named binary op.
  func reduced(
    by op: any Op, from initial: Value, axes: [Int]?, keepingAxes: Bool, site: CallSite
  ) throws -> Value {
    let axes = (axes ?? Array(0..<rank)).map { $0 < 0 ? $0 + rank : $0 }
    if axes.isEmpty { return self }
    let scalar = ValueType.tensor(elementType, .scalar)
    let region = try graph.recordClosedRegion([scalar, scalar]) {
      try graph.applyAny(op, $0, site: site)
    }
    let result = try graph.apply1(
      Reduce(dimensions: axes), [self, initial], regions: [region], site: site)
    guard keepingAxes else { return result }
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    return try graph.apply1(Reshape(to: kept), [result], site: site)
  }
}

/// The sum along axes (all of them where none are given; negative ones count from the back).
///
/// - Parameter keepingAxes: keeps the axes with size 1.
/// - Throws: `axis`, or `element-type`.
public func sum(
  _ x: Value, axes: [Int]? = nil, keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.reduced(
    by: Add(), from: x.graph.scalar(0, x.elementType, site: site), axes: axes,
    keepingAxes: keepingAxes, site: site)
}

/// The product along axes, as `sum`.
///
/// - Throws: `axis`, or `element-type`.
public func product(
  _ x: Value, axes: [Int]? = nil, keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.reduced(
    by: Multiply(), from: x.graph.scalar(1, x.elementType, site: site), axes: axes,
    keepingAxes: keepingAxes, site: site)
}

/// The mean along axes, as `sum`; floats only.
///
/// - Throws: `axis`, or `element-type`.
public func mean(
  _ x: Value, axes: [Int]? = nil, keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let total = try sum(x, axes: axes, keepingAxes: keepingAxes, fileID: fileID, line: line)
  let reduced = (axes ?? Array(0..<x.rank)).map { x.shape[$0 < 0 ? $0 + x.rank : $0] }
  let count = try x.graph.size(
    reduced.reduce(1, *), x.elementType, site: CallSite(fileID: fileID, line: line))
  return try x.graph.apply1(
    Divide(), [total, broadcast(count, to: total)], site: CallSite(fileID: fileID, line: line))
}

/// The largest element along axes, as `sum`; NaN if any is NaN. Without elements, minus infinity or
/// the least integer.
///
/// - Throws: `axis`, or `element-type`.
public func maximum(
  _ x: Value, axes: [Int]?, keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.reduced(
    by: Maximum(), from: x.graph.extreme(x.elementType, isLargest: false, site: site), axes: axes,
    keepingAxes: keepingAxes, site: site)
}

/// The smallest element along axes, as `sum`; NaN if any is NaN. Without elements, infinity or the
/// greatest integer.
///
/// - Throws: `axis`, or `element-type`.
public func minimum(
  _ x: Value, axes: [Int]?, keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.reduced(
    by: Minimum(), from: x.graph.extreme(x.elementType, isLargest: true, site: site), axes: axes,
    keepingAxes: keepingAxes, site: site)
}

extension Graph {
  /// Plus or minus infinity, or the greatest or least integer.
  func extreme(_ element: ElementType, isLargest: Bool, site: CallSite) throws -> Value {
    let tensor: Tensor
    if element.isFloat {
      tensor = try Tensor(element, shape: [], doubles: [isLargest ? .infinity : -.infinity])
    } else {
      let value = isLargest ? element.maximumInteger ?? -1 : element.minimumInteger
      tensor = try Tensor(element, shape: [], integers: [value])
    }
    return try apply1(Constant(tensor), [], site: site)
  }
}
