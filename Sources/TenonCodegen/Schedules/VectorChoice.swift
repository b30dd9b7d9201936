import TenonGraph
import TenonTensor

/// Along which loop of a stage the lanes of vectors lie.
enum VectorChoice: Hashable {
  case scalar
  /// Along the innermost parallel loop.
  case parallel(lanes: Int)
  /// Along the innermost reduction loop.
  case reduction(lanes: Int)

  var lanes: Int {
    switch self {
    case .scalar: 1
    case .parallel(let lanes), .reduction(let lanes): lanes
    }
  }

  /// The choice that needs the fewest instructions for one value.
  init(_ stage: StageAnalysis, parallel: LoopAxis?, target: Target) {
    let lanes = stage.compute.lanes(target)
    var best = (cost: Double.infinity, choice: VectorChoice.scalar)
    func consider(_ loop: LoopAxis, _ choice: VectorChoice, extra: Double) {
      guard loop.bound > 1 else { return }
      let axis = loop.axes.last!
      let vectors = (loop.bound + lanes - 1) / lanes
      let share = Double(loop.bound) / Double(vectors * lanes)
      let cost = stage.accessCost(along: axis, lanes: lanes) / share + extra / Double(vectors)
      if cost < best.cost { best = (cost, choice) }
    }
    if let parallel, stage.storesSideBySide(along: parallel.axes.last!) {
      consider(parallel, .parallel(lanes: lanes), extra: 0)
    }
    if let reduction = stage.compute.reduction, !reduction.isOrdered, !reduction.isProgram,
      let last = stage.reductionLoops.last
    {
      consider(last, .reduction(lanes: lanes), extra: 8)
    }
    self = lanes > 1 && best.cost < Double(lanes) * stage.accessCount ? best.choice : .scalar
  }
}

extension Compute.Reduction {
  var isProgram: Bool {
    if case .program = combiner { true } else { false }
  }
}

extension Compute {
  /// Lanes of the kernel's vectors: as many as one register has of the widest type computed with,
  /// indices aside.
  func lanes(_ target: Target) -> Int {
    var width = 1
    for program in [reduction?.program, program].compactMap({ $0 }) {
      for (number, instruction) in program.instructions.enumerated() {
        switch instruction {
        case .index, .size, .holds, .integer: continue
        default: width = max(width, program.types[number].computeType.byteWidth)
        }
      }
    }
    return target.lanes(byteWidth: width)
  }
}

extension StageAnalysis {
  /// Loads and stores of one value of the innermost loop.
  fileprivate var accessCount: Double { Double(indices.offsets.count) }

  /// Instructions for the loads and stores of one vector, where its lanes lie along `axis`.
  fileprivate func accessCost(along axis: Int, lanes: Int) -> Double {
    let guards = indices.others.filter { $0.axes.contains(axis) }.count
    return Double(guards) * 2
      + indices.offsets.reduce(0) { cost, offset in
        if offset.isUniform(along: axis) { return cost + 1 }
        return cost + (offset.isSideBySide(along: axis) ? 1 : Double(lanes) * 1.5)
      }
  }

  /// Whether each result's next element along the axis is its next in memory.
  func storesSideBySide(along axis: Int) -> Bool {
    let place = compute.axes.indices.map { IndexExpression.axis($0) }
    return results.allSatisfy { $0.offset(place).isSideBySide(along: axis) }
  }
}

extension IndexExpression {
  /// True where the axis changes nothing, as far as the expression shows.
  fileprivate func isUniform(along axis: Int) -> Bool {
    !axes.contains(axis) && scalars.isEmpty
  }

  /// True where `isSideBySide` holds within blocks of so many indices that begin at multiples of
  /// it.
  func isSideBySide(along axis: Int, blocksOf length: Int) -> Bool {
    let (block, inner) = (1_000_001, 1_000_000)
    let cut = substituting(
      axis: {
        $0 == axis
          ? IndexExpression.axis(block) * Dimension(length) + .axis(inner) : .axis($0)
      }, scalar: { .scalar($0) }, extents: { $0 == inner ? Dimension(length) : nil })
    return cut.isSideBySide(along: inner)
  }

  /// True where the next index along the axis is the next number.
  func isSideBySide(along axis: Int) -> Bool {
    coefficient(ofAxis: axis) == 1
      && terms.allSatisfy { term in
        switch term.atom {
        case .axis: true
        case .scalar: false
        case .floorDivide(let inner, _), .remainder(let inner, _): !inner.axes.contains(axis)
        }
      }
  }
}
