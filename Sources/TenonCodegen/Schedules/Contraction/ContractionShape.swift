import TenonGraph
import TenonTensor

/// A sum of products in which each factor is used for many results: which axes are rows, along
/// which one factor stays the same, and which are columns, along which the other does.
struct ContractionShape {
  let stage: StageAnalysis
  /// The factor that differs by row: read one number at a time.
  let rowFactor: ScalarID
  /// The factor that differs by column: read in vectors.
  let columnFactor: ScalarID
  /// The innermost loop over rows.
  let rows: LoopAxis
  /// The innermost loop over columns; results lie side by side along it.
  let columns: LoopAxis
  /// The other parallel loops, outermost first.
  let outer: [LoopAxis]

  /// The loops over products, outermost first: those along which the row factor's elements lie
  /// nearest are innermost.
  let depth: [LoopAxis]

  var reduction: Compute.Reduction { stage.compute.reduction! }

  /// Nil where the stage is no such sum, or is too small to gain from blocks.
  init?(_ stage: StageAnalysis, loops: [LoopAxis]) {
    guard let reduction = stage.compute.reduction, reduction.combiner == .sum,
      !reduction.isOrdered, reduction.values.count == 1,
      case .binary(.multiply, let a, let b) = reduction.program[reduction.values[0]],
      let columns = loops.last, !stage.reductionLoops.isEmpty
    else { return nil }
    let column = columns.axes.last!
    guard stage.storesSideBySide(along: column) else { return nil }
    let program = reduction.program
    let (ofA, ofB) = (program.axes(of: a), program.axes(of: b))
    let isFirst = ofA.contains(column)
    guard isFirst != ofB.contains(column) else { return nil }
    (columnFactor, rowFactor) = isFirst ? (a, b) : (b, a)
    let (columnAxes, rowAxes) = isFirst ? (ofA, ofB) : (ofB, ofA)
    func isRow(_ loop: LoopAxis) -> Bool {
      loop.axes.contains(where: rowAxes.contains) && !loop.axes.contains(where: columnAxes.contains)
    }
    guard let row = loops.lastIndex(where: isRow) else { return nil }
    rows = loops[row]
    self.columns = columns
    outer = loops.indices.filter { $0 != row && $0 != loops.count - 1 }.map { loops[$0] }
    self.stage = stage
    let strides = stage.reductionLoops.map { loop in
      program.stride(of: isFirst ? b : a, along: loop.axes.last!, stage.operands)
    }
    depth = strides.indices.sorted { (-strides[$0], $0) < (-strides[$1], $1) }
      .map { stage.reductionLoops[$0] }
    let work = loops.reduce(stage.reductionBound) { Dimension.saturatingProduct($0, $1.bound) }
    guard work >= 4096, rows.bound > 1 || columns.bound >= 64 else { return nil }
  }

  /// The type in which products are summed.
  var element: ElementType { reduction.program.type(reduction.values[0]) }

  /// Products summed for one result, at most.
  var depthBound: Int { stage.reductionBound }
}

extension ScalarProgram {
  /// The largest distance in memory between what a scalar reads at neighbours along an axis.
  fileprivate func stride(of scalar: ScalarID, along axis: Int, _ operands: [OperandAccess]) -> Int
  {
    let needed = needed(for: [scalar])
    var stride = 0
    for (place, instruction) in instructions.enumerated() where needed[place] {
      guard case .load(let operand, let indices, _, _) = instruction else { continue }
      let step = operands[operand].offset(indices).coefficient(ofAxis: axis)
      stride = max(stride, abs(step.upperBound ?? 0))
    }
    return stride
  }

  /// The axes on which a scalar depends.
  func axes(of scalar: ScalarID) -> Set<Int> {
    let needed = needed(for: [scalar])
    var axes: Set<Int> = []
    for (place, instruction) in instructions.enumerated() where needed[place] {
      for expression in instruction.indexExpressions { axes.formUnion(expression.axes) }
    }
    return axes
  }
}
