import TenonGraph
import TenonTensor

/// The larger element of each pair; NaN if either is NaN.
public struct Maximum: ElementwiseBinary {
  public static let name = "maximum"
  public static let function = BinaryFunction.maximum
  public init() {}
  public static func accepts(_ element: ElementType) -> Bool { !element.isStorageOnly }
  public static func float(_ a: Double, _ b: Double) -> Double {
    ReferenceArithmetic.maximum(a, b)
  }
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 {
    ReferenceArithmetic.isLess(a, b, type) ? b : a
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    knownElements(site) { Dimension.maximum($0, $1) }
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    // Where the operands are equal each takes half, so that the derivative is that of the average.
    let (x, y) = (site.operands[0], site.operands[1])
    let half = try site.gradient * 0.5
    let zero = try site.gradient.filled(0.0, site: CallSite())
    let tied = try select(equal(x, y), half, zero)
    let xIsLarger = try greater(x, y)
    let yIsLarger = try less(x, y)
    return [
      site.wanted[0] ? try select(xIsLarger, site.gradient, tied) : nil,
      site.wanted[1] ? try select(yIsLarger, site.gradient, tied) : nil,
    ]
  }
}

/// The larger element of each pair; NaN if either is NaN.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func maximum(_ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line)
  throws
  -> Value
{
  try x.graph.apply1(Maximum(), [x, y], site: CallSite(fileID: fileID, line: line))
}

/// The larger of each element and a number; NaN where the element is NaN.
public func maximum(
  _ x: Value, _ y: some Scalar, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.graph.apply1(Maximum(), [x, x.filled(y, site: site)], site: site)
}
