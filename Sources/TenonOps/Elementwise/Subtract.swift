import TenonGraph
import TenonTensor

/// The difference, element by element.
public struct Subtract: ElementwiseBinary {
  public static let name = "subtract"
  public static let function = BinaryFunction.subtract
  public init() {}
  public static func float(_ a: Double, _ b: Double) -> Double { a - b }
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 { a &- b }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    knownElements(site, -)
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [site.gradient, site.wanted[1] ? try -site.gradient : nil]
  }
}

extension Value {
  /// The difference, element by element.
  ///
  /// - Throws: `shape-mismatch` or `element-type`.
  @_transparent
  public static func - (x: Value, y: Value) throws -> Value {
    try x.graph.apply1(Subtract(), [x, y], site: here())
  }

  /// The same with a number for each element of the second.
  @_transparent
  public static func - (x: Value, y: some Scalar) throws -> Value {
    try x.graph.apply1(Subtract(), [x, x.filled(y, site: here())], site: here())
  }

  /// The same with a number for each element of the first.
  @_transparent
  public static func - (x: some Scalar, y: Value) throws -> Value {
    try y.graph.apply1(Subtract(), [y.filled(x, site: here()), y], site: here())
  }
}
