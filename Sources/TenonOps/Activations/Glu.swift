import TenonGraph
import TenonTensor

/// The first half of an axis times the logistic function of the second (Dauphin et al., "Language
/// Modeling with Gated Convolutional Networks", ICML 2017).
public struct Glu: CompositeOp {
  public static let name = "glu"
  public static let signature = Signature(["x"])
  public let axis: Int

  public init(axis: Int = -1) { self.axis = axis }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.requireFloat()
    let axis = try site.axis(axis, rank: x.rank)
    try site.requireDivisible(
      x.shape[axis], by: 2, "shape-mismatch",
      "axis \(axis) of size \(x.shape[axis]) does not divide into two halves")
    var shape = x.shape
    shape[axis] = shape[axis].floorDivided(by: 2)
    return [.tensor(x.element, shape)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    let axis = axis < 0 ? axis + x.rank : axis
    let half = x.shape[axis].floorDivided(by: 2)
    let gate = try slice(x, axis: axis, from: half)
    return [try slice(x, axis: axis, from: 0, to: half) * sigmoid(gate)]
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats) { element in
      let cases: [(Shape, Int)] = [
        ([6], 0), ([3, 4], -1), ([4, 3], 0), ([0, 2], 1), ([2, 134], 1), ([2, 2, 3], 1),
      ]
      return cases.map { Samples.Case(Glu(axis: $1), [TensorType(element, $0)]) }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        Glu(), [Tensor.rows([[1, 2, 0, -1]])], gives: [Tensor.rows([[0.5, 0.537882843]])],
        source: "PyTorch documentation, torch.nn.GLU: the formula, computed with SciPy")
    ]
  }
}

/// The first half of an axis times the logistic function of the second.
///
/// - Throws: `axis`, `shape-mismatch` for an odd size, or `element-type`.
public func glu(
  _ x: Value, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(Glu(axis: axis), [x], site: CallSite(fileID: fileID, line: line))
}
