import TenonGraph
import TenonTensor

/// The quotient, element by element; integers round toward zero, and by zero give -1.
public struct Divide: ElementwiseBinary {
  public static let name = "divide"
  public static let function = BinaryFunction.divide
  public init() {}
  public static func float(_ a: Double, _ b: Double) -> Double { a / b }
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 {
    ReferenceArithmetic.quotient(a, b, type)
  }

  public static var samples: Samples { Samples(smoothRange: 0.5...4) }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    // Sizes are not negative, so rounding down is rounding toward zero.
    guard let divisors = site.knownElements(1),
      divisors.allSatisfy({ $0.constant.map { $0 > 0 } ?? true })
    else { return nil }
    return knownElements(site) { $0.floorDivided(by: $1) }
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let y = site.operands[1]
    let scaled = try site.gradient / y
    return [scaled, site.wanted[1] ? try -(scaled * site.results[0]) : nil]
  }
}

extension Value {
  /// The quotient, element by element; integers round toward zero, and by zero give -1.
  ///
  /// - Throws: `shape-mismatch` or `element-type`.
  @_transparent
  public static func / (x: Value, y: Value) throws -> Value {
    try x.graph.apply1(Divide(), [x, y], site: here())
  }

  /// The same with a number for each element of the second.
  @_transparent
  public static func / (x: Value, y: some Scalar) throws -> Value {
    try x.graph.apply1(Divide(), [x, x.filled(y, site: here())], site: here())
  }

  /// The same with a number for each element of the first.
  @_transparent
  public static func / (x: some Scalar, y: Value) throws -> Value {
    try y.graph.apply1(Divide(), [y.filled(x, site: here()), y], site: here())
  }
}
