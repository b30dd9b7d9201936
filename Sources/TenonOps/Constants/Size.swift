import TenonGraph
import TenonTensor

/// A size of the graph as a number of rank 0: a constant where it is known when recorded, else
/// read when the size is.
public struct Size: PrimitiveOp {
  public static let name = "size"
  public static let signature = Signature([])
  public let dimension: Dimension
  public let element: ElementType

  public init(_ dimension: Dimension, _ element: ElementType) {
    self.dimension = dimension
    self.element = element
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    try site.require(
      !element.isStorageOnly && element != .bool, "element-type", "is not defined for \(element)")
    return [.tensor(element, .scalar)]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? { [dimension] }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    [try Tensor(Int64(site.size(dimension))).converted(to: element)]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [] }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    var program = ScalarProgram()
    let size = program.add(.size(dimension), .i64)
    let value = program.convert(size, to: element)
    return .compute(Compute(axes: [], program: program, results: [value]))
  }

  public static var samples: Samples {
    Samples { element in
      let running = Dimension(.running("n", maximum: 9))
      let sizes: [Dimension] = [running, running * 2 + 1, running.floorDivided(by: 2), 3]
      return sizes.map { size in
        Samples.Case(
          Size(size, element), [TensorType(element, [running])],
          record: { graph, _ in [try graph.size(size, element, site: CallSite())] })
      }
    }
  }
}

extension Graph {
  /// A size, such as one of an input's shape, as a number of rank 0.
  ///
  /// - Throws: `element-type` for `bool` and storage types.
  public func size(
    _ dimension: Dimension, _ element: ElementType = .i64, fileID: StaticString = #fileID,
    line: UInt = #line
  ) throws -> Value {
    try size(dimension, element, site: CallSite(fileID: fileID, line: line))
  }

  /// A size as a number of rank 0.
  ///
  /// - Throws: `element-type` for `bool` and storage types.
  func size(_ dimension: Dimension, _ element: ElementType, site: CallSite) throws -> Value {
    if let constant = dimension.constant { return try scalar(constant, element, site: site) }
    return try apply1(Size(dimension, element), [], site: site)
  }
}
