import TenonTensor

extension ScalarInstruction {
  /// Calls `body` with every scalar that the instruction reads, those in index expressions and
  /// guards included.
  package func forEachOperand(_ body: (ScalarID) -> Void) {
    switch self {
    case .float, .integer, .size, .reduced, .parameter: break
    case .index(let expression): expression.scalars.forEach(body)
    case .load(_, let index, let guards, let fill):
      for expression in index { expression.scalars.forEach(body) }
      for condition in guards { condition.expression.scalars.forEach(body) }
      if let fill { body(fill) }
    case .holds(let guards):
      for condition in guards { condition.expression.scalars.forEach(body) }
    case .unary(_, let a), .convert(let a), .bitcast(let a): body(a)
    case .binary(_, let a, let b), .compare(_, let a, let b):
      body(a)
      body(b)
    case .select(let a, let b, let c):
      body(a)
      body(b)
      body(c)
    }
  }

  /// Rough cycles of one evaluation in a vector lane; loads are counted apart.
  package var weight: Int {
    switch self {
    case .float, .integer, .size, .reduced, .parameter, .load, .bitcast: 0
    case .index(let expression): expression.isAffine ? 0 : 4
    case .holds(let guards): guards.count
    case .convert, .compare, .select: 1
    case .unary(let function, _): function.weight
    case .binary(let function, _, _): function.weight
    }
  }
}

extension UnaryFunction {
  fileprivate var weight: Int {
    switch self {
    case .negate, .abs, .sign, .not, .floor, .ceil, .roundHalfToEven, .roundHalfAwayFromZero,
      .isFinite:
      1
    case .squareRoot, .reciprocalSquareRoot: 8
    case .countLeadingZeros, .populationCount: 4
    default: 16
    }
  }
}

extension BinaryFunction {
  fileprivate var weight: Int {
    switch self {
    case .divide: 6
    case .remainder: 12
    case .power, .arctangent2: 32
    case .multiplyHigh: 2
    default: 1
    }
  }
}

extension Guard {
  package var expression: IndexExpression {
    switch self {
    case .within(let expression, _), .multiple(let expression, _): expression
    }
  }
}

extension ScalarProgram {
  /// Which scalars the `wanted` ones depend on, themselves included.
  package func needed(for wanted: [ScalarID]) -> [Bool] {
    var needed = [Bool](repeating: false, count: instructions.count)
    for scalar in wanted { needed[scalar.index] = true }
    for place in instructions.indices.reversed() where needed[place] {
      instructions[place].forEachOperand { needed[$0.index] = true }
    }
    return needed
  }
}
