import TenonGraph
import TenonTensor

/// A plain recurrent layer in one direction (Elman, 1990): h' = tanh(W x + b + U h + c), or max(…, 0)
/// with `isRectified`.
public struct RecurrentLayer: RecurrentNetwork {
  public static let name = "rnn"
  public static let gateCount = 1
  public static let stateCount = 1
  public let isRectified: Bool
  public let isReversed: Bool

  public init(isRectified: Bool = false, isReversed: Bool = false) {
    self.isRectified = isRectified
    self.isReversed = isReversed
  }

  public func step(_ input: Value, _ states: [Value], weight: Value, bias: Value) throws -> [Value]
  {
    let sum = try input + projected(states[0], weight, bias)
    return [isRectified ? try relu(sum) : try tanh(sum)]
  }

  public static var samples: Samples {
    samples { [RecurrentLayer(isRectified: $0, isReversed: $0), RecurrentLayer()] }
  }

  public static var examples: [Example] {
    [
      Example(
        RecurrentLayer(),
        [
          Tensor.shaped([1, -2], [2, 1, 1]), Tensor.rows([[0.5]]), Tensor.rows([[0.3]]),
          Tensor([0.1] as [Float]), Tensor([0] as [Float]), Tensor.rows([[0]]),
        ],
        gives: [
          Tensor.shaped([0.537049567, -0.628471111], [2, 1, 1]), Tensor.rows([[-0.628471111]]),
        ], source: "PyTorch documentation, torch.nn.RNN: the formula, computed with NumPy")
    ]
  }
}

/// A plain recurrent layer over x (length, batch, inputs); see `RecurrentLayer`.
///
/// - Returns: the outputs (length, batch, hidden) and the last state.
/// - Throws: `shape-mismatch` or `element-type`.
public func rnn(
  _ x: Value, inputWeight: Value, stateWeight: Value, inputBias: Value? = nil,
  stateBias: Value? = nil, state: Value? = nil, isRectified: Bool = false,
  isReversed: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
) throws -> (outputs: Value, state: Value) {
  let results = try x.graph.apply(
    RecurrentLayer(isRectified: isRectified, isReversed: isReversed),
    x.recurrentOperands(inputWeight, stateWeight, inputBias, stateBias, [state]),
    site: CallSite(fileID: fileID, line: line))
  return (results[0], results[1])
}
