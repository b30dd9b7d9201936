import TenonGraph
import TenonTensor

/// A sum of products in which each factor is used for many results: which axes are rows, along
/// which one factor stays the same, and which are columns, along which the other does.
struct ContractionShape {
  let stage: StageAnalysis
  /// The factor that differs by row: read one number, or tuple, at a time.
  let rowFactor: ScalarID
  /// The factor that differs by column: read in vectors.
  let columnFactor: ScalarID
  /// How narrow factors are multiplied; nil where each product is one of numbers as wide as the
  /// sums.
  let tuple: ProductTuple?
  /// The innermost loop over rows.
  let rows: LoopAxis
  /// The loop over columns; results lie side by side along it.
  let columns: LoopAxis
  /// The loops that are one in `columns`, outermost first: more than one where only the results
  /// run through them as through one, or where columns are in blocks.
  let columnParts: [LoopAxis]
  /// Whether each vector of columns is a block of its own, wherever the next block's results lie.
  let columnsAreInBlocks: Bool
  /// The other parallel loops, outermost first.
  let outer: [LoopAxis]

  /// The loops over products, outermost first: that over tuples, and those along which the row
  /// factor's elements lie nearest, are innermost.
  let depth: [LoopAxis]

  var reduction: Compute.Reduction { stage.compute.reduction! }

  /// Nil where the stage is no such sum, or is too small to gain from blocks.
  init?(_ stage: StageAnalysis, loops: [LoopAxis], target: Target) {
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
    let (columnAxes, rowAxes) = isFirst ? (ofA, ofB) : (ofB, ofA)
    let tuple = ProductTuple(
      stage, row: isFirst ? b : a, column: isFirst ? a : b, target: target)
    self.tuple = tuple
    let rowFactor = tuple?.row ?? (isFirst ? b : a)
    self.rowFactor = rowFactor
    columnFactor = tuple?.column ?? (isFirst ? a : b)
    func isRow(_ loop: LoopAxis) -> Bool {
      loop.axes.contains(where: rowAxes.contains) && !loop.axes.contains(where: columnAxes.contains)
    }
    // Elements that lie apart are read fast along one loop alone.
    let step = program.stride(of: columnFactor, along: column, stage.operands)
    let row = loops.lastIndex(where: isRow)
    rows = row.map { loops[$0] } ?? LoopAxis(extent: 1, axes: [ContractionShape.onlyRow])
    func isColumn(_ loop: LoopAxis) -> Bool {
      loop.axes.contains(where: columnAxes.contains) && !loop.axes.contains(where: rowAxes.contains)
    }
    let parts = ContractionShape.parts(
      of: loops, stage, isSideBySide: step == 1, isColumn: isColumn)
    let lanes = target.lanes(byteWidth: program.type(reduction.values[0]).byteWidth)
    if row != nil, parts.count == 1, columns.axes.count == 1, columns.extent.constant == lanes,
      let blocks = loops.dropLast().last(where: { isColumn($0) && $0.extent.isConstant })
    {
      (columnParts, columnsAreInBlocks) = ([blocks, columns], true)
    } else {
      (columnParts, columnsAreInBlocks) = (parts, false)
    }
    self.columns = LoopAxis(
      extent: columnParts.reduce(1) { $0 * $1.extent }, axes: columnParts.flatMap(\.axes))
    let used = columnParts + (row.map { [loops[$0]] } ?? [])
    outer = loops.filter { !used.contains($0) }
    self.stage = stage
    let single = stage.reductionLoops.filter { $0 != tuple?.loop }
    let strides = single.map { loop in
      program.stride(of: rowFactor, along: loop.axes.last!, stage.operands)
    }
    depth =
      strides.indices.sorted { (-strides[$0], $0) < (-strides[$1], $1) }.map { single[$0] }
      + (tuple.map { [$0.tuples] } ?? [])
    let work = loops.reduce(stage.reductionBound) { Dimension.saturatingProduct($0, $1.bound) }
    guard work >= 4096, rows.bound > 1 || columns.bound >= 64 else { return nil }
  }

