import Glibc
import TenonGraph
import TenonTensor

/// What is left of the first element after whole steps of the second, with the sign of the first;
/// integers by zero give the first.
public struct Remainder: ElementwiseBinary {
  public static let name = "remainder"
  public static let function = BinaryFunction.remainder
  public init() {}
  public static func float(_ a: Double, _ b: Double) -> Double { Glibc.fmod(a, b) }
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 {
    ReferenceArithmetic.remainder(a, b, type)
  }
  // The jumps at multiples of the divisor are kept away from.
  public static var samples: Samples { Samples(smoothRange: 1.1...1.9) }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    guard let x = site.knownElements(0), let y = site.knownElements(1),
      zip(x, y).allSatisfy({ Remainder.isCertain($0, $1) })
    else { return nil }
    return zip(x, y).map { $0.remainder(dividingBy: $1) }
  }

  /// True where the remainders of sizes and of integers agree.
  private static func isCertain(_ x: Dimension, _ y: Dimension) -> Bool {
    guard y.constant.map({ $0 > 0 }) ?? true else { return false }
    return x.range.map { $0.lowerBound >= 0 } ?? false
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (x, y) = (site.operands[0], site.operands[1])
    let steps = site.wanted[1] ? try round((x - site.results[0]) / y) : nil
    return [site.gradient, try steps.map { try -(site.gradient * $0) }]
  }
}

/// What is left of `x` after whole steps of `y`, with the sign of `x`, element by element.
///
/// - Throws: `shape-mismatch`, or `element-type` for `bool` and storage types.
public func remainder(
  _ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(Remainder(), [x, y], site: CallSite(fileID: fileID, line: line))
}

/// What is left of each element after whole steps of a number.
///
/// - Throws: `element-type` for `bool` and storage types, `scalar` where an integer type cannot
///   hold the number.
public func remainder(
  _ x: Value, _ y: some Scalar, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.graph.apply1(Remainder(), [x, x.filled(y, site: site)], site: site)
}
