import TenonGraph
import TenonTensor

/// The operands one after another along an axis; their other sizes agree.
public struct Concatenate: PrimitiveOp {
  public static let name = "concatenate"
  public static let signature = Signature(["inputs…"])
  public let dimension: Int

  public init(dimension: Int) { self.dimension = dimension }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    try site.require(site.operandCount > 0, "operand-count", "needs at least one operand")
    let types = try site.tensors()
    let first = types[0]
    try site.requireSameElement(0..<types.count)
    try site.require(
      first.shape.indices.contains(dimension), "axis",
      "dimension \(dimension) is out of range for rank \(first.rank)")
    var shape = first.shape
    for type in types.dropFirst() {
      try site.require(
        type.rank == first.rank, "shape-mismatch",
        "operands must have one rank, given \(first.rank) and \(type.rank)")
      for axis in 0..<first.rank where axis != dimension {
        try site.requireEqual(
          type.shape[axis], first.shape[axis], "shape-mismatch",
          "sizes \(first.shape[axis]) and \(type.shape[axis]) of axis \(axis) must agree")
      }
      shape[dimension] = shape[dimension] + type.shape[dimension]
    }
    return [.tensor(first.element, shape)]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    var elements: [Dimension] = []
    for operand in 0..<site.operandCount {
      guard let known = site.knownElements(operand) else { return nil }
      elements += known
    }
    return elements
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let element = site.resultElements[0]
    // For each index over the axes before, the blocks of all operands follow one another.
    let outer = RowMajor.count(Array(site.resultShapes[0][..<dimension]))
    return [
      try Tensor(element, shape: site.resultShapes[0]) { target in
        var at = 0
        for row in 0..<outer {
          for operand in operands {
            let block = RowMajor.count(Array(operand.shape[dimension...])) * element.byteWidth
            operand.withUnsafeBytes {
              let part = UnsafeRawBufferPointer(rebasing: $0[row * block..<(row + 1) * block])
              UnsafeMutableRawBufferPointer(rebasing: target[at..<at + block])
                .copyMemory(from: part)
            }
            at += block
          }
        }
      }
    ]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    var start = Dimension(0)
    return try site.operands.enumerated().map { position, operand in
      let limit = start + operand.shape[dimension]
      defer { start = limit }
      guard site.wanted[position] else { return nil }
      return try slice(site.gradient, axis: dimension, from: start, to: limit)
    }
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let result = site.results[0]
    let whole = (0..<result.rank).map { IndexExpression.axis($0) }
    if site.operands.count == 1 { return .compute(.view(site, whole)) }
    var program = ScalarProgram()
    var offsets: [Dimension] = [0]
    for operand in site.operands { offsets.append(offsets.last! + operand.shape[dimension]) }
    // Each operand is read where the axis is inside it; the last one's fill is never used.
    var value = program.zero(result.element)
    for (position, operand) in site.operands.enumerated().reversed() {
      var index = whole
      index[dimension] = index[dimension] + -offsets[position]
      value = program.load(
        position, operand.element, index,
        guards: [.within(index[dimension], operand.shape[dimension])], fill: value)
    }
    return .compute(Compute(axes: result.shape.dimensions, program: program, results: [value]))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [([Shape], Int)] = [
        ([[3], [4]], 0), ([[5]], 0), ([[0], [2], [0]], 0), ([[2, 3], [1, 3]], 0),
        ([[2, 3], [2, 1], [2, 67]], 1), ([[2, 0], [2, 0]], 0), ([[2, 1, 3], [2, 2, 3]], 1),
        ([[running, 2], [3, 2]], 0), ([[2, 3], [2, running]], 1),
      ]
      return cases.map { shapes, dimension in
        Samples.Case(
          Concatenate(dimension: dimension), shapes.map { TensorType(element, $0) })
      }
    }
  }
}

/// The values one after another along an axis; their other sizes agree.
///
/// - Throws: `operand-count` for none, `axis`, `shape-mismatch` or `element-type`.
public func concatenate(
  _ values: [Value], axis: Int, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  guard let first = values.first else { throw TenonError.nothingToJoin("concatenate") }
  if values.count == 1 { return first }
  return try first.graph.apply1(
    Concatenate(dimension: first.axis(axis, of: "concatenate", site: site)), values, site: site)
}

/// Values of one shape side by side along a new axis.
///
/// - Throws: `operand-count` for none, `axis`, `shape-mismatch` or `element-type`.
public func stack(
  _ values: [Value], axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  guard let first = values.first else { throw TenonError.nothingToJoin("stack") }
  guard axis >= -first.rank - 1, axis <= first.rank else {
    throw TenonError.axisRange("stack", axis, first, site)
  }
  let place = axis < 0 ? axis + first.rank + 1 : axis
  let parts = try values.map { value -> Value in
    var sizes = value.shape.dimensions
    sizes.insert(1, at: min(place, sizes.count))
    return try value.graph.apply1(Reshape(to: Shape(sizes)), [value], site: site)
  }
  return try concatenate(parts, axis: place, fileID: fileID, line: line)
}
