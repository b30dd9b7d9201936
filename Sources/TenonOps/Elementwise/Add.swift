import TenonGraph
import TenonTensor

/// The sum, element by element.
public struct Add: ElementwiseBinary {
  public static let name = "add"
  public static let function = BinaryFunction.add
  public init() {}
  public static func float(_ a: Double, _ b: Double) -> Double { a + b }
  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 { a &+ b }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? { knownElements(site, +) }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [site.gradient, site.gradient] }
}

extension Value {
  /// The sum, element by element; both values have one shape and element type.
  ///
  /// - Throws: `shape-mismatch` or `element-type`.
  @_transparent
  public static func + (x: Value, y: Value) throws -> Value {
    try x.graph.apply1(Add(), [x, y], site: here())
  }

  /// Each element plus a number.
  @_transparent
  public static func + (x: Value, y: some Scalar) throws -> Value {
    try x.graph.apply1(Add(), [x, x.filled(y, site: here())], site: here())
  }

  /// A number plus each element.
  @_transparent
  public static func + (x: some Scalar, y: Value) throws -> Value {
    try y.graph.apply1(Add(), [y.filled(x, site: here()), y], site: here())
  }
}
