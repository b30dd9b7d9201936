import Glibc
import TenonGraph
import TenonTensor

/// The angle from -π to π of the point whose ordinate is the first element and whose abscissa is the
/// second.
public struct Arctangent2: ElementwiseBinary {
  public static let name = "atan2"
  public static let function = BinaryFunction.arctangent2
  public init() {}
  public static func accepts(_ element: ElementType) -> Bool {
    element.isFloat && !element.isStorageOnly
  }
  public static func float(_ a: Double, _ b: Double) -> Double { Glibc.atan2(a, b) }
  public static var samples: Samples { Samples(smoothRange: 0.5...4) }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (y, x) = (site.operands[0], site.operands[1])
    let scaled = try site.gradient / (x * x + y * y)
    return [
      site.wanted[0] ? try scaled * x : nil, site.wanted[1] ? try -(scaled * y) : nil,
    ]
  }
}

/// The angle from -π to π of each point (x, y), in radians.
///
/// - Throws: `shape-mismatch`, or `element-type` where the elements are no floats.
public func atan2(_ y: Value, _ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws
  -> Value
{
  try y.graph.apply1(Arctangent2(), [y, x], site: CallSite(fileID: fileID, line: line))
}
