import TenonGraph
import TenonTensor

/// Which axes of a scatter are independent of each other, in one numbering: the destination's axes,
/// then the updates' own.
///
/// A destination axis is *free* where an update's index along one of its own axes is the
/// destination's index: two updates that differ there never meet, so that tiles may be cut there
/// and the order of the others is kept.
struct ScatterShape {
  let scatter: Scatter
  let destination: TensorType
  let updates: TensorType
  let indices: TensorType
  /// By update axis, its number: that of the free destination axis that it is, or its own.
  let number: [Int]
  /// By destination axis, whether it is free.
  let isFree: [Bool]
  /// Loops over free axes, outermost first.
  let freeLoops: [LoopAxis]
  /// For each, whether the chosen places depend on it.
  let choosesPlace: [Bool]
  /// Loops over the other update axes, outermost first.
  let orderedLoops: [LoopAxis]

  var rank: Int { destination.rank }

  init(_ group: KernelGroup, _ scatter: Scatter) {
    self.scatter = scatter
    destination = group.inputs[0]
    indices = group.inputs[scatter.count]
    updates = group.inputs[scatter.count + 1]
    let rank = group.inputs[0].rank
    var number = scatter.axes.indices.map { rank + $0 }
    var isFree = [Bool](repeating: false, count: rank)
    for axis in 0..<rank {
      guard let own = scatter.target[axis].singleAxis, number[own] == rank + own,
        scatter.axes[own] == scatter.bounds[axis]
      else { continue }
      number[own] = axis
      isFree[axis] = true
    }
    self.number = number
    self.isFree = isFree
    // Every index over the one numbering, for what loops may be merged.
    func renumbered(_ expression: IndexExpression) -> IndexExpression {
      expression.substituting(
        axis: { .axis(number[$0]) }, scalar: { .scalar($0) }, extents: { _ in nil })
    }
    var choosing: [IndexExpression] = []
    for instruction in scatter.program.instructions {
      if case .load(_, let index, _, _) = instruction {
        choosing.append(renumbered(group.inputs[scatter.count].offset(index)))
      } else if case .index(let expression) = instruction {
        choosing.append(renumbered(expression))
      }
      choosing += instruction.guards.map { renumbered($0.expression) }
    }
    for axis in 0..<rank where !isFree[axis] { choosing.append(renumbered(scatter.target[axis])) }
    let whole = (0..<rank).map { IndexExpression.axis($0) }
    let update = group.inputs[scatter.count + 1].offset(number.map { .axis($0) })
    let set = IndexSet(offsets: [group.inputs[0].offset(whole), update], others: choosing)
    let loops = IndexSet.loops(
      (0..<rank).filter { isFree[$0] }.map { ($0, scatter.bounds[$0]) }, in: [set])
    freeLoops = loops
    choosesPlace = loops.map { loop in
      choosing.contains { $0.axes.contains(loop.axes.last!) }
    }
    orderedLoops = IndexSet.loops(
      scatter.axes.indices.filter { number[$0] >= rank }.map { (number[$0], scatter.axes[$0]) },
      in: [IndexSet(offsets: [update], others: choosing)])
  }

  /// The outermost destination axis of more than one index: where tiles are cut, each looking
  /// through all updates, if there is no free axis.
  var cutAxis: Int? { scatter.bounds.firstIndex { $0 != 1 } }

  /// Elements of the destination for one index of the free axes, at most.
  var copiedBound: Int {
    destination.shape.indices.filter { !isFree[$0] }.reduce(1) {
      Dimension.saturatingProduct($0, max(0, scatter.bounds[$1].upperBound ?? 0))
    }
  }

  /// Updates for one index of the free axes, at most.
  var updateBound: Int {
    orderedLoops.reduce(1) { Dimension.saturatingProduct($0, $1.bound) }
  }

  /// The program that gives a destination element from what is there, operands 0 ..< k, and the
  /// updates, k ..< 2k; all at the same index over the destination's axes.
  func step(_ elements: [ElementType], accumulators: [ElementType]) -> Compute {
    var program = ScalarProgram()
    let own = (0..<rank).map { IndexExpression.axis($0) }
    let count = scatter.count
    let old = (0..<count).map { program.load($0, accumulators[$0], own) }
    let new = (0..<count).map { program.load(count + $0, elements[$0], own) }
    let results: [ScalarID]
    if scatter.combiner.function == nil {
      results = program.combined(scatter.combiner, old, new)
    } else {
      let wide = (old.map { program.widened($0) }, new.map { program.widened($0) })
      results = program.combined(scatter.combiner, wide.0, wide.1)
    }
    let narrowed = results.enumerated().map { program.convert($1, to: accumulators[$0]) }
    return Compute(axes: scatter.bounds, program: program, results: narrowed)
  }
}
