import TenonGraph
import TenonTensor

/// k tensors combined inside windows that move over them, starting from k initial values, which also
/// stand for padding and for what `baseDilations` puts between elements.
public struct ReduceWindow: PrimitiveOp {
  public static let name = "reduce_window"
  public static let signature = Signature(["operands…"], ["results…"], regions: ["combiner"])
  public let windowDimensions: [Int]
  public let windowStrides: [Int]
  public let baseDilations: [Int]
  public let windowDilations: [Int]
  public let padding: [[Int]]

  public init(
    windowDimensions: [Int], windowStrides: [Int]? = nil, baseDilations: [Int]? = nil,
    windowDilations: [Int]? = nil, padding: [[Int]]? = nil
  ) {
    let ones = windowDimensions.map { _ in 1 }
    self.windowDimensions = windowDimensions
    self.windowStrides = windowStrides ?? ones
    self.baseDilations = baseDilations ?? ones
    self.windowDilations = windowDilations ?? ones
    self.padding = padding ?? windowDimensions.map { _ in [0, 0] }
  }

  var axes: WindowAxes {
    WindowAxes(
      sizes: windowDimensions, strides: windowStrides, baseDilations: baseDilations,
      dilations: windowDilations, padding: padding)
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let tensors = try site.requireCombiner()
    let shape = try axes.shape(site, tensors[0].shape)
    return tensors.map { .tensor($0.element, shape) }
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let count = operands.count / 2
    let shape = operands[0].shape
    let strides = RowMajor.strides(shape)
    var groups: [[Int?]] = []
    RowMajor.forEachIndex(site.resultShapes[0]) { window in
      var group: [Int?] = []
      RowMajor.forEachIndex(windowDimensions) { tap in
        let place = axes.place(window, tap, in: shape)
        group.append(place.map { zip($0, strides).reduce(0) { $0 + $1.0 * $1.1 } })
      }
      groups.append(group)
    }
    if count == 1, let combine = ReferenceCombiner(site.combiner(0), operands[0].elementType) {
      return [try combine.reduce(operands[0], operands[1], groups, site)]
    }
    let initial = Array(operands[count...])
    var results = [[Tensor]](repeating: [], count: count)
    for group in groups {
      var sofar = initial
      for offset in group {
        let next =
          try offset.map { place in
            try operands[..<count].map { try $0.element(at: place) }
          } ?? initial
        sofar = try site.callRegion(0, sofar + next)
      }
      for position in 0..<count { results[position].append(sofar[position]) }
    }
    return try results.enumerated().map { position, scalars in
      try Tensor(
        joining: scalars, site.resultElements[position], shape: site.resultShapes[position])
    }
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    guard case .success(let combiner) = RegionExpressions.combiner(site.regions[0], of: site.graph)
    else { return .host }
    let count = site.operands.count / 2
    let result = site.results[0]
    let (index, guards) = axes.index(result.shape, site.operands[0].shape)
    var isNamed = true
    if case .program = combiner { isNamed = false }
    var program = ScalarProgram()
    var (values, initial): ([ScalarID], [ScalarID]) = ([], [])
    for position in 0..<count {
      let element = site.operands[position].element
      let start = program.load(position + count, element, [])
      let value = program.load(
        position, element, index, guards: guards, fill: guards.isEmpty ? nil : start)
      values.append(isNamed ? program.widened(value) : value)
      initial.append(isNamed ? program.widened(start) : start)
    }
    var final = ScalarProgram()
    let results = values.indices.map { position in
      let reduced = final.add(.reduced(position), program.type(values[position]))
      return final.convert(reduced, to: site.results[position].element)
    }
    return .compute(
      Compute(
        axes: result.shape.dimensions,
        reduction: Compute.Reduction(
          axes: windowDimensions.map { Dimension($0) }, program: program, values: values,
          initial: initial, combiner: combiner), program: final, results: results))
  }

  public static var samples: Samples {
    Samples { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, ReduceWindow)] = [
        ([7], ReduceWindow(windowDimensions: [3])),
        (
          [2, 5],
          ReduceWindow(
            windowDimensions: [1, 2], windowStrides: [1, 2], padding: [[0, 0], [1, 0]])
        ),
        (
          [6, 6],
          ReduceWindow(
            windowDimensions: [3, 2], windowStrides: [2, 3], padding: [[1, 1], [0, 2]])
        ),
        ([0], ReduceWindow(windowDimensions: [2], padding: [[1, 1]])),
        ([2], ReduceWindow(windowDimensions: [4])),
        (
          [4],
          ReduceWindow(
            windowDimensions: [2], baseDilations: [3], windowDilations: [2], padding: [[2, -1]])
        ),
        (
          [1, 2, 5, 19],
          ReduceWindow(
            windowDimensions: [1, 1, 3, 3], windowStrides: [1, 1, 2, 2],
            padding: [[0, 0], [0, 0], [1, 1], [1, 1]])
        ),
        ([running, 4], ReduceWindow(windowDimensions: [1, 2])),
      ]
      let combiners: [any Op] =
        element == .bool ? [And(), Or()] : [Add(), Maximum(), Minimum(), Multiply()]
      return combiners.flatMap { op in
        cases.map { shape, window in
          Samples.Case(
            window, [TensorType(element, shape), TensorType(element, .scalar)],
            record: { graph, values in
              try graph.apply(
                window, values, regions: [graph.combiner(op, element)], site: CallSite())
            })
        }
      }
    }
  }
}
