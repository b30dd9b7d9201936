import TenonGraph
import TenonTensor

/// The recurrent networks share operands, inference and the walk over time.
///
/// Operands: x (length, batch, inputs); a weight of (gates · hidden, inputs) for the input and one of
/// (gates · hidden, hidden) for the state; a bias of (gates · hidden) for each; then the first states
/// (batch, hidden). Results: the outputs (length, batch, hidden), then the last states.
public protocol RecurrentNetwork: CompositeOp {
  /// How many gates lie one after another in the weights.
  static var gateCount: Int { get }
  static var stateCount: Int { get }
  /// What is wrong with the attributes; nil where nothing is.
  var brokenRule: String? { get }
  /// Whether time runs from the last to the first.
  var isReversed: Bool { get }
  /// The next states from the input's part (batch, gates · hidden), which has its bias, and the
  /// states; the first state is the output.
  func step(_ input: Value, _ states: [Value], weight: Value, bias: Value) throws -> [Value]
}

extension RecurrentNetwork {
  public var brokenRule: String? { nil }

  public static var signature: Signature {
    let states = stateCount == 1 ? ["state"] : ["state", "cell"]
    return Signature(
      ["x", "inputWeight", "stateWeight", "inputBias", "stateBias"] + states,
      ["outputs"] + states.map { "last_\($0)" })
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    if let brokenRule { throw site.fail("attribute", brokenRule) }
    let x = try site.requireFloat()
    try site.requireSameElement(0..<site.operandCount)
    try site.require(
      x.rank == 3, "shape-mismatch", "x must be (length, batch, inputs), not of rank \(x.rank)")
    let weight = try site.tensor(2)
    try site.require(
      weight.rank == 2, "shape-mismatch", "the state's weight must be (gates · hidden, hidden)")
    let hidden = weight.shape[1]
    let rows = hidden * Dimension(Self.gateCount)
    let expected: [Shape] =
      [[rows, x.shape[2]], [rows, hidden], [rows], [rows]]
      + (0..<Self.stateCount).map { _ in [x.shape[1], hidden] }
    for (position, shape) in expected.enumerated() {
      let given = try site.tensor(position + 1).shape
      try site.requireEqual(
        given, shape, "shape-mismatch",
        "\(Self.signature.operandName(position + 1)) must be \(shape), not \(given)")
    }
    let state = ValueType.tensor(x.element, [x.shape[1], hidden])
    return [.tensor(x.element, [x.shape[0], x.shape[1], hidden])]
      + (0..<Self.stateCount).map { _ in state }
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let (x, weight, bias) = (operands[0], operands[2], operands[4])
    // The input's part of all steps is one contraction.
    let products = try dotGeneral(x, operands[1], lhsContracting: [2], rhsContracting: [1])
    let inputs = try products + operands[3].alongAxis(2, of: products)
    let results = try scan(Array(operands.dropFirst(5)), over: [inputs], isReversed: isReversed) {
      states, slices in
      let next = try step(slices[0], states, weight: weight, bias: bias)
      return (next, [next[0]])
    }
    return results.stacked + results.carried
  }

  /// The state's part of all gates, with its bias.
  func projected(_ state: Value, _ weight: Value, _ bias: Value) throws -> Value {
    let product = try dotGeneral(state, weight, lhsContracting: [1], rhsContracting: [1])
    return try product + broadcast(bias, to: product)
  }

  /// One gate's part of (batch, gates · hidden).
  func gate(_ place: Int, _ all: Value) throws -> Value {
    let hidden = all.shape[1].floorDivided(by: Dimension(Self.gateCount))
    return try slice(
      all, axis: 1, from: hidden * Dimension(place), to: hidden * Dimension(place + 1))
  }

  /// Cases of an op made from its direction.
  static func samples(_ make: @escaping @Sendable (Bool) -> [Self]) -> Samples {
    Samples(elements: ElementType.floats, range: -1...1) { element in
      let running = Dimension(.running("n", maximum: 9))
      let sizes: [(Dimension, Dimension, Dimension, Dimension)] = [
        (3, 2, 2, 3), (1, 1, 1, 1), (0, 2, 2, 2), (running, 1, 2, 2), (2, 3, 5, 9),
      ]
      return sizes.enumerated().flatMap { place, one in
        let (length, batch, inputs, hidden) = one
        let rows = hidden * Dimension(gateCount)
        let shapes: [Shape] =
          [[length, batch, inputs], [rows, inputs], [rows, hidden], [rows], [rows]]
          + (0..<stateCount).map { _ in [batch, hidden] }
        return make(place % 2 == 1).map { op in
          Samples.Case(op, shapes.map { TensorType(element, $0) })
        }
      }
    }
  }
}

extension Value {
  /// The operands of a recurrent network, with zeros for the biases and states that are not given.
  func recurrentOperands(
    _ inputWeight: Value, _ stateWeight: Value, _ inputBias: Value?, _ stateBias: Value?,
    _ states: [Value?]
  ) throws -> [Value] {
    let rows: Shape = stateWeight.rank > 0 ? [stateWeight.shape[0]] : []
    let state: Shape =
      rank == 3 && stateWeight.rank == 2 ? [shape[1], stateWeight.shape[1]] : []
    func zeros(_ shape: Shape) throws -> Value { try filled(0, site: CallSite(), shape: shape) }
    return [
      self, inputWeight, stateWeight, try inputBias ?? zeros(rows), try stateBias ?? zeros(rows),
    ] + (try states.map { try $0 ?? zeros(state) })
  }
}
