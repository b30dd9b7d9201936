import TenonGraph
import TenonTensor

/// A stage of a group with what schedules ask about it.
struct StageAnalysis {
  let compute: Compute
  /// How each operand is reached.
  let operands: [OperandAccess]
  /// How each result is reached.
  let results: [OperandAccess]
  let indices: IndexSet
  /// The loops of the axes that no other stage shares, and of the reduction.
  let innerLoops: [LoopAxis]
  let reductionLoops: [LoopAxis]

  var rank: Int { compute.axes.count }

  /// The size of an axis, those of the reduction after the others.
  func size(_ axis: Int) -> Dimension? {
    if axis < rank { return compute.axes[axis] }
    let axes = compute.reduction?.axes ?? []
    return axis - rank < axes.count ? axes[axis - rank] : nil
  }

  init(
    _ compute: Compute, sharedAxes: Int, operands: [OperandAccess], results: [OperandAccess]
  ) {
    self.compute = compute
    self.operands = operands
    self.results = results
    let indices = IndexSet(compute, operands: operands, results: results)
    self.indices = indices
    let rank = compute.axes.count
    innerLoops = IndexSet.loops(
      (sharedAxes..<rank).map { ($0, compute.axes[$0]) }, in: [indices])
    let reduced = compute.reduction?.axes ?? []
    reductionLoops = IndexSet.loops(
      reduced.indices.map { (rank + $0, reduced[$0]) }, in: [indices])
  }

  /// Iterations of the reduction for one result, at most.
  var reductionBound: Int {
    reductionLoops.reduce(1) { Dimension.saturatingProduct($0, $1.bound) }
  }

  /// Work units of one index of the parallel axes: operations and accesses of one lane.
  var pointCost: Int {
    var cost = compute.program.cost + results.count
    if let reduction = compute.reduction {
      cost += Dimension.saturatingProduct(reductionBound, reduction.program.cost + 1)
    }
    return cost
  }

  /// Work units of one index of the shared axes.
  var innerCost: Int {
    innerLoops.reduce(pointCost) { Dimension.saturatingProduct($0, $1.bound) }
  }
}

extension IndexSet {
  init(_ compute: Compute, operands: [OperandAccess], results: [OperandAccess]) {
    offsets = []
    others = []
    for program in [compute.reduction?.program, compute.program].compactMap({ $0 }) {
      for instruction in program.instructions {
        if case .load(let operand, let places, _, _) = instruction {
          offsets.append(operands[operand].offset(places))
        }
        if case .index(let expression) = instruction { others.append(expression) }
        others += instruction.guards.map(\.expression)
      }
    }
    let place = compute.axes.indices.map { IndexExpression.axis($0) }
    offsets += results.map { $0.offset(place) }
  }
}

extension ScalarProgram {
  /// Work units of one evaluation: a rough count of vector instructions.
  var cost: Int {
    instructions.reduce(0) { $0 + $1.cost }
  }
}

extension ScalarInstruction {
  fileprivate var cost: Int {
    switch self {
    case .float, .integer, .size, .reduced, .parameter: 0
    case .load(_, _, let guards, _): 1 + guards.count
    case .unary(let function, _): function.cost
    case .binary(let function, _, _): function.cost
    default: 1
    }
  }
}

extension UnaryFunction {
  /// Work units of one evaluation.
  fileprivate var cost: Int {
    switch self {
    case .negate, .abs, .sign, .not, .floor, .ceil, .roundHalfToEven, .isFinite: 1
    case .roundHalfAwayFromZero, .countLeadingZeros, .populationCount: 4
    case .squareRoot, .reciprocalSquareRoot: 6
    default: 20
    }
  }
}

extension BinaryFunction {
  /// Work units of one evaluation.
  fileprivate var cost: Int {
    switch self {
    case .divide: 6
    case .remainder, .power, .arctangent2: 40
    default: 1
    }
  }
}
