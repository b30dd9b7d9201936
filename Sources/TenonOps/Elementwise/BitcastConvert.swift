import TenonGraph
import TenonTensor

/// The same bits as another type. To a narrower type the pieces of an element, lowest first, become
/// a new last axis; to a wider one the last axis must hold the pieces of one element.
public struct BitcastConvert: PrimitiveOp {
  public static let name = "bitcast_convert"
  public static let signature = Signature(["x"])
  public let element: ElementType

  public init(to element: ElementType) { self.element = element }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    for type in [x.element, element] {
      try site.require(
        type != .bool && type.bitWidth >= 8 && !type.isComplex, "element-type",
        "is not defined for \(type)")
    }
    var sizes = x.shape.dimensions
    if element.bitWidth < x.element.bitWidth {
      sizes.append(Dimension(x.element.bitWidth / element.bitWidth))
    } else if element.bitWidth > x.element.bitWidth {
      let pieces = element.bitWidth / x.element.bitWidth
      guard let last = sizes.popLast(), last == Dimension(pieces) else {
        throw site.fail(
          "shape-mismatch", "the last axis must hold the \(pieces) pieces of one \(element)")
      }
    }
    return [.tensor(element, Shape(sizes))]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    [
      try Tensor(
        element, shape: site.resultShapes[0], storage: operands[0].storage,
        byteOffset: operands[0].byteOffset)
    ]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    [site.operands[0].elementType == element ? site.gradient : nil]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let (from, to) = (site.operands[0], site.results[0])
    let index = (0..<to.rank).map { IndexExpression.axis($0) }
    var program = ScalarProgram()
    let value: ScalarID
    if from.element.bitWidth == element.bitWidth {
      let loaded = program.load(0, from.element, index)
      value = from.element == element ? loaded : program.add(.bitcast(loaded), element)
    } else if from.element.bitWidth > element.bitWidth {
      let wide = ElementType.unsigned(from.element.bitWidth)
      let narrow = ElementType.unsigned(element.bitWidth)
      let loaded = program.load(0, from.element, Array(index.dropLast()))
      let bits = BitcastConvert.cast(loaded, to: wide, &program)
      let piece = program.convert(program.add(.index(index[to.rank - 1]), .i64), to: wide)
      let width = program.add(.integer(Int64(element.bitWidth)), wide)
      let shift = program.binary(.multiply, piece, width)
      let moved = program.convert(program.binary(.shiftRightLogical, bits, shift), to: narrow)
      value = BitcastConvert.cast(moved, to: element, &program)
    } else {
      let wide = ElementType.unsigned(element.bitWidth)
      let narrow = ElementType.unsigned(from.element.bitWidth)
      var bits = program.add(.integer(0), wide)
      for piece in 0..<element.bitWidth / from.element.bitWidth {
        let loaded = program.load(0, from.element, index + [IndexExpression(Dimension(piece))])
        let low = program.convert(BitcastConvert.cast(loaded, to: narrow, &program), to: wide)
        let shift = program.add(.integer(Int64(piece * from.element.bitWidth)), wide)
        bits = program.binary(.or, bits, program.binary(.shiftLeft, low, shift))
      }
      value = BitcastConvert.cast(bits, to: element, &program)
    }
    return .compute(Compute(axes: to.shape.dimensions, program: program, results: [value]))
  }

  private static func cast(
    _ scalar: ScalarID, to type: ElementType, _ program: inout ScalarProgram
  ) -> ScalarID {
    program.type(scalar) == type ? scalar : program.add(.bitcast(scalar), type)
  }

  public static var samples: Samples {
    Samples(elements: ElementType.arithmetic.filter { $0 != .bool }) { element in
      var cases: [Samples.Case] = []
      for target in ElementType.arithmetic where target != .bool {
        let ratio = target.bitWidth / element.bitWidth
        let last = ratio > 1 ? [ratio] : []
        for sizes in [[], [3], [2, 0], [5, 9]] as [[Int]] {
          cases.append(
            Samples.Case(
              BitcastConvert(to: target), [TensorType(element, Shape(sizes + last))]))
        }
      }
      return cases
    }
  }
}

extension ElementType {
  /// The unsigned integer of 8, 16, 32 or 64 bits.
  static func unsigned(_ bits: Int) -> ElementType {
    switch bits {
    case 8: .u8
    case 16: .u16
    case 32: .u32
    default: .u64
    }
  }
}

/// The same bits as another type; see `BitcastConvert` for types of another width.
///
/// - Throws: `element-type`, or `shape-mismatch` where the last axis does not hold the pieces of
///   one wider element.
public func bitcast(
  _ x: Value, to element: ElementType, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  if x.elementType == element { return x }
  return try x.graph.apply1(
    BitcastConvert(to: element), [x], site: CallSite(fileID: fileID, line: line))
}
