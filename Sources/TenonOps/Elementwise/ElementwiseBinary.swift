import TenonGraph
import TenonTensor

/// The ops that combine two tensors of one type element by element share inference, evaluation and
/// lowering; each is a line of arithmetic and a gradient.
public protocol ElementwiseBinary: PrimitiveOp {
  init()
  static var function: BinaryFunction { get }
  /// Which element types the op takes.
  static func accepts(_ element: ElementType) -> Bool
  static func float(_ a: Double, _ b: Double) -> Double
  static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64
}

extension ElementwiseBinary {
  public static var signature: Signature { Signature(["x", "y"]) }

  public static func accepts(_ element: ElementType) -> Bool {
    !element.isStorageOnly && element != .bool
  }

  public static func float(_ a: Double, _ b: Double) -> Double {
    preconditionFailure("internal: \(name) takes no floats")
  }

  public static func integer(_ a: Int64, _ b: Int64, _ type: ElementType) -> Int64 {
    preconditionFailure("internal: \(name) takes no integers")
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, y) = (try site.tensor(0), try site.tensor(1))
    try site.requireSameElement(0..<2)
    try site.require(Self.accepts(x.element), "element-type", "is not defined for \(x.element)")
    try site.requireEqual(
      x.shape, y.shape, "shape-mismatch", "operands must have one shape; insert `broadcast` first")
    return [.tensor(x.element, x.shape)]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let element = operands[0].elementType
    switch (try operands[0].elements(), try operands[1].elements()) {
    case (.floats(let a), .floats(let b)):
      return [try site.result(0, .floats(zip(a, b).map(Self.float)))]
    case (.integers(let a), .integers(let b)):
      let values = zip(a, b).map {
        ReferenceArithmetic.wrapped(Self.integer($0, $1, element), element)
      }
      return [try site.result(0, .integers(values))]
    default: preconditionFailure("internal: operands of two kinds")
    }
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    .compute(.elementwise(site) { $0.binary(Self.function, $1[0], $1[1]) })
  }

  func knownElements(
    _ site: InferenceSite, _ combine: (Dimension, Dimension) -> Dimension
  ) -> [Dimension]? {
    guard let x = site.knownElements(0), let y = site.knownElements(1) else { return nil }
    return zip(x, y).map(combine)
  }
}
