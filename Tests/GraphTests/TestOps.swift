import TenonTensor

@testable import TenonGraph

/// A tensor from nowhere.
struct Source: PrimitiveOp {
  static let name = "source"
  static let signature = Signature([])
  let element: ElementType
  let shape: Shape

  func infer(_ site: InferenceSite) throws -> [ValueType] { [.tensor(element, shape)] }
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { [] }
}

/// Two tensors of one type added; small integers know their elements.
struct Plus: PrimitiveOp {
  static let name = "plus"
  static let signature = Signature(["x", "y"])

  func infer(_ site: InferenceSite) throws -> [ValueType] {
    try site.requireSameElement(0..<2)
    try site.requireEqual(
      site.tensor(0).shape, site.tensor(1).shape, "shape-mismatch",
      "operands must have one shape; insert `broadcast` first")
    return [site.type(0)]
  }
  func knownElements(_ site: InferenceSite) -> [Dimension]? {
    guard let x = site.knownElements(0), let y = site.knownElements(1) else { return nil }
    return zip(x, y).map { $0 + $1 }
  }
  func lowering(_ site: LoweringSite) -> Lowering? {
    .compute(.elementwise(site) { $0.binary(.add, $1[0], $1[1]) })
  }
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { [] }
}

/// A tensor whose sizes are the elements of its operand.
struct Filled: PrimitiveOp {
  static let name = "filled"
  static let signature = Signature(["sizes"])

  func infer(_ site: InferenceSite) throws -> [ValueType] {
    guard let sizes = site.knownElements(0) else {
      throw site.fail("unknown-elements", "the sizes must be known")
    }
    return [.tensor(.f32, Shape(sizes))]
  }
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { [] }
}

/// An integer constant with known elements.
struct Numbers: PrimitiveOp {
  static let name = "numbers"
  static let signature = Signature([])
  let values: [Dimension]

  func infer(_ site: InferenceSite) throws -> [ValueType] {
    [.tensor(.i64, [Dimension(values.count)])]
  }
  func knownElements(_ site: InferenceSite) -> [Dimension]? { values }
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { [] }
}

/// Its operand twice.
struct Copies: PrimitiveOp {
  static let name = "copies"
  static let signature = Signature(["x"], ["first", "second"])

  func infer(_ site: InferenceSite) throws -> [ValueType] { [site.type(0), site.type(0)] }
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { [] }
}

/// Without results, and called like a word of the text.
struct Region: PrimitiveOp {
  static let name = "region"
  static let signature = Signature(["values…"], [])

  func infer(_ site: InferenceSite) throws -> [ValueType] { [] }
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { [] }
}

/// A sequence of its operand.
struct Collected: PrimitiveOp {
  static let name = "acme.collected"
  static let signature = Signature(["value"])

  func infer(_ site: InferenceSite) throws -> [ValueType] { [.optional(.sequence(site.type(0)))] }
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { [] }
}

/// Two regions that take the captured values after the condition and give the same types.
struct Either: PrimitiveOp {
  static let name = "either"
  static let signature = Signature(
    ["condition", "captured…"], ["results…"], regions: ["then", "else"])

  func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (then, otherwise) = (site.region(0), site.region(1))
    let captured = (1..<site.operandCount).map(site.type)
    try site.require(
      then.arguments == captured && otherwise.arguments == captured, "region",
      "the regions must take the captured values")
    try site.require(
      then.results == otherwise.results, "region", "the regions must give the same types")
    return then.results
  }
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { [] }

  static func record(
    _ condition: Value, _ then: @escaping () throws -> [Value],
    else otherwise: @escaping () throws -> [Value]
  ) throws -> [Value] {
    let graph = condition.graph
    let (regions, captured) = try graph.recordRegions([
      ([], { _ in try then() }), ([], { _ in try otherwise() }),
    ])
    return try graph.apply(
      Either(), [condition] + captured, regions: regions,
      site: CallSite(fileID: "T/e.swift", line: 1))
  }
}

/// An attribute of every kind.
struct Everything: PrimitiveOp {
  enum Mode: String, Codable, Hashable, Sendable { case fast, exact }

  static let name = "everything"
  static let signature = Signature([])
  var flag = true
  var count = -3
  var rate = 0.1
  var text = "a \"quoted\"\\\n\ttext"
  var element = ElementType.bf16
  var size = Dimension(7)
  var shape: Shape = [2, 3]
  var values = Literal(Tensor([Int8(-1), 2]))
  var mode = Mode.exact
  var axes: [Int] = []
  var nested: [[Int]] = [[1], [2, 3]]
  var maybe: Int?
  var perhaps: [Int?] = [1, nil]

  func infer(_ site: InferenceSite) throws -> [ValueType] { [.tensor(element, shape)] }
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { [] }
}

/// At version 3: version 1 called its attribute `size`, version 2 counted from 1.
struct Aged: PrimitiveOp {
  static let name = "aged"
  static let version = 3
  static let signature = Signature([])
  let count: Int

  func infer(_ site: InferenceSite) throws -> [ValueType] { [.tensor(.f32, [Dimension(count)])] }
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { [] }

  static func upgrade(_ attributes: inout Attributes, from version: Int) throws {
    switch version {
    case 1:
      attributes["count"] = attributes["size"]
      attributes["size"] = nil
    default:
      guard case .int(let count)? = attributes["count"] else { return }
      attributes["count"] = .int(count - 1)
    }
  }
}

extension OpCatalog {
  static let tests = OpCatalog([
    Source.self, Plus.self, Filled.self, Numbers.self, Copies.self, Region.self, Collected.self,
    Either.self, Everything.self, Aged.self,
  ])
}

extension Graph {
  @discardableResult
  func add(_ op: some Op, _ operands: Value..., line: UInt = 1) throws -> [Value] {
    try apply(op, operands, site: CallSite(fileID: "T/a.swift", line: line))
  }
}
