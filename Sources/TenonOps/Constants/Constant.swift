import TenonGraph
import TenonTensor

/// A tensor known when the graph is recorded.
public struct Constant: PrimitiveOp {
  public static let name = "constant"
  public static let signature = Signature([])
  public let value: Literal

  public init(_ tensor: Tensor) { value = Literal(tensor) }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    [.tensor(value.tensor.elementType, Shape(value.tensor.shape))]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    guard value.tensor.elementCount <= 64 else { return nil }
    return (try? value.tensor.integers())?.map { Dimension(Int($0)) }
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    [value.tensor]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [] }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    // A scalar becomes part of the kernels that read it; a larger one is data of the plan.
    guard value.tensor.rank == 0, let elements = try? value.tensor.elements() else { return nil }
    var program = ScalarProgram()
    let element = value.tensor.elementType
    let scalar: ScalarID
    switch elements {
    case .floats(let values):
      let wide = program.add(.float(values[0]), element.computeType)
      scalar = program.convert(wide, to: element)
    case .integers(let values): scalar = program.add(.integer(values[0]), element)
    }
    return .compute(Compute(axes: [], program: program, results: [scalar]))
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      ([[], [0], [5], [2, 3]] as [[Int]]).compactMap { sizes -> Samples.Case? in
        let values = (0..<RowMajor.count(sizes)).map { Int64($0 % 2) }
        let tensor = try? Tensor(.i64, shape: sizes, integers: values).converted(to: element)
        return tensor.map { Samples.Case(Constant($0), []) }
      }
    }
  }
}

/// A Swift number that can stand beside a value: `x * 2`.
public protocol Scalar: Sendable {
  var double: Double { get }
  /// The number where it is an integer.
  var integer: Int64? { get }
}

extension Float: Scalar {
  public var double: Double { Double(self) }
  public var integer: Int64? { Int64(exactly: self) }
}
extension Double: Scalar {
  public var double: Double { self }
  public var integer: Int64? { Int64(exactly: self) }
}
extension Int: Scalar {
  public var double: Double { Double(self) }
  public var integer: Int64? { Int64(self) }
}

extension Graph {
  /// A constant of the graph.
  public func constant(_ tensor: Tensor, fileID: StaticString = #fileID, line: UInt = #line) throws
    -> Value
  {
    try apply1(Constant(tensor), [], site: CallSite(fileID: fileID, line: line))
  }

  /// A constant of rank 0.
  ///
  /// - Throws: `scalar` where an integer type cannot hold the number.
  public func scalar(
    _ number: some Scalar, _ element: ElementType, fileID: StaticString = #fileID,
    line: UInt = #line
  ) throws -> Value {
    try scalar(number, element, site: CallSite(fileID: fileID, line: line))
  }

  func scalar(_ number: some Scalar, _ element: ElementType, site: CallSite) throws -> Value {
    let tensor: Tensor
    if element.isFloat {
      tensor = try Tensor(element, shape: [], doubles: [number.double])
    } else {
      guard let integer = number.integer,
        element.saturated(Double(integer)) == integer || element == .i64 || element == .u64
      else { throw TenonError.scalarOutOfRange("\(number)", element) }
      tensor = try Tensor(element, shape: [], integers: [integer])
    }
    return try apply1(Constant(tensor), [], site: site)
  }
}

extension Value {
  /// A number in the value's element type and shape.
  ///
  /// - Throws: `scalar` where an integer type cannot hold the number.
  public func filled(_ number: some Scalar, site: CallSite) throws -> Value {
    let scalar = try graph.scalar(number, elementType, site: site)
    if rank == 0 { return scalar }
    return try graph.apply1(
      BroadcastInDim(shape: shape, dimensions: []), [scalar], site: site)
  }
}

extension Graph {
  /// Whether files still have the bytes of constants that were lent from them.
  ///
  /// - Throws: `file-read` where one was truncated meanwhile.
  package func checkConstants() throws {
    for case let constant as Constant in ops { try constant.value.tensor.storage.check() }
  }
}
