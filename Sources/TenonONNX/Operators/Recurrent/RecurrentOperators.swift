import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Recurrent layers.
  static let recurrent: [ONNXOperator] = [
    ONNXOperator(many: "GRU", since: [1, 3, 7, 14, 22]) { node in
      try RecurrentNode(node, gates: 3, states: 1).recordedGRU()
    },
    ONNXOperator(many: "LSTM", since: [1, 7, 14, 22]) { node in
      try RecurrentNode(node, gates: 4, states: 2).recordedLSTM()
    },
    ONNXOperator(many: "RNN", since: [1, 7, 14, 22]) { node in
      try RecurrentNode(node, gates: 1, states: 1).recordedRNN()
    },
  ]
}

/// What the recurrent operators share: operands, directions, lengths and the form of results.
struct RecurrentNode {
  let node: ONNXNode
  /// (length, batch, inputs).
  let x: Value
  let directions: Int
  let hidden: Dimension
  private let gates: Int
  private let states: Int
  private let isBatchFirst: Bool
  private let clip: Double?
  /// For each direction its functions in the order of the operator.
  private let functions: [[RecurrentActivation]]
  /// (length, batch): whether a step is within the length of its sequence; nil where all are.
  private let isWithin: Value?

  init(_ node: ONNXNode, gates: Int, states: Int) throws {
    self.node = node
    (self.gates, self.states) = (gates, states)
    isBatchFirst = try node.flag("layout")
    let input = try node.input(0)
    try node.require(input.rank == 3, "the input must have rank 3")
    let x = try isBatchFirst ? transpose(input, [1, 0, 2]) : input
    self.x = x
    let weight = try node.input(2)
    try node.require(weight.rank == 3, "weights must have rank 3")
    hidden = weight.shape[2]
    switch try node.string("direction", default: "forward") {
    case "forward", "reverse": directions = 1
    case "bidirectional": directions = 2
    case let other:
      throw node.fail("direction must be forward, reverse or bidirectional, not \(other)")
    }
    for position in [1, 2] {
      try node.require(
        node.input(position).shape[0] == Dimension(directions),
        "weights must have one part for each of \(directions) directions")
    }
    clip = try node.float("clip").flatMap { $0 > 0 ? $0 : nil }
    let defaults =
      gates == 1 ? ["Tanh"] : gates == 3 ? ["Sigmoid", "Tanh"] : ["Sigmoid", "Tanh", "Tanh"]
    functions = try RecurrentActivation.all(node, defaults, directions: directions)
    isWithin = try node.optionalInput(4).flatMap { try RecurrentNode.within($0, x, node) }
  }

  private static func within(_ lengths: Value, _ x: Value, _ node: ONNXNode) throws -> Value? {
    if let known = try node.importer.constants.tensor(lengths), let length = x.shape[0].constant,
      try known.integers().allSatisfy({ $0 == length })
    {
      return nil
    }
    let shape: Shape = [x.shape[0], x.shape[1]]
    let step = try x.graph.iota(lengths.elementType, shape, dimension: 0)
    return try less(step, lengths.repeated(to: shape, along: 1))
  }

  /// One direction's part of a parameter.
  private func part(_ value: Value, _ direction: Int) throws -> Value {
    let place = Dimension(direction)
    return try reshape(
      slice(value, axis: 0, from: place, to: place + 1), Shape(Array(value.shape.dropFirst())))
  }

  /// One gate's part along an axis.
  private func gate(_ place: Int, _ value: Value, axis: Int) throws -> Value {
    try slice(
      value, axis: axis, from: hidden * Dimension(place), to: hidden * Dimension(place + 1))
  }

  private func biases(_ direction: Int) throws -> [Value] {
    let rows = hidden * Dimension(gates)
    guard let bias = try node.optionalInput(3) else {
      let zero = try node.graph.scalar(0, x.elementType).repeated(to: [rows])
      return [zero, zero]
    }
    let own = try part(bias, direction)
    return [try slice(own, axis: 0, from: 0, to: rows), try slice(own, axis: 0, from: rows)]
  }

  private func state(_ position: Int, _ direction: Int) throws -> Value {
    guard let given = try node.optionalInput(position) else {
      return try node.graph.scalar(0, x.elementType).repeated(to: [x.shape[1], hidden])
    }
    return try part(isBatchFirst ? transpose(given, [1, 0, 2]) : given, direction)
  }

  private func isReversed(_ direction: Int) throws -> Bool {
    try direction == 1 || node.string("direction", default: "forward") == "reverse"
  }

  private func isPlain(_ names: [String], _ direction: Int) -> Bool {
    isWithin == nil && clip == nil && functions[direction].map(\.name) == names
  }

  /// The operator's results from each direction's outputs (length, batch, hidden) and last states.
  private func results(_ parts: [[Value]]) throws -> [Value] {
    // (length, directions, batch, hidden), or (batch, length, directions, hidden).
    let outputs = try stack(parts.map { $0[0] }, axis: 1)
    var results = [try isBatchFirst ? transpose(outputs, [2, 0, 1, 3]) : outputs]
    for place in 1...states {
      results.append(try stack(parts.map { $0[place] }, axis: isBatchFirst ? 1 : 0))
    }
    return results
  }

