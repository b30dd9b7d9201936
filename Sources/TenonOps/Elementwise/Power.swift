import Glibc
import TenonGraph
import TenonTensor

/// The first element of each pair to the power of the second. Integers wrap; a negative exponent
/// gives 0 but for the bases 1 and -1.
public struct Power: ElementwiseBinary {
  public static let name = "power"
  public static let function = BinaryFunction.power
  public init() {}
  public static func float(_ a: Double, _ b: Double) -> Double { Glibc.pow(a, b) }
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 {
    ReferenceArithmetic.power(a, b, type)
  }
  public static var samples: Samples { Samples(range: -2...3, smoothRange: 0.2...3) }

  /// The exponent's gradient is 0 where the base is not positive.
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (x, y) = (site.operands[0], site.operands[1])
    let zero = try x.filled(0, site: CallSite())
    var gradients: [Value?] = [nil, nil]
    if site.wanted[0] {
      let slope = try y * pow(x, y - 1)
      gradients[0] = try site.gradient * select(equal(y, 0), zero, slope)
    }
    if site.wanted[1] {
      let isPositive = try greater(x, 0)
      let one = try x.filled(1, site: CallSite())
      let logarithm = try log(select(isPositive, x, one))
      gradients[1] = try site.gradient * (site.results[0] * logarithm)
    }
    return gradients
  }
}

/// `x` to the power of `y`, element by element.
///
/// - Throws: `shape-mismatch`, or `element-type` for `bool` and storage types.
public func pow(_ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line) throws
  -> Value
{
  try x.graph.apply1(Power(), [x, y], site: CallSite(fileID: fileID, line: line))
}

/// Each element to the power of a number.
///
/// - Throws: `element-type` for `bool` and storage types, `scalar` where an integer type cannot
///   hold the number.
public func pow(
  _ x: Value, _ y: some Scalar, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.graph.apply1(Power(), [x, x.filled(y, site: site)], site: site)
}