  /// The axis of rows where there is one row; no compute has it.
  private static let onlyRow = 1_000_002

  /// Whether no loop goes over rows.
  var isOneRow: Bool { rows.axes == [ContractionShape.onlyRow] }

  /// The innermost loops over columns that become one: those through which results run as through
  /// one, where the innermost alone would not fill vectors well.
  private static func parts(
    of loops: [LoopAxis], _ stage: StageAnalysis, isSideBySide: Bool,
    isColumn: (LoopAxis) -> Bool
  ) -> [LoopAxis] {
    var parts = [loops.last!]
    guard parts[0].bound % 64 != 0, parts[0].extent.isConstant else { return parts }
    if !isSideBySide, (parts[0].bound + 15) / 16 * 16 * 3 / 4 < parts[0].bound { return parts }
    let place = stage.compute.axes.indices.map { IndexExpression.axis($0) }
    let results = IndexSet(offsets: stage.results.map { $0.offset(place) }, others: [])
    for loop in loops.dropLast().reversed() {
      let inner = parts[0]
      guard isColumn(loop), loop.extent.isConstant,
        results.canMerge(loop.axes.last!, inner.axes.last!, innerExtent: inner.extent)
      else { break }
      parts.insert(loop, at: 0)
    }
    return parts
  }

  /// The most rows whose elements, read where they lie, stay in the first cache beside each other:
  /// rows that lie a power of 2 apart share few places in it.
  var rowsInCache: Int {
    let program = reduction.program
    var places = 64
    for (place, isNeeded) in program.needed(for: [rowFactor]).enumerated() where isNeeded {
      guard case .load(let operand, let indices, _, _) = program.instructions[place] else {
        continue
      }
      let access = stage.operands[operand]
      let step = access.offset(indices).coefficient(ofAxis: rows.axes.last!).upperBound ?? 0
      guard step > 0, step < Int.max / 8, step * access.element.byteWidth % 64 == 0 else {
        continue
      }
      let lines = step * access.element.byteWidth / 64
      places = min(places, 64 / (lines & -lines > 64 ? 64 : lines & -lines))
    }
    // A place holds 8 lines or more.
    return min(14, max(6, places * 8))
  }

  /// Loops over products of which neighbours are one where the row factor's elements follow each
  /// other through them.
  func merged(_ ranges: [LoopRange], rowsAreCopied: Bool) -> [LoopRange] {
    let program = reduction.program
    var indices: [IndexExpression] = []
    for (place, isNeeded) in program.needed(for: [rowFactor]).enumerated() where isNeeded {
      let instruction = program.instructions[place]
      if case .load(let operand, let at, _, _) = instruction {
        indices.append(stage.operands[operand].offset(at))
        indices += instruction.guards.map(\.expression)
      } else {
        indices += instruction.indexExpressions
      }
    }
    let set = IndexSet(offsets: indices, others: [])
    var result: [LoopRange] = []
    for range in ranges {
      if let last = result.last,
        rowsAreCopied
          || set.canMerge(
            last.loop.axes.last!, range.loop.axes.last!, innerExtent: range.loop.extent)
      {
        result[result.count - 1] = LoopRange(
          LoopAxis(
            extent: last.loop.extent * range.loop.extent, axes: last.loop.axes + range.loop.axes),
          lower: last.lower * range.loop.extent, upper: last.upper * range.loop.extent)
      } else {
        result.append(range)
      }
    }
    return result
  }

  /// The type in which products are summed.
  var element: ElementType { reduction.program.type(reduction.values[0]) }

  /// The types in which the factors are read.
  var rowElement: ElementType { reduction.program.type(rowFactor) }
  var columnElement: ElementType { reduction.program.type(columnFactor) }

  /// How many columns of a panel lie side by side where vectors of it are read where they lie.
  func columnsSideBySide(_ block: RegisterBlock) -> Int {
    columnsAreInBlocks ? block.lanes : block.columns
  }

  /// Numbers of a factor that one product takes.
  var width: Int { tuple?.width ?? 1 }

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
