import TenonGraph
import TenonTensor

/// Products summed over contracting axes, for each batch: the result's axes are the batching ones,
/// then the left operand's others, then the right one's.
///
/// Floats of 32 bits and fewer accumulate in f32 or wider and round once; with integer operands the
/// result may be wider (`result: .i32` for bytes, of which one operand may have a sign and the other
/// none).
public struct DotGeneral: PrimitiveOp {
  public static let name = "dot_general"
  public static let signature = Signature(["lhs", "rhs"])
  public let lhsBatching: [Int]
  public let rhsBatching: [Int]
  public let lhsContracting: [Int]
  public let rhsContracting: [Int]
  public let result: ElementType?

  public init(
    lhsBatching: [Int] = [], rhsBatching: [Int] = [], lhsContracting: [Int],
    rhsContracting: [Int], result: ElementType? = nil
  ) {
    self.lhsBatching = lhsBatching
    self.rhsBatching = rhsBatching
    self.lhsContracting = lhsContracting
    self.rhsContracting = rhsContracting
    self.result = result
  }

  func lhsFree(_ rank: Int) -> [Int] {
    (0..<rank).filter { !lhsBatching.contains($0) && !lhsContracting.contains($0) }
  }

  func rhsFree(_ rank: Int) -> [Int] {
    (0..<rank).filter { !rhsBatching.contains($0) && !rhsContracting.contains($0) }
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (lhs, rhs) = (try site.tensor(0), try site.tensor(1))
    try site.requireFactors(result)
    try site.require(
      !lhs.element.isStorageOnly && lhs.element != .bool, "element-type",
      "is not defined for \(lhs.element)")
    for (axes, type, side) in [
      (lhsBatching + lhsContracting, lhs, "lhs"), (rhsBatching + rhsContracting, rhs, "rhs"),
    ] {
      for (place, axis) in axes.enumerated() {
        try site.require(
          type.shape.indices.contains(axis), "axis",
          "\(side) axis \(axis) is out of range for rank \(type.rank)")
        try site.require(
          !axes[..<place].contains(axis), "axis", "\(side) axis \(axis) is given twice")
      }
    }
    try site.require(
      lhsBatching.count == rhsBatching.count && lhsContracting.count == rhsContracting.count,
      "axis", "both operands need as many batching and as many contracting axes")
    for (a, b) in zip(lhsBatching, rhsBatching) {
      try site.requireEqual(
        lhs.shape[a], rhs.shape[b], "shape-mismatch",
        "batching sizes \(lhs.shape[a]) and \(rhs.shape[b]) differ")
    }
    for (a, b) in zip(lhsContracting, rhsContracting) {
      try site.requireEqual(
        lhs.shape[a], rhs.shape[b], "shape-mismatch",
        "contracting sizes \(lhs.shape[a]) and \(rhs.shape[b]) differ")
    }
    let element = result ?? lhs.element
    try site.require(
      element == lhs.element || element.isInteger && lhs.element.isInteger
        || element.isFloat && lhs.element.isFloat && !element.isStorageOnly,
      "element-type", "a result of \(element) cannot hold products of \(lhs.element)")
    let sizes =
      lhsBatching.map { lhs.shape[$0] } + lhsFree(lhs.rank).map { lhs.shape[$0] }
      + rhsFree(rhs.rank).map { rhs.shape[$0] }
    return [.tensor(element, Shape(sizes))]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let (lhs, rhs) = (operands[0], operands[1])
    func offsets(_ tensor: Tensor, _ axes: [Int]) -> [Int] {
      let strides = RowMajor.strides(tensor.shape)
      var found: [Int] = []
      RowMajor.forEachIndex(axes.map { tensor.shape[$0] }) { index in
        found.append(zip(index, axes).reduce(0) { $0 + $1.0 * strides[$1.1] })
      }
      return found
    }
    let batches = zip(offsets(lhs, lhsBatching), offsets(rhs, rhsBatching))
    let rows = offsets(lhs, lhsFree(lhs.rank))
    let columns = offsets(rhs, rhsFree(rhs.rank))
    let inner = Array(zip(offsets(lhs, lhsContracting), offsets(rhs, rhsContracting)))
    func contract<Number>(_ zero: Number, _ step: (Number, Int, Int) -> Number) -> [Number] {
      var values: [Number] = []
      for (a, b) in batches {
        for row in rows {
          for column in columns {
            values.append(inner.reduce(zero) { step($0, a + row + $1.0, b + column + $1.1) })
          }
        }
      }
      return values
    }
    switch (try lhs.elements(), try rhs.elements()) {
    case (.floats(let x), .floats(let y)):
      return [try site.result(0, .floats(contract(0.0) { $0 + x[$1] * y[$2] }))]
    case (.integers(let x), .integers(let y)):
      return [try site.result(0, .integers(contract(Int64(0)) { $0 &+ x[$1] &* y[$2] }))]
    default: preconditionFailure("internal: operands of two kinds")
    }
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (lhs, rhs) = (site.operands[0], site.operands[1])
    let batches = lhsBatching.count
    let rows = lhsFree(lhs.rank)
    let columns = rhsFree(rhs.rank)
    let gradient = try convert(site.gradient, to: lhs.elementType)
    let batchAxes = Array(0..<batches)
    let rowAxes = rows.indices.map { batches + $0 }
    let columnAxes = columns.indices.map { batches + rows.count + $0 }
    /// Gradient times the other operand, its axes put where this operand has them.
    func side(
      _ other: Value, batching: [Int], free: [Int], contractingOther: [Int], own: [Int],
      ownBatching: [Int], ownFree: [Int], gradientContracting: [Int]
    ) throws -> Value {
      let product = try lhs.graph.apply1(
        DotGeneral(
          lhsBatching: batchAxes, rhsBatching: batching, lhsContracting: gradientContracting,
          rhsContracting: free),
        [gradient, other], site: CallSite())
      let remaining = contractingOther.sorted()
      let target =
        ownBatching + ownFree + remaining.map { own[contractingOther.firstIndex(of: $0)!] }
      var permutation = target
      for (place, axis) in target.enumerated() { permutation[axis] = place }
      return try transpose(product, permutation)
    }
    return [
      site.wanted[0]
        ? try side(
          rhs, batching: rhsBatching, free: columns, contractingOther: rhsContracting,
          own: lhsContracting, ownBatching: lhsBatching, ownFree: rows,
          gradientContracting: columnAxes) : nil,
      site.wanted[1]
        ? try side(
          lhs, batching: lhsBatching, free: rows, contractingOther: lhsContracting,
          own: rhsContracting, ownBatching: rhsBatching, ownFree: columns,
          gradientContracting: rowAxes) : nil,
    ]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let (lhs, rhs, result) = (site.operands[0], site.operands[1], site.results[0])
    let (rows, columns) = (lhsFree(lhs.rank), rhsFree(rhs.rank))
    var left = lhs.shape.indices.map { _ in IndexExpression(0) }
    var right = rhs.shape.indices.map { _ in IndexExpression(0) }
    for (axis, (a, b)) in zip(lhsBatching, rhsBatching).enumerated() {
      (left[a], right[b]) = (.axis(axis), .axis(axis))
    }
    for (axis, a) in rows.enumerated() { left[a] = .axis(lhsBatching.count + axis) }
    for (axis, b) in columns.enumerated() {
      right[b] = .axis(lhsBatching.count + rows.count + axis)
    }
    for (axis, (a, b)) in zip(lhsContracting, rhsContracting).enumerated() {
      (left[a], right[b]) = (.axis(result.rank + axis), .axis(result.rank + axis))
    }
    return .compute(
      .contraction(
        axes: result.shape.dimensions, over: lhsContracting.map { lhs.shape[$0] },
        element: result.element
      ) { program in
        (
          program.load(0, lhs.element, left), program.load(1, rhs.element, right)
        )
      })
  }

