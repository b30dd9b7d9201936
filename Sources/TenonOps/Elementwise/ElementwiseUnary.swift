import TenonGraph
import TenonTensor

/// The ops that map each element by one function share inference, evaluation and lowering.
public protocol ElementwiseUnary: PrimitiveOp {
  init()
  static var function: UnaryFunction { get }
  /// Which element types the op takes.
  static func accepts(_ element: ElementType) -> Bool
  static func float(_ x: Double) -> Double
  static func integer(_ x: Int64, _ type: ElementType) -> Int64
}

extension ElementwiseUnary {
  public static var signature: Signature { Signature(["x"]) }
  public static func accepts(_ element: ElementType) -> Bool {
    element.isFloat && !element.isStorageOnly
  }

  public static func float(_ x: Double) -> Double {
    preconditionFailure("internal: \(name) takes no floats")
  }

  public static func integer(_ x: Int64, _ type: ElementType) -> Int64 {
    preconditionFailure("internal: \(name) takes no integers")
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    try site.require(Self.accepts(x.element), "element-type", "is not defined for \(x.element)")
    return [.tensor(x.element, x.shape)]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let type = operands[0].elementType
    switch try operands[0].elements() {
    case .floats(let values): return [try site.result(0, .floats(values.map(Self.float)))]
    case .integers(let values):
      return [
        try site.result(
          0, .integers(values.map { ReferenceArithmetic.wrapped(Self.integer($0, type), type) }))
      ]
    }
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    .compute(.elementwise(site) { $0.unary(Self.function, $1[0]) })
  }
}
