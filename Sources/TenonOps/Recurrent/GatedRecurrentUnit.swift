import TenonGraph
import TenonTensor

/// A GRU layer in one direction (Cho et al., EMNLP 2014): h' = (1 - z) n + z h, where the new part n
/// takes the state after a reset gate r, on its weighted part (`resetsAfter`, as PyTorch) or on the
/// state itself (as ONNX by default).
public struct GatedRecurrentUnit: RecurrentNetwork {
  public static let name = "gru"
  public static let gateCount = 3
  public static let stateCount = 1
  /// In which order the gates lie in the weights: `rzn` as PyTorch has them, `zrn` as ONNX.
  public let gates: String
  public let resetsAfter: Bool
  public let isReversed: Bool

  public init(gates: String = "rzn", resetsAfter: Bool = true, isReversed: Bool = false) {
    self.gates = gates
    self.resetsAfter = resetsAfter
    self.isReversed = isReversed
  }

  public var brokenRule: String? {
    gates.sorted() == Array("nrz") ? nil : "the order of gates must be like rzn, not \(gates)"
  }

  public func step(_ input: Value, _ states: [Value], weight: Value, bias: Value) throws -> [Value]
  {
    let order = Array(gates)
    func part(_ name: Character, _ all: Value) throws -> Value {
      try gate(order.firstIndex(of: name)!, all)
    }
    let state = states[0]
    let own = try projected(state, weight, bias)
    let reset = try sigmoid(part("r", input) + part("r", own))
    let update = try sigmoid(part("z", input) + part("z", own))
    let kept: Value
    if resetsAfter {
      kept = try reset * part("n", own)
    } else {
      kept = try part("n", projected(reset * state, weight, bias))
    }
    let new = try tanh(part("n", input) + kept)
    return [try (1 - update) * new + update * state]
  }

  public static var samples: Samples {
    samples {
      [
        GatedRecurrentUnit(gates: $0 ? "zrn" : "rzn", isReversed: $0),
        GatedRecurrentUnit(resetsAfter: false),
      ]
    }
  }

  public static var examples: [Example] {
    let operands = [
      Tensor.shaped([1, -2], [2, 1, 1]), Tensor.shaped([0.5, 0.25, -0.5], [3, 1]),
      Tensor.shaped([0.1, 0.2, 0.3], [3, 1]), Tensor([0, 0.1, 0] as [Float]),
      Tensor([0.1, 0, 0.2] as [Float]), Tensor.rows([[0]]),
    ]
    return [
      Example(
        GatedRecurrentUnit(), operands,
        gives: [
          Tensor.shaped([-0.146647974, 0.41445829], [2, 1, 1]), Tensor.rows([[0.41445829]]),
        ],
        source: "PyTorch documentation, torch.nn.GRU: the formulas, computed with NumPy"),
      Example(
        GatedRecurrentUnit(resetsAfter: false), operands,
        gives: [
          Tensor.shaped([-0.120423513, 0.454353378], [2, 1, 1]), Tensor.rows([[0.454353378]]),
        ],
        source: "ONNX operator GRU, linear_before_reset = 0: the formulas, computed with NumPy"),
    ]
  }
}

/// A GRU layer over x (length, batch, inputs); see `GatedRecurrentUnit` for the gates.
///
/// - Returns: the outputs (length, batch, hidden) and the last state.
/// - Throws: `shape-mismatch`, `element-type`, or `attribute` for an order of gates.
public func gru(
  _ x: Value, inputWeight: Value, stateWeight: Value, inputBias: Value? = nil,
  stateBias: Value? = nil, state: Value? = nil, gates: String = "rzn", resetsAfter: Bool = true,
  isReversed: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
) throws -> (outputs: Value, state: Value) {
  let results = try x.graph.apply(
    GatedRecurrentUnit(gates: gates, resetsAfter: resetsAfter, isReversed: isReversed),
    x.recurrentOperands(inputWeight, stateWeight, inputBias, stateBias, [state]),
    site: CallSite(fileID: fileID, line: line))
  return (results[0], results[1])
}
