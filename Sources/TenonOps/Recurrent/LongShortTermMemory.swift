import TenonGraph
import TenonTensor

/// An LSTM layer in one direction (Hochreiter and Schmidhuber, 1997; with the gates of PyTorch's
/// `torch.nn.LSTM`): c' = f c + i g, h' = o tanh(c').
public struct LongShortTermMemory: RecurrentNetwork {
  public static let name = "lstm"
  public static let gateCount = 4
  public static let stateCount = 2
  /// In which order the gates lie in the weights: `ifgo` as PyTorch has them, `iofg` as ONNX.
  public let gates: String
  public let isReversed: Bool

  public init(gates: String = "ifgo", isReversed: Bool = false) {
    self.gates = gates
    self.isReversed = isReversed
  }

  public var brokenRule: String? {
    gates.sorted() == Array("fgio") ? nil : "the order of gates must be like ifgo, not \(gates)"
  }

  public func step(_ input: Value, _ states: [Value], weight: Value, bias: Value) throws -> [Value]
  {
    let order = Array(gates)
    let all = try input + projected(states[0], weight, bias)
    func part(_ name: Character) throws -> Value { try gate(order.firstIndex(of: name)!, all) }
    let cell = try sigmoid(part("f")) * states[1] + sigmoid(part("i")) * tanh(part("g"))
    return [try sigmoid(part("o")) * tanh(cell), cell]
  }

  public static var samples: Samples {
    samples { [LongShortTermMemory(gates: $0 ? "iofg" : "ifgo", isReversed: $0)] }
  }

  public static var examples: [Example] {
    [
      Example(
        LongShortTermMemory(),
        [
          Tensor.shaped([1, -2], [2, 1, 1]), Tensor.shaped([0.5, 0.25, -0.5, 1], [4, 1]),
          Tensor.shaped([0.1, 0.2, 0.3, 0.4], [4, 1]), Tensor([0, 0.1, 0, -0.1] as [Float]),
          Tensor([0, 0, 0, 0] as [Float]), Tensor.rows([[0]]), Tensor.rows([[0]]),
        ],
        gives: [
          Tensor.shaped([-0.199044281, 0.00833298107], [2, 1, 1]), Tensor.rows([[0.00833298107]]),
          Tensor.rows([[0.0822055843]]),
        ], source: "PyTorch documentation, torch.nn.LSTM: the formulas, computed with NumPy")
    ]
  }
}

/// An LSTM layer over x (length, batch, inputs); see `LongShortTermMemory` for the gates.
///
/// - Returns: the outputs (length, batch, hidden), the last state and the last cell.
/// - Throws: `shape-mismatch`, `element-type`, or `attribute` for an order of gates.
public func lstm(
  _ x: Value, inputWeight: Value, stateWeight: Value, inputBias: Value? = nil,
  stateBias: Value? = nil, state: Value? = nil, cell: Value? = nil, gates: String = "ifgo",
  isReversed: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
) throws -> (outputs: Value, state: Value, cell: Value) {
  let results = try x.graph.apply(
    LongShortTermMemory(gates: gates, isReversed: isReversed),
    x.recurrentOperands(inputWeight, stateWeight, inputBias, stateBias, [state, cell]),
    site: CallSite(fileID: fileID, line: line))
  return (results[0], results[1], results[2])
}
