import TenonTensor

/// How the sizes of the inputs give the running sizes, and what they must agree with.
struct FeedRules: Sendable {
  enum Rule: Sendable {
    case exactly(Int)
    /// The size is `factor` times the symbol plus `offset`.
    case linear(symbol: Int, factor: Int, offset: Int)
    case expression(Dimension)
  }

  private let inputs: [PlanPort]
  private let symbols: [Symbol]
  /// For each input, one rule for each size.
  private let rules: [[Rule]]

  init(_ inputs: [PlanPort], symbols: [Symbol]) {
    self.inputs = inputs
    self.symbols = symbols
    rules = inputs.map { port in
      port.shape.dimensions.map { size in
        if let constant = size.constant { return .exactly(constant) }
        if size.terms.count == 1, size.terms[0].factors.count == 1,
          case .symbol(let symbol) = size.terms[0].factors[0],
          let place = symbols.firstIndex(of: symbol)
        {
          return .linear(
            symbol: place, factor: size.terms[0].coefficient, offset: size.constantPart)
        }
        return .expression(size)
      }
    }
  }

  /// True where some input's size gives the symbol.
  func solves(_ symbol: Int) -> Bool { firstGiver(of: symbol) != nil }

  /// Writes the symbols that `shapes` give to `values`, `Int64.min` for the others.
  ///
  /// - Throws: `feed` where the sizes contradict the plan or each other.
  func solve(
    _ plan: String, _ shapes: [[Int]], into values: UnsafeMutablePointer<Int64>
  ) throws {
    for symbol in symbols.indices { values[symbol] = .min }
    for (input, axes) in rules.enumerated() {
      for (axis, rule) in axes.enumerated() {
        guard case .linear(let symbol, let factor, let offset) = rule else { continue }
        let size = try solution(plan, input, axis, factor, offset, symbol, shapes[input])
        if values[symbol] != .min, values[symbol] != Int64(size) {
          throw TenonError.contradictorySizes(
            plan, symbols[symbol], inputs[firstGiver(of: symbol)!], Int(values[symbol]),
            inputs[input], size)
        }
        values[symbol] = Int64(size)
      }
    }
    for (input, axes) in rules.enumerated() {
      for (axis, rule) in axes.enumerated() {
        let expected: Int
        switch rule {
        case .linear: continue
        case .exactly(let size): expected = size
        case .expression(let size):
          let value = size.evaluated { symbol in
            symbols.firstIndex(of: symbol).map { Int(values[$0]) }
          }
          guard let value else {
            throw TenonError.inputSizeHasNoSolution(
              plan, inputs[input], axis: axis, shape: shapes[input])
          }
          expected = value
        }
        if shapes[input][axis] != expected {
          throw TenonError.inputSize(
            plan, inputs[input], axis: axis, expected: expected, shape: shapes[input])
        }
      }
    }
  }

  private func solution(
    _ plan: String, _ input: Int, _ axis: Int, _ factor: Int, _ offset: Int, _ symbol: Int,
    _ shape: [Int]
  ) throws -> Int {
    let (size, rest) = (shape[axis] - offset).quotientAndRemainder(dividingBy: factor)
    guard rest == 0, size >= 0 else {
      throw TenonError.inputSizeHasNoSolution(plan, inputs[input], axis: axis, shape: shape)
    }
    guard size <= symbols[symbol].maximum! else {
      throw TenonError.inputOverMaximum(
        plan, inputs[input], symbols[symbol], size: size, shape: shape)
    }
    return size
  }

  private func firstGiver(of symbol: Int) -> Int? {
    rules.firstIndex { axes in
      axes.contains { rule in
        if case .linear(symbol, _, _) = rule { true } else { false }
      }
    }
  }
}
