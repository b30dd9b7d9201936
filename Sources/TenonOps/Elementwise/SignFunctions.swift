import TenonGraph
import TenonTensor

/// The magnitude of each element; the least integer stays itself.
public struct Abs: ElementwiseUnary {
  public static let name = "abs"
  public static let function = UnaryFunction.abs
  public init() {}
  public static func accepts(_ element: ElementType) -> Bool { element.isSigned }
  public static func float(_ x: Double) -> Double { x.magnitude }
  public static func integer(_ x: Int64, _ type: ElementType) -> Int64 { x < 0 ? 0 &- x : x }
  public static var samples: Samples { Samples(smoothRange: 0.5...4) }

  /// The gradient at 0 is 0.
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [try site.gradient * sign(site.operands[0])]
  }
}

/// -1, 0 or 1 by the sign of each element; a zero keeps its sign, NaN stays NaN.
public struct Sign: ElementwiseUnary {
  public static let name = "sign"
  public static let function = UnaryFunction.sign
  public init() {}
  public static func accepts(_ element: ElementType) -> Bool { element.isSigned }
  public static func float(_ x: Double) -> Double { x > 0 ? 1 : x < 0 ? -1 : x }
  public static func integer(_ x: Int64, _ type: ElementType) -> Int64 { x.signum() }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }
}

/// Where an element is neither NaN nor an infinity, as `bool`.
public struct IsFinite: PrimitiveOp {
  public static let name = "is_finite"
  public static let signature = Signature(["x"])
  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.requireFloat()
    return [.tensor(.bool, x.shape)]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    [try site.result(0, .integers(operands[0].doubles().map { $0.isFinite ? 1 : 0 }))]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    .compute(.elementwise(site) { $0.unary(.isFinite, $1[0]) })
  }
}

extension ElementType {
  /// True for signed integers and floats that take part in arithmetic.
  var isSigned: Bool { !isStorageOnly && (isSignedInteger || isFloat) }
}

/// The magnitude of each element.
///
/// - Throws: `element-type` where the elements are neither floats nor signed integers.
public func abs(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Abs(), [x], site: CallSite(fileID: fileID, line: line))
}

/// -1, 0 or 1 by the sign of each element; NaN stays NaN.
///
/// - Throws: `element-type` where the elements are neither floats nor signed integers.
public func sign(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(Sign(), [x], site: CallSite(fileID: fileID, line: line))
}

/// Where an element is neither NaN nor an infinity, as `bool`.
///
/// - Throws: `element-type` where the elements are no floats.
public func isFinite(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws
  -> Value
{
  try x.graph.apply1(IsFinite(), [x], site: CallSite(fileID: fileID, line: line))
}
