import TenonGraph
import TenonTensor

/// 0, 1, 2 … along one axis.
public struct Iota: PrimitiveOp {
  public static let name = "iota"
  public static let signature = Signature([])
  public let element: ElementType
  public let shape: Shape
  public let dimension: Int

  public init(_ element: ElementType, _ shape: Shape, dimension: Int) {
    self.element = element
    self.shape = shape
    self.dimension = dimension
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    try site.require(
      !element.isStorageOnly && element != .bool, "element-type", "is not defined for \(element)")
    try site.require(
      shape.indices.contains(dimension), "axis",
      "dimension \(dimension) is out of range for rank \(shape.rank)")
    return [.tensor(element, shape)]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    shape[0].constant.map { (0..<$0).map { Dimension($0) } }
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    var values: [Int64] = []
    RowMajor.forEachIndex(site.resultShapes[0]) { values.append(Int64($0[dimension])) }
    if element.isFloat { return [try site.result(0, .floats(values.map { Double($0) }))] }
    return [try site.result(0, .integers(values))]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [] }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    var program = ScalarProgram()
    let index = program.add(.index(.axis(dimension)), .i64)
    let value = program.convert(index, to: element)
    return .compute(Compute(axes: shape.dimensions, program: program, results: [value]))
  }

  public static var samples: Samples {
    Samples { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, Int)] = [
        ([7], 0), ([0], 0), ([3, 5], 0), ([3, 5], 1), ([2, 67], 1), ([2, 3, 4], 1),
      ]
      return cases.map { Samples.Case(Iota(element, $0, dimension: $1), []) } + [
        Samples.Case(
          Iota(element, [running, 2], dimension: 0), [TensorType(element, [running, 1])],
          record: { graph, _ in [try graph.iota(element, [running, 2])] })
      ]
    }
  }
}

extension Graph {
  /// 0, 1, 2 … along `dimension` of a tensor of that shape.
  ///
  /// - Throws: `axis`, or `element-type` for `bool` and storage types.
  public func iota(
    _ element: ElementType, _ shape: Shape, dimension: Int = 0, fileID: StaticString = #fileID,
    line: UInt = #line
  ) throws -> Value {
    try apply1(
      Iota(element, shape, dimension: dimension), [], site: CallSite(fileID: fileID, line: line))
  }
}
