import Tenon

/// max(x, 0)², element by element (So et al., "Primer: searching for efficient transformers for
/// language modeling", NeurIPS 2021).
///
/// The struct has no stored properties, so the op has no attributes.
struct SquaredRelu: CompositeOp {
  static let name = "squared_relu"
  static let signature = Signature(["x"])

  func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    try site.require(x.element.isFloat, "element-type", "is not defined for \(x.element)")
    return [.tensor(x.element, x.shape)]
  }

  func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let positive = try relu(operands[0])
    return [try positive * positive]
  }

  /// 2 max(x, 0): better than what the body's gradient would compute.
  func gradient(_ site: GradientSite) throws -> [Value?] {
    [try site.gradient * relu(site.operands[0]) * 2]
  }
}

func squaredRelu(_ x: Value, fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
  try x.graph.apply1(SquaredRelu(), [x], site: CallSite(fileID: fileID, line: line))
}
