import TenonGraph
import TenonTensor

/// Each element as another type: floats round to nearest even; float to integer truncates,
/// saturates and takes NaN to 0; integers keep their low bits; `bool` is "not zero".
public struct Convert: PrimitiveOp {
  public static let name = "convert"
  public static let signature = Signature(["x"])
  public let element: ElementType

  public init(to element: ElementType) { self.element = element }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    for type in [x.element, element] {
      try site.require(
        !type.isComplex && type != .string, "element-type", "is not defined for \(type)")
    }
    return [.tensor(element, x.shape)]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    guard let x = try? site.tensor(0), x.element.isInteger || x.element == .bool,
      element == .i64 || element == .i32
    else { return nil }
    return site.knownElements(0)
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    [try operands[0].converted(to: element)]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let from = site.operands[0].elementType
    return [from.isFloat && element.isFloat ? try convert(site.gradient, to: from) : nil]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let result = site.results[0]
    var program = ScalarProgram()
    let index = (0..<result.rank).map { IndexExpression.axis($0) }
    let loaded = program.load(0, site.operands[0].element, index)
    let value = program.convert(loaded, to: element)
    return .compute(Compute(axes: result.shape.dimensions, program: program, results: [value]))
  }

  public static var samples: Samples {
    let types = ElementType.allCases.filter { !$0.isComplex && $0 != .string }
    return Samples(elements: types, range: -300...300) { element in
      types.enumerated().map { place, target in
        let shapes: [Shape] = [[23], [], [3, 5], [0]]
        return Samples.Case(
          Convert(to: target), [TensorType(element, place % 5 == 0 ? shapes[place / 5 % 4] : [23])])
      }
    }
  }
}

/// Each element as another type.
///
/// - Throws: `element-type` for complex and string tensors.
public func convert(
  _ x: Value, to element: ElementType, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  if x.elementType == element { return x }
  return try x.graph.apply1(
    Convert(to: element), [x], site: CallSite(fileID: fileID, line: line))
}
