import TenonGraph
import TenonOps
import TenonTensor

/// Takes convolutions of inputs with holes, as transposed ones are, apart into ones without.
///
/// Before: `%2 = convolution(%0, %1) {…, inputDilation = [2]}`
/// After:
///
///     %a = slice(%1) {…, strides = [1, 1, 2]}
///     %b = convolution(%0, %a)
///     %c = slice(%1) {…, strides = [1, 1, 2]}
///     %d = convolution(%0, %c)
///     %e = pad(%b, -0.0) {interior = [0, 0, 1], …}
///     %f = pad(%d, -0.0) {interior = [0, 0, 1], …}
///     %2 = add(%e, %f)
///
/// Results that are as many places apart as the input's elements multiply the same ones of the
/// window's elements; for each such phase one convolution, whose results go where they belong. Of
/// s x s products the original has one that is not by a hole.
///
/// For constant weights: products of holes by infinities, which are NaN, are left out.
///
/// After the passes that look at whole convolutions, before those that choose how each is computed.
public struct SplitTransposedConvolutions: GraphPass {
  public static let name = "split-transposed-convolutions"
  public init() {}

  public func run(_ context: PassContext) throws {
    try context.rewrite(with: [ConvolutionByPhases()])
  }
}

struct ConvolutionByPhases: RewriteRule {
  static let name = "convolution-by-phases"
  static let ops = OpSelection.types(Convolution.self)
  static let isExact = false

  /// More convolutions than that are not worth their loads.
  private static let mostPhases = 16

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let convolution = site.op as? Convolution,
      convolution.inputDilation.contains(where: { $0 > 1 })
    else { return nil }
    let (input, kernel, result) = (site.operand(0), site.operand(1), site.result())
    guard (convolution.strides + convolution.kernelDilation).allSatisfy({ $0 == 1 }) else {
      return .refuse(because: "strides and dilated windows go over holes in other ways")
    }
    guard site.isConstant(kernel) else {
      return .refuse(because: "the weights are no constants, and by infinite ones holes give NaN")
    }
    let places = convolution.places
    let sizes = convolution.strides.indices.map { axis -> Phases.Sizes? in
      guard let input = input.shape[places.inputSpatial[axis]].constant,
        let window = kernel.shape[places.kernelSpatial[axis]].constant,
        let result = result.shape[places.outputSpatial[axis]].constant
      else { return nil }
      return Phases.Sizes(input: input, window: window, result: result)
    }
    guard !sizes.contains(where: { $0 == nil }) else {
      return .refuse(because: "its sizes are not known before a run")
    }
    let phases = sizes.indices.map { axis in
      Phases(
        sizes[axis]!, dilation: convolution.inputDilation[axis],
        padding: convolution.padding[axis][0])
    }
    guard phases.allSatisfy(\.areWhole) else {
      return .refuse(because: "some of its results are sums of nothing but holes")
    }
    let count = phases.reduce(1) { $0 * $1.all.count }
    guard count <= Self.mostPhases else {
      return .refuse(because: "\(count) phases are too many")
    }
    var sum: Value?
    let fill = try site.graph.scalar(-0.0, result.elementType)
    for number in 0..<count {
      var rest = number
      let chosen = phases.map { axis in
        let phase = axis.all[rest % axis.all.count]
        rest /= axis.all.count
        return phase
      }
      let next = try piece(chosen, convolution, input, kernel, result, fill)
      sum = try sum.map { try $0 + next } ?? next
    }
    return .replace(sum!, because: "\(count) convolutions without holes, one for each phase")
  }

  /// The results of one phase where they belong, and around them what adds nothing.
  private func piece(
    _ phases: [Phases.Phase], _ convolution: Convolution, _ input: Value, _ kernel: Value,
    _ result: Value, _ fill: Value
  ) throws -> Value {
    let places = convolution.places
    var starts = kernel.shape.map { _ in Dimension(0) }
    var limits = kernel.shape.dimensions
    var strides = kernel.shape.map { _ in 1 }
    var low = result.shape.map { _ in Dimension(0) }
    var high = low
    var interior = result.shape.map { _ in 0 }
    for (axis, phase) in phases.enumerated() {
      let place = places.kernelSpatial[axis]
      let dilation = convolution.inputDilation[axis]
      let last = phase.firstTap + (phase.taps - 1) * dilation
      let size = kernel.shape[place].constant!
      starts[place] = Dimension(convolution.reversal[axis] ? size - 1 - last : phase.firstTap)
      limits[place] = starts[place] + Dimension(last - phase.firstTap + 1)
      strides[place] = dilation
      let target = places.outputSpatial[axis]
      low[target] = Dimension(phase.number)
      interior[target] = dilation - 1
      high[target] =
        result.shape[target] - Dimension(phase.number + (phase.results - 1) * dilation + 1)
    }
    let op = Convolution(
      axes: convolution.axes, strides: convolution.strides, padding: phases.map(\.padding),
      reversal: convolution.reversal, featureGroups: convolution.featureGroups,
      batchGroups: convolution.batchGroups, result: convolution.result)
    let taps = try slice(kernel, starts: starts, limits: limits, strides: strides)
    let sums = try input.graph.apply1(op, [input, taps], site: CallSite())
    return try pad(sums, low: low, high: high, interior: interior, fill: fill)
  }
}

/// The phases of a transposed convolution along one axis: with holes between elements, results some
/// places apart multiply the same elements of the window.
private struct Phases {
  struct Sizes {
    var input: Int
    var window: Int
    var result: Int
  }

  struct Phase {
    /// The first result's place.
    var number: Int
    var results: Int
    /// The first element of the window, and how many there are.
    var firstTap: Int
    var taps: Int
    /// Around the input without holes.
    var padding: [Int]
  }

  let all: [Phase]

  /// Whether each phase has results and multiplies something.
  var areWhole: Bool { !all.isEmpty && all.allSatisfy { $0.results > 0 && $0.taps > 0 } }

  /// Result j is the sum over t of window[t] times the input's element (j + t - padding) / dilation.
  init(_ sizes: Sizes, dilation: Int, padding: Int) {
    all = (0..<min(dilation, sizes.result)).map { number in
      let first = ((padding - number) % dilation + dilation) % dilation
      let taps = (sizes.window - first + dilation - 1) / dilation
      let results = (sizes.result - number + dilation - 1) / dilation
      let low = -(number + first - padding) / dilation
      return Phase(
        number: number, results: results, firstTap: first, taps: max(0, taps),
        padding: [low, results + taps - 1 - sizes.input - low])
    }
  }
}