  public static var samples: Samples {
    Samples { element in
      func one(_ lhs: Shape, _ rhs: Shape, _ op: DotGeneral) -> Samples.Case {
        Samples.Case(op, [TensorType(element, lhs), TensorType(element, rhs)])
      }
      let matrix = DotGeneral(lhsContracting: [1], rhsContracting: [0])
      var cases = [
        one([3, 5], [5, 2], matrix), one([0, 5], [5, 2], matrix), one([3, 0], [0, 2], matrix),
        one([19, 33], [33, 17], matrix),
        one([4], [4], DotGeneral(lhsContracting: [0], rhsContracting: [0])),
        one([2], [3], DotGeneral(lhsContracting: [], rhsContracting: [])),
        one(
          [2, 3, 4], [4, 2, 5],
          DotGeneral(lhsBatching: [0], rhsBatching: [1], lhsContracting: [2], rhsContracting: [0])),
        one(
          [3, 2, 4], [5, 4, 2],
          DotGeneral(lhsContracting: [2, 1], rhsContracting: [1, 2])),
      ]
      let wide: ElementType? = element.isInteger ? .i32 : element.isFloat ? .f32 : nil
      cases.append(
        one([3, 5], [5, 2], DotGeneral(lhsContracting: [1], rhsContracting: [0], result: wide)))
      return cases
    }
  }
}

extension InferenceSite {
  /// Checks for two operands of one element type, or bytes with and without a sign where the result is wider.
  func requireFactors(_ result: ElementType?) throws {
    let elements = try [tensor(0).element, tensor(1).element]
    if elements == [.u8, .i8] || elements == [.i8, .u8], let result, result.isInteger,
      result.bitWidth >= 32
    {
      return
    }
    try requireSameElement(0..<2)
  }
}

/// Products summed over contracting axes, for each batch; see `DotGeneral`.
///
/// - Throws: `shape-mismatch`, `axis` or `element-type`.
public func dotGeneral(
  _ lhs: Value, _ rhs: Value, lhsBatching: [Int] = [], rhsBatching: [Int] = [],
  lhsContracting: [Int], rhsContracting: [Int], result: ElementType? = nil,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try lhs.graph.apply1(
    DotGeneral(
      lhsBatching: lhsBatching, rhsBatching: rhsBatching, lhsContracting: lhsContracting,
      rhsContracting: rhsContracting, result: result), [lhs, rhs],
    site: CallSite(fileID: fileID, line: line))
}
