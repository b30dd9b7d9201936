import TenonGraph
import TenonTensor

/// Values that a region changes while another gives true. Both regions take the carried values, then
/// those from outside.
public struct While: PrimitiveOp {
  public static let name = "while"
  public static let signature = Signature(
    ["values…"], ["results…"], regions: ["condition", "body"])
  /// How many of the operands change.
  public let carried: Int
  /// How often the body may run; more is an error. The gradient needs it.
  public let maximumTrips: Int?

  public init(carried: Int, maximumTrips: Int? = nil) {
    self.carried = carried
    self.maximumTrips = maximumTrips
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    try site.require(
      carried >= 0 && site.operandCount >= carried && site.regionCount == 2, "operand-count",
      "takes \(carried) carried values, a condition and a body")
    try site.require(
      maximumTrips.map { $0 >= 0 } ?? true, "attribute", "maximumTrips must not be negative")
    let types = (0..<site.operandCount).map { site.type($0) }
    let (condition, body) = (site.region(0), site.region(1))
    try site.require(
      condition.arguments == types && body.arguments == types, "region",
      "condition and body must take the carried values and those from outside")
    try site.require(
      condition.results == [.tensor(.bool, .scalar)], "region",
      "the condition must give bool[], not \(condition.results.listed)")
    try site.require(
      body.results == Array(types.prefix(carried)), "region",
      "the body must give \(Array(types.prefix(carried)).listed), the types that are carried, not "
        + body.results.listed)
    return body.results
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    var values = operands
    var trips = 0
    while try site.callRegion(0, values)[0].scalar(as: Bool.self) {
      trips += 1
      if let maximumTrips, trips > maximumTrips { throw TenonError.tooManyTrips(maximumTrips) }
      values.replaceSubrange(..<carried, with: try site.callRegion(1, values))
    }
    return Array(values.prefix(carried))
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    .loop(.whileTrue(carried: carried, maximumTrips: maximumTrips))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats + ElementType.integers, range: 0.5...1.5) { element in
      ([0, 1, 3] as [Int64]).flatMap { trips in
        ([[5], [], [0], [2, 3]] as [Shape]).map { shape in
          let type = TensorType(element, shape)
          return Samples.Case(
            While(carried: 2), [TensorType(.i64, .scalar), type, type], values: [0: Tensor(trips)],
            record: { _, values in
              try whileLoop([values[0], values[1]], maximumTrips: 4) {
                try greater($0[0], 0)
              } body: {
                [try $0[0] - 1, try $0[1] * values[2]]
              }
            })
        }
      }
    }
  }
}

/// What values become when `body` is applied to them while `condition` gives true.
///
/// - Parameters:
///   - maximumTrips: how often the body may run; running more often fails. Differentiating needs it.
///   - condition: gives a `bool` of rank 0.
///   - body: gives as many values of the same types.
/// - Throws: `region` where a closure gives other types, and what they throw.
public func whileLoop(
  _ initial: [Value], maximumTrips: Int? = nil, fileID: StaticString = #fileID,
  line: UInt = #line, condition: ([Value]) throws -> Value, body: ([Value]) throws -> [Value]
) throws -> [Value] {
  guard let graph = initial.first?.graph else { throw TenonError.nothingCarried("whileLoop") }
  let types = initial.map(\.type)
  return try withoutActuallyEscaping(condition) { condition in
    try withoutActuallyEscaping(body) { body in
      let (regions, captured) = try graph.recordRegions([
        (arguments: types, body: { [try condition(Array($0.prefix(types.count)))] }),
        (arguments: types, body: { try body(Array($0.prefix(types.count))) }),
      ])
      return try graph.apply(
        While(carried: types.count, maximumTrips: maximumTrips), initial + captured,
        regions: regions, site: CallSite(fileID: fileID, line: line))
    }
  }
}
