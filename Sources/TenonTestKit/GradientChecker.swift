import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor

/// Holds the gradients that the gradient pass records against central differences, in f64.
///
/// What is differentiated is the sum of all f64 results, each element times a drawn weight; for
/// gradients of gradients the like sum of those gradients.
public struct GradientChecker {
  /// How far to go from the operand to each side, relative to its magnitude or 1.
  public var step = 1e-5
  /// How far gradient and difference may be apart, relative to the largest of either or 1.
  public var tolerance = 1e-6
  /// 1 for gradients, 2 for gradients of gradients.
  public var order = 1
  /// How many elements of each operand are tried.
  public var elements = 16

  public init() {}

  /// What a check found.
  public enum Outcome: Equatable, Sendable {
    case agrees
    case differs(String)
    /// The op says that it has no gradient.
    case refused(String)
    /// No f64 operand or no f64 result.
    case notApplicable
  }

  /// - Throws: what recording and evaluation throw, but `no-gradient`.
  public func check(_ one: OpCase) throws -> Outcome {
    let graph = Graph(one.name)
    let values = try one.types.enumerated().map {
      try graph.input("x\($0)", $1.element, $1.shape)
    }
    let results = try one.apply(to: values, of: graph)
    var random = SplitMix(seed: 17)
    guard var loss = try weightedSum(results, one, &random) else { return .notApplicable }
    let places = values.indices.filter {
      values[$0].type.tensor?.element == .f64 && one.operands[$0].elementCount > 0
    }
    guard !places.isEmpty else { return .notApplicable }
    for _ in 1..<order {
      let slopes = try gradients(of: loss, wrt: places.map { values[$0] })
      guard let next = try weightedSum(slopes, one, &random) else { return .notApplicable }
      loss = next
    }
    try graph.output("loss", loss)
    let slopes = try gradients(of: loss, wrt: places.map { values[$0] })
    for (place, slope) in zip(places, slopes) { try graph.output("d\(place)", slope) }
    do {
      try Pipeline([ExpandGradients.self]).run(
        on: graph, target: Target(.generic), catalog: .standard)
    } catch let error as TenonError where error.code == "no-gradient" {
      return .refused(error.message)
    }
    let region = graph.entry("main")!.region
    let interpreter = Interpreter(graph, sizes: one.sizes)
    func value(_ operands: [Tensor]) throws -> Double {
      try interpreter.evaluate(region, operands)[0].doubles()[0]
    }
    let found = try interpreter.evaluate(region, one.operands)
    for (position, place) in places.enumerated() {
      let slope = try found[position + 1].doubles()
      let x = try one.operands[place].doubles()
      let scale = max(1, slope.map(\.magnitude).max() ?? 0)
      for element in chosen(x.count, &random) {
        let distance = step * max(1, x[element].magnitude)
        func moved(_ by: Double) throws -> Double {
          var elements = x
          elements[element] += by
          var operands = one.operands
          operands[place] = try Tensor(elements, shape: operands[place].shape)
          return try value(operands)
        }
        let difference = try (moved(distance) - moved(-distance)) / (2 * distance)
        // Of the loss's rounding errors some are left after the division.
        let allowed = tolerance * max(scale, difference.magnitude)
        guard (slope[element] - difference).magnitude <= allowed else {
          return .differs(
            "\(one.name): the gradient of operand \(place) at element \(element) is "
              + "\(slope[element]), the central difference \(difference)")
        }
      }
    }
    return .agrees
  }

  private func weightedSum(_ results: [Value], _ one: OpCase, _ random: inout SplitMix) throws
    -> Value?
  {
    var total: Value?
    for result in results where result.type.tensor?.element == .f64 {
      guard let shape = result.shape.evaluated({ one.sizes[$0.name] }) else { continue }
      // Weights of a size known only at run time repeat one row.
      let isKnown = result.shape.isConstant
      let weights = try Tensor.random(
        .f64, shape: isKnown ? shape : [], in: 0.5...1.5, &random)
      let factor = try broadcast(result.graph.constant(weights), to: result)
      let part = try sum(result * factor)
      total = try total.map { try $0 + part } ?? part
    }
    return total
  }

  private func chosen(_ count: Int, _ random: inout SplitMix) -> [Int] {
    if count <= elements { return Array(0..<count) }
    return (0..<elements).map { _ in random.below(count) }
  }
}
