import TenonGraph
import TenonTensor

/// The first operand with a part replaced by the second, whose first index along each axis an
/// integer operand gives; the part is moved so that it lies inside.
public struct DynamicUpdateSlice: PrimitiveOp {
  public static let name = "dynamic_update_slice"
  public static let signature = Signature(["x", "update", "starts…"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, update) = (try site.tensor(0), try site.tensor(1))
    try site.requireSameElement(0..<2)
    try site.require(
      update.rank == x.rank, "shape-mismatch",
      "the update must have the operand's rank \(x.rank), not \(update.rank)")
    try site.requireStarts(from: 2, for: x)
    for axis in 0..<x.rank {
      try site.requireAtLeast(
        x.shape[axis], update.shape[axis], "slice-range",
        "an update of \(update.shape[axis]) does not fit into axis \(axis) of size \(x.shape[axis])"
      )
    }
    return [.tensor(x.element, x.shape)]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let (x, update) = (operands[0], operands[1])
    let first = try operands.clampedStarts(from: 2, update.shape)
    let (strides, parts) = (RowMajor.strides(x.shape), RowMajor.strides(update.shape))
    let width = x.elementType.byteWidth
    return [
      try Tensor(x.elementType, shape: x.shape) { target in
        x.withUnsafeBytes { target.copyMemory(from: $0) }
        update.withUnsafeBytes { bytes in
          RowMajor.forEachIndex(update.shape) { index in
            let from = zip(index, parts).reduce(0) { $0 + $1.0 * $1.1 } * width
            let to = index.indices.reduce(0) { $0 + (first[$1] + index[$1]) * strides[$1] } * width
            for byte in 0..<width { target[to + byte] = bytes[from + byte] }
          }
        }
      }
    ]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let update = site.operands[1]
    let starts = Array(site.operands.dropFirst(2))
    var gradients: [Value?] = [nil, nil]
    if site.wanted[0] {
      let zeros = try update.filled(0, site: CallSite())
      gradients[0] = try site.graph.apply1(
        DynamicUpdateSlice(), [site.gradient, zeros] + starts, site: CallSite())
    }
    if site.wanted[1] {
      gradients[1] = try site.graph.apply1(
        DynamicSlice(sizes: update.shape.dimensions), [site.gradient] + starts, site: CallSite())
    }
    return gradients + starts.map { _ in nil }
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let (x, update) = (site.operands[0], site.operands[1])
    var program = ScalarProgram()
    let whole = (0..<x.rank).map { IndexExpression.axis($0) }
    let index = whole.indices.map { axis -> IndexExpression in
      let start = program.load(2 + axis, site.operands[2 + axis].element, [])
      return whole[axis]
        - .scalar(program.clamped(start, to: x.shape[axis] - update.shape[axis]))
    }
    let old = program.load(0, x.element, whole)
    let guards = index.indices.map { Guard.within(index[$0], update.shape[$0]) }
    let value =
      guards.isEmpty
      ? program.load(1, x.element, [])
      : program.load(1, x.element, index, guards: guards, fill: old)
    return .compute(Compute(axes: x.shape.dimensions, program: program, results: [value]))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, Shape, [Int64], ElementType)] = [
        ([7], [3], [2], .i32), ([7], [3], [6], .i64), ([], [], [], .i32), ([7], [7], [-5], .i8),
        ([3, 5], [2, 5], [1, 3], .i64), ([3, 2], [0, 2], [2, 0], .u8), ([5], [2], [-1], .u64),
        ([2, 67], [1, 33], [1, 20], .i16), ([running, 3], [2, 2], [9, 1], .i64),
        ([9, 3], [running, 3], [2, 0], .i64),
      ]
      return cases.map { shape, update, starts, type in
        Samples.startCase(
          DynamicUpdateSlice(), [TensorType(element, shape), TensorType(element, update)], starts,
          type)
      }
    }
  }
}

/// `x` with a part replaced by `update`, from the index that `starts` (integers of rank 0, one for
/// each axis) give, moved so that it lies inside.
///
/// - Throws: `slice-range` where the update is larger than the value, `shape-mismatch`,
///   `operand-count` or `element-type`.
public func dynamicUpdateSlice(
  _ x: Value, _ update: Value, starts: [Value], fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    DynamicUpdateSlice(), [x, update] + starts, site: CallSite(fileID: fileID, line: line))
}