  /// The outputs and last states of a walk over time.
  private func walk(
    _ direction: Int, _ inputs: Value, _ initial: [Value],
    _ step: ([Value], Value) throws -> [Value]
  ) throws -> [Value] {
    let over = [inputs] + (isWithin.map { [$0] } ?? [])
    let results = try scan(initial, over: over, isReversed: isReversed(direction)) {
      states, slices in
      var next = try step(states, slices[0])
      var output = next[0]
      if slices.count > 1 {
        let isOpen = try slices[1].repeated(to: output.shape, along: 0)
        output = try select(isOpen, output, output.filled(0, site: CallSite()))
        next = try zip(next, states).map { try select(isOpen, $0, $1) }
      }
      return (next, [output])
    }
    return results.stacked + results.carried
  }

  /// The input's part of all gates (length, batch, gates · hidden) with a bias.
  private func projectedInput(_ weight: Value, _ bias: Value) throws -> Value {
    let product = try dotGeneral(x, weight, lhsContracting: [2], rhsContracting: [1])
    return try product + bias.repeated(to: product.shape, along: 2)
  }

  private func projected(_ state: Value, _ weight: Value, _ bias: Value) throws -> Value {
    let product = try dotGeneral(state, weight, lhsContracting: [1], rhsContracting: [1])
    return try product + broadcast(bias, to: product)
  }

  private func applied(_ place: Int, _ direction: Int, _ value: Value) throws -> Value {
    let clipped = try clip.map { try clamp(value, -$0, $0) } ?? value
    return try functions[direction][place].record(clipped)
  }

  func recordedRNN() throws -> [Value] {
    try results(
      (0..<directions).map { direction in
        let (weight, own) = (
          try part(node.input(1), direction), try part(node.input(2), direction)
        )
        let (bias, first) = (try biases(direction), try state(5, direction))
        if isPlain(["tanh"], direction) || isPlain(["relu"], direction) {
          let result = try rnn(
            x, inputWeight: weight, stateWeight: own, inputBias: bias[0], stateBias: bias[1],
            state: first, isRectified: functions[direction][0].name == "relu",
            isReversed: isReversed(direction))
          return [result.outputs, result.state]
        }
        return try walk(direction, projectedInput(weight, bias[0]), [first]) { states, input in
          [try applied(0, direction, input + projected(states[0], own, bias[1]))]
        }
      })
  }

  func recordedGRU() throws -> [Value] {
    let resetsAfter = try node.flag("linear_before_reset")
    return try results(
      (0..<directions).map { direction in
        let (weight, own) = (
          try part(node.input(1), direction), try part(node.input(2), direction)
        )
        let (bias, first) = (try biases(direction), try state(5, direction))
        if isPlain(["sigmoid", "tanh"], direction) {
          let result = try gru(
            x, inputWeight: weight, stateWeight: own, inputBias: bias[0], stateBias: bias[1],
            state: first, gates: "zrn", resetsAfter: resetsAfter,
            isReversed: isReversed(direction))
          return [result.outputs, result.state]
        }
        return try walk(direction, projectedInput(weight, bias[0]), [first]) { states, input in
          let state = states[0]
          let all = try projected(state, own, bias[1])
          let update = try applied(0, direction, gate(0, input, axis: 1) + gate(0, all, axis: 1))
          let reset = try applied(0, direction, gate(1, input, axis: 1) + gate(1, all, axis: 1))
          let kept =
            try resetsAfter
            ? reset * gate(2, all, axis: 1)
            : projected(
              reset * state, gate(2, own, axis: 0), gate(2, bias[1], axis: 0))
          let new = try applied(1, direction, gate(2, input, axis: 1) + kept)
          return [try (1 - update) * new + update * state]
        }
      })
  }

  func recordedLSTM() throws -> [Value] {
    let isCoupled = try node.flag("input_forget")
    let peepholes = try node.optionalInput(7)
    return try results(
      (0..<directions).map { direction in
        let (weight, own) = (
          try part(node.input(1), direction), try part(node.input(2), direction)
        )
        let bias = try biases(direction)
        let first = [try state(5, direction), try state(6, direction)]
        if isPlain(["sigmoid", "tanh", "tanh"], direction), !isCoupled, peepholes == nil {
          let result = try lstm(
            x, inputWeight: weight, stateWeight: own, inputBias: bias[0], stateBias: bias[1],
            state: first[0], cell: first[1], gates: "iofg", isReversed: isReversed(direction))
          return [result.outputs, result.state, result.cell]
        }
        let looks = try peepholes.map { try part($0, direction) }
        return try walk(direction, projectedInput(weight, bias[0]), first) { states, input in
          let all = try input + projected(states[0], own, bias[1])
          let cell = states[1]
          func opened(_ place: Int, _ cell: Value, look: Int) throws -> Value {
            let own = try gate(place, all, axis: 1)
            guard let looks else { return own }
            return try own + gate(look, looks, axis: 0).repeated(to: cell.shape, along: 1) * cell
          }
          let enter = try applied(0, direction, opened(0, cell, look: 0))
          let keep = try isCoupled ? 1 - enter : applied(0, direction, opened(2, cell, look: 2))
          let new = try applied(1, direction, gate(3, all, axis: 1))
          let next = try keep * cell + enter * new
          let leave = try applied(0, direction, opened(1, next, look: 1))
          return [try leave * functions[direction][2].record(next), next]
        }
      })
  }
}
