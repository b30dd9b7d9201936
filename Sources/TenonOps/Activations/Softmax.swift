import TenonGraph
import TenonTensor

/// exp(x) over its sum along an axis, computed from x less its maximum.
public struct Softmax: CompositeOp {
  public static let name = "softmax"
  public static let signature = Signature(["x"])
  public let axis: Int

  public init(axis: Int) { self.axis = axis }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.requireFloat()
    _ = try site.axis(axis, rank: x.rank)
    return [.tensor(x.element, x.shape)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    try operands[0].widened { x in
      let largest = try maximum(x, axes: [axis], keepingAxes: true)
      let powers = try exp(x - broadcast(largest, to: x))
      let total = try sum(powers, axes: [axis], keepingAxes: true)
      return [try powers / broadcast(total, to: x)]
    }
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let weighted = try site.gradient * site.results[0]
    let total = try sum(weighted, axes: [axis], keepingAxes: true)
    return [try weighted - site.results[0] * broadcast(total, to: weighted)]
  }

  public static var samples: Samples { samples(Softmax.init) }

  /// The cases of an op along an axis.
  static func samples(_ make: @escaping @Sendable (Int) -> any Op) -> Samples {
    Samples(elements: ElementType.floats) { element in
      let cases: [(Shape, Int)] = [
        ([7], 0), ([3, 5], -1), ([3, 5], 0), ([2, 67], 1), ([0, 3], 1), ([2, 3, 4], 1),
        ([1, 1], 0), ([130], -1),
      ]
      return cases.map { Samples.Case(make($1), [TensorType(element, $0)]) }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        Softmax(axis: 0), [Tensor([1, 2, 3] as [Float])],
        gives: [Tensor([0.09003057, 0.24472847, 0.66524096] as [Float])],
        source: "SciPy, scipy.special.softmax")
    ]
  }
}

/// exp(x) over its sum along an axis, the last by default.
///
/// - Throws: `axis`, or `element-type` where the elements are no floats.
public func softmax(
  _ x: Value, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(Softmax(axis: axis), [x], site: CallSite(fileID: fileID, line: line))
}
