import TenonGraph
import TenonTensor

/// A part of `sizes` elements whose first index along each axis an integer operand gives; the part
/// is moved so that it lies inside.
public struct DynamicSlice: PrimitiveOp {
  public static let name = "dynamic_slice"
  public static let signature = Signature(["x", "starts…"])
  public let sizes: [Dimension]

  public init(sizes: [Dimension]) { self.sizes = sizes }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    try site.requireStarts(from: 1, for: x)
    try site.require(
      sizes.count == x.rank, "attribute",
      "needs one size for each of the operand's \(x.rank) axes, given \(sizes.count)")
    for axis in 0..<x.rank {
      let rule = "a part of \(sizes[axis]) does not fit into axis \(axis) of size \(x.shape[axis])"
      try site.requireAtLeast(sizes[axis], 0, "slice-range", rule)
      try site.requireAtLeast(x.shape[axis], sizes[axis], "slice-range", rule)
    }
    return [.tensor(x.element, Shape(sizes))]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let part = site.resultShapes[0]
    let first = try operands.clampedStarts(from: 1, part)
    return [try operands[0].gathered(part) { index in zip(index, first).map { $0 + $1 } }]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let zeros = try site.operands[0].filled(0, site: CallSite())
    let starts = Array(site.operands.dropFirst())
    let back = try site.graph.apply1(
      DynamicUpdateSlice(), [zeros, site.gradient] + starts, site: CallSite())
    return [back] + starts.map { _ in nil }
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let x = site.operands[0]
    var program = ScalarProgram()
    let index = sizes.indices.map { axis -> IndexExpression in
      let start = program.load(1 + axis, site.operands[1 + axis].element, [])
      return .scalar(program.clamped(start, to: x.shape[axis] - sizes[axis])) + .axis(axis)
    }
    let value = program.load(0, x.element, index)
    return .compute(Compute(axes: sizes, program: program, results: [value]))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, [Dimension], [Int64], ElementType)] = [
        ([7], [3], [2], .i32), ([7], [3], [6], .i64), ([], [], [], .i32), ([7], [7], [-5], .i8),
        ([3, 5], [2, 5], [1, 3], .i64), ([3, 0], [1, 0], [2, 0], .u8), ([5], [2], [-1], .u64),
        ([2, 67], [1, 33], [1, 20], .i16), ([running, 3], [2, 2], [9, 1], .i64),
      ]
      return cases.map { shape, sizes, starts, type in
        Samples.startCase(DynamicSlice(sizes: sizes), [TensorType(element, shape)], starts, type)
      }
    }
  }
}

extension Samples {
  /// A case whose last operands are literal scalars.
  static func startCase(
    _ op: any Op, _ operands: [TensorType], _ starts: [Int64], _ type: ElementType
  ) -> Case {
    var values: [Int: Tensor] = [:]
    for (axis, start) in starts.enumerated() {
      values[operands.count + axis] = try? Tensor(type, shape: [], integers: [start])
    }
    return Case(
      op, operands + starts.map { _ in TensorType(type, .scalar) }, values: values)
  }
}

extension InferenceSite {
  /// Checks that the operands from `first` on are one integer of rank 0 for each axis of `x`.
  func requireStarts(from first: Int, for x: TensorType) throws {
    try require(
      operandCount == first + x.rank, "operand-count",
      "needs one start for each of the operand's \(x.rank) axes, given \(operandCount - first)")
    for position in first..<operandCount {
      let start = try tensor(position)
      try require(
        start.rank == 0 && start.element.isInteger && !start.element.isStorageOnly, "element-type",
        "starts must be integers of rank 0")
      try require(
        start.element == tensor(first).element, "element-type",
        "starts must have one element type; insert `convert` first")
    }
  }
}

extension [Tensor] {
  /// The starts among the operands, moved so that a part of `sizes` lies inside operand 0.
  func clampedStarts(from first: Int, _ sizes: [Int]) throws -> [Int] {
    try sizes.indices.map { axis in
      let start = self[first + axis]
      return ReferenceArithmetic.clamped(
        try start.integers()[0], start.elementType, to: self[0].shape[axis] - sizes[axis])
    }
  }
}

/// A part of `sizes` elements from the index that `starts` (integers of rank 0, one for each axis)
/// give, moved so that it lies inside.
///
/// - Throws: `slice-range` where the part is larger than the value, `operand-count` or
///   `element-type`.
public func dynamicSlice(
  _ x: Value, starts: [Value], sizes: [Dimension], fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    DynamicSlice(sizes: sizes), [x] + starts, site: CallSite(fileID: fileID, line: line))
}
