import TenonGraph
import TenonTensor

/// max(x, 0), element by element; NaN stays NaN.
public struct Relu: CompositeOp {
  public static let name = "relu"
  public static let signature = Signature(["x"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    try site.require(
      !x.element.isStorageOnly && x.element != .bool, "element-type",
      "is not defined for \(x.element)")
    return [.tensor(x.element, x.shape)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    [try maximum(operands[0], 0)]
  }

  /// The gradient at 0 is 0.
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let zero = try site.gradient.filled(0, site: CallSite())
    return [try select(greater(site.operands[0], 0), site.gradient, zero)]
  }
}

/// max(x, 0), element by element.
///
/// - Throws: `element-type` for `bool` and storage types.
public func relu(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Relu(), [x], site: CallSite(fileID: fileID, line: line))
}
