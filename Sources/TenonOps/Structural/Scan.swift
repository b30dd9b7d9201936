import TenonGraph
import TenonTensor

/// A region run once for each slice along the first axis of the sliced operands: it takes the
/// carried values, one slice of each, and the values from outside, and gives the next carried values
/// and what is stacked along a new first axis of the other results.
public struct Scan: PrimitiveOp {
  public static let name = "scan"
  public static let signature = Signature(["values…"], ["results…"], regions: ["body"])
  /// How many operands are carried, then how many are sliced.
  public let carried: Int
  public let sliced: Int
  public let trips: Dimension
  /// Whether the last slice comes first.
  public let isReversed: Bool

  public init(carried: Int, sliced: Int, trips: Dimension, isReversed: Bool = false) {
    self.carried = carried
    self.sliced = sliced
    self.trips = trips
    self.isReversed = isReversed
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    try site.require(
      carried >= 0 && sliced >= 0 && site.operandCount >= carried + sliced
        && site.regionCount == 1, "operand-count",
      "takes \(carried) carried values, \(sliced) to slice and a body")
    try site.requireAtLeast(trips, 0, "attribute", "trips must not be negative")
    var arguments = (0..<carried).map { site.type($0) }
    for position in carried..<carried + sliced {
      let type = try site.tensor(position)
      try site.require(
        type.rank > 0, "shape-mismatch", "operand \(position) has no first axis to slice")
      try site.requireEqual(
        type.shape[0], trips, "shape-mismatch",
        "operand \(position) has \(type.shape[0]) slices for \(trips) trips")
      arguments.append(.tensor(type.element, Shape(Array(type.shape.dropFirst()))))
    }
    arguments += (carried + sliced..<site.operandCount).map { site.type($0) }
    let body = site.region(0)
    try site.require(
      body.arguments == arguments, "region",
      "the body must take the carried values, one slice of each operand and the values from outside"
    )
    let kept = Array(arguments.prefix(carried))
    try site.require(
      Array(body.results.prefix(carried)) == kept, "region",
      "the body must first give \(kept.listed), the types that are carried, not "
        + Array(body.results.prefix(carried)).listed)
    return try kept
      + body.results.dropFirst(carried).map { type in
        guard let tensor = type.tensor else {
          throw site.fail("operand-kind", "only tensors can be stacked, not \(type)")
        }
        return .tensor(tensor.element, Shape([trips] + tensor.shape.dimensions))
      }
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let count = try site.size(trips)
    var values = Array(operands.prefix(carried))
    let outer = operands[(carried + sliced)...]
    let stacked = site.resultShapes.count - carried
    var rows = [[Tensor?]](repeating: [Tensor?](repeating: nil, count: count), count: stacked)
    for step in 0..<count {
      let trip = isReversed ? count - 1 - step : step
      let slices = try operands[carried..<carried + sliced].map { try $0.row(trip) }
      let results = try site.callRegion(0, values + slices + outer)
      values = Array(results.prefix(carried))
      for place in 0..<stacked { rows[place][trip] = results[carried + place] }
    }
    return try values
      + rows.enumerated().map { place, parts in
        try Tensor(
          joining: parts.map { $0! }, site.resultElements[carried + place],
          shape: site.resultShapes[carried + place])
      }
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    .loop(.scan(carried: carried, sliced: sliced, trips: trips, isReversed: isReversed))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats + ElementType.integers, range: 0.5...1.5) { element in
      let running = Dimension(.running("n", maximum: 9))
      return ([3, 0, 1, running] as [Dimension]).flatMap { trips in
        [true, false].map { isReversed in
          let (state, slices) = (
            TensorType(element, [2, 3]), TensorType(element, [trips, 3])
          )
          return Samples.Case(
            Scan(carried: 1, sliced: 1, trips: trips), [state, slices, state],
            record: { _, values in
              let results = try scan([values[0]], over: [values[1]], isReversed: isReversed) {
                carried, slices in
                let slice = try broadcast(slices[0], to: carried[0])
                let next = try carried[0] * values[2] + slice
                return ([next], [try next * slice, slices[0]])
              }
              return results.carried + results.stacked
            })
        }
      }
    }
  }
}

extension Tensor {
  /// The part at one index of the first axis.
  func row(_ index: Int) throws -> Tensor {
    let rest = Array(shape.dropFirst())
    return try Tensor(
      elementType, shape: rest, storage: storage,
      byteOffset: byteOffset + index * RowMajor.count(rest) * elementType.byteWidth)
  }
}

/// Applies `body` to the slices along the first axis of `inputs`, from the first to the last, or
/// from the last where reversed.
///
/// - Parameters:
///   - initial: what the first step begins with.
///   - inputs: values with the same first size, one slice of each for a step; at least one.
///   - body: takes the carried values and one slice of each input; gives the next carried values, of
///     the same types, and values to stack.
/// - Returns: the last carried values, and what each step gave, stacked along a new first axis.
/// - Throws: `shape-mismatch`, `region` where the body gives other types, and what it throws.
public func scan(
  _ initial: [Value], over inputs: [Value], isReversed: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line,
  _ body: ([Value], [Value]) throws -> (carried: [Value], stacked: [Value])
) throws -> (carried: [Value], stacked: [Value]) {
  let site = CallSite(fileID: fileID, line: line)
  guard let first = inputs.first else { throw TenonError.nothingCarried("scan") }
  guard first.rank > 0 else { throw TenonError.axisRange("scan", 0, first, site) }
  let slices = inputs.map { input in
    ValueType.tensor(input.elementType, Shape(Array(input.shape.dropFirst())))
  }
  return try withoutActuallyEscaping(body) { body in
    let (regions, captured) = try first.graph.recordRegions([
      (
        arguments: initial.map(\.type) + slices,
        body: { values in
          let results = try body(
            Array(values.prefix(initial.count)),
            Array(values[initial.count..<initial.count + inputs.count]))
          return results.carried + results.stacked
        }
      )
    ])
    let results = try first.graph.apply(
      Scan(
        carried: initial.count, sliced: inputs.count, trips: first.shape[0],
        isReversed: isReversed), initial + inputs + captured, regions: regions, site: site)
    return (Array(results.prefix(initial.count)), Array(results.dropFirst(initial.count)))
  }
}
