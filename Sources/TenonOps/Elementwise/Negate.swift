import TenonGraph
import TenonTensor

/// Each element with its sign turned; integers wrap.
public struct Negate: ElementwiseUnary {
  public static let name = "negate"
  public static let function = UnaryFunction.negate
  public init() {}
  public static func accepts(_ element: ElementType) -> Bool {
    !element.isStorageOnly && element != .bool
  }
  public static func float(_ x: Double) -> Double { -x }
  public static func integer(_ x: Int64, _ type: ElementType) -> Int64 { 0 &- x }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    site.knownElements(0)?.map { -$0 }
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [try -site.gradient] }
}

extension Value {
  /// Each element with its sign turned.
  ///
  /// - Throws: `element-type` for `bool` and storage types.
  @_transparent
  public static prefix func - (x: Value) throws -> Value {
    try x.graph.apply1(Negate(), [x], site: here())
  }
}
