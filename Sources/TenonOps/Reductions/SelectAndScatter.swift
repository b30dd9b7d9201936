import TenonGraph
import TenonTensor

/// Of each window over the operand the element that `select` prefers; the source's elements are
/// combined by `scatter` into the places of those, starting from an initial value.
public struct SelectAndScatter: PrimitiveOp {
  public static let name = "select_and_scatter"
  public static let signature = Signature(
    ["x", "source", "initial"], regions: ["select", "scatter"])
  public let windowDimensions: [Int]
  public let windowStrides: [Int]
  public let padding: [[Int]]

  public init(windowDimensions: [Int], windowStrides: [Int]? = nil, padding: [[Int]]? = nil) {
    self.windowDimensions = windowDimensions
    self.windowStrides = windowStrides ?? windowDimensions.map { _ in 1 }
    self.padding = padding ?? windowDimensions.map { _ in [0, 0] }
  }

  var axes: WindowAxes {
    let ones = windowDimensions.map { _ in 1 }
    return WindowAxes(
      sizes: windowDimensions, strides: windowStrides, baseDilations: ones, dilations: ones,
      padding: padding)
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, source, initial) = (try site.tensor(0), try site.tensor(1), try site.tensor(2))
    try site.requireSameElement(0..<3)
    try site.require(initial.rank == 0, "shape-mismatch", "the initial value must have rank 0")
    let windows = try axes.shape(site, x.shape)
    try site.requireEqual(
      source.shape, windows, "shape-mismatch",
      "the source must have one element for each window: \(windows)")
    try site.require(site.regionCount == 2, "operand-count", "takes a selector and a combiner")
    let scalar = ValueType.tensor(x.element, .scalar)
    let select = site.region(0)
    try site.require(
      select.arguments == [scalar, scalar] && select.results == [.tensor(.bool, .scalar)],
      "region", "the selector must take two scalars of the operand's type and give bool")
    try site.requireCombiner(of: [x.element], region: 1)
    return [.tensor(x)]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let (x, source) = (operands[0], operands[1])
    let strides = RowMajor.strides(x.shape)
    var scalars = [Tensor](repeating: operands[2], count: x.elementCount)
    var update = 0
    try RowMajor.forEachIndex(source.shape) { window in
      var chosen: (offset: Int, element: Tensor)?
      try RowMajor.forEachIndex(windowDimensions) { tap in
        guard let place = axes.place(window, tap, in: x.shape) else { return }
        let offset = zip(place, strides).reduce(0) { $0 + $1.0 * $1.1 }
        let element = try x.element(at: offset)
        if let sofar = chosen,
          try site.callRegion(0, [sofar.element, element])[0].scalar(as: Bool.self)
        {
          return
        }
        chosen = (offset, element)
      }
      defer { update += 1 }
      guard let chosen else { return }
      scalars[chosen.offset] = try site.callRegion(
        1, [scalars[chosen.offset], source.element(at: update)])[0]
    }
    return [try Tensor(joining: scalars, site.resultElements[0], shape: site.resultShapes[0])]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? { .host }

  public static var samples: Samples {
    Samples(elements: ElementType.floats + ElementType.integers) { element in
      let cases: [(Shape, SelectAndScatter, Shape)] = [
        ([7], SelectAndScatter(windowDimensions: [3]), [5]),
        ([4, 5], SelectAndScatter(windowDimensions: [2, 2], windowStrides: [2, 3]), [2, 2]),
        ([3], SelectAndScatter(windowDimensions: [2], padding: [[2, 1]]), [5]),
        ([0], SelectAndScatter(windowDimensions: [2], padding: [[1, 1]]), [1]),
      ]
      return cases.map { shape, op, source in
        let types = [shape, source, []].map { TensorType(element, $0) }
        return Samples.Case(op, types) { graph, values in
          let scalar = ValueType.tensor(element, .scalar)
          let select = try graph.recordClosedRegion([scalar, scalar]) {
            [try greaterOrEqual($0[0], $0[1])]
          }
          return try graph.apply(
            op, values, regions: [select, graph.combiner(Add(), element)], site: CallSite())
        }
      }
    }
  }
}
