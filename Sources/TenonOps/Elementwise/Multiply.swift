import TenonGraph
import TenonTensor

/// The product, element by element.
public struct Multiply: ElementwiseBinary {
  public static let name = "multiply"
  public static let function = BinaryFunction.multiply
  public init() {}
  public static func float(_ a: Double, _ b: Double) -> Double { a * b }
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 { a &* b }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    knownElements(site, *)
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (x, y) = (site.operands[0], site.operands[1])
    return [
      site.wanted[0] ? try site.gradient * y : nil, site.wanted[1] ? try site.gradient * x : nil,
    ]
  }
}

extension Value {
  /// The product, element by element.
  ///
  /// - Throws: `shape-mismatch` or `element-type`.
  @_transparent
  public static func * (x: Value, y: Value) throws -> Value {
    try x.graph.apply1(Multiply(), [x, y], site: here())
  }

  /// The same with a number for each element of the second.
  @_transparent
  public static func * (x: Value, y: some Scalar) throws -> Value {
    try x.graph.apply1(Multiply(), [x, x.filled(y, site: here())], site: here())
  }

  /// The same with a number for each element of the first.
  @_transparent
  public static func * (x: some Scalar, y: Value) throws -> Value {
    try y.graph.apply1(Multiply(), [y.filled(x, site: here()), y], site: here())
  }
}
