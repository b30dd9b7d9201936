import TenonGraph
import TenonTensor

/// How a contraction's kernel reads a panel of its column factor.
enum PanelSource: Hashable, CustomStringConvertible {
  /// Vectors from where the factor lies.
  case direct
  /// From a copy in which the columns of a panel lie side by side, one step of depth after the
  /// other.
  case packed
  /// From such a copy, made of squares turned over, as the factor's elements lie side by side
  /// along the innermost depth loop.
  case transposed

  init(_ shape: ContractionShape, block: RegisterBlock, rowPieces: Int) {
    guard shape.columnParts.count == 1 || shape.columnsAreInBlocks else {
      self = .packed
      return
    }
    let length = shape.columnsSideBySide(block)
    if shape.tuple != nil {
      self = shape.columnsLieInTuples(blocksOf: length) ? .direct : .packed
      return
    }
    let program = shape.reduction.program
    let column = shape.columns.axes.last!
    let depth = shape.depth.last!.axes.last!
    let needed = program.needed(for: [shape.columnFactor])
    var isSideBySide = true
    var isAlongDepth = true
    var isNear = true
    for (place, instruction) in program.instructions.enumerated() where needed[place] {
      if instruction.guards.contains(where: { $0.expression.axes.contains(column) }) {
        (isSideBySide, isAlongDepth) = (false, false)
      }
      if instruction.guards.contains(where: { $0.expression.axes.contains(depth) }) {
        isAlongDepth = false
      }
      guard case .load(let operand, let indices, _, _) = instruction else { continue }
      let offset = shape.stage.operands[operand].offset(indices).simplified(shape.stage.size)
      // One number for all columns of a panel.
      if !offset.axes.contains(column) {
        if offset.axes.contains(depth) { isAlongDepth = false }
        continue
      }
      if !offset.isSideBySide(along: column, blocksOf: length) { isSideBySide = false }
      if !offset.isSideBySide(along: depth) { isAlongDepth = false }
      let step = offset.coefficient(ofAxis: depth).upperBound ?? .max
      if step > block.columns { isNear = false }
    }
    let isReused = rowPieces > 1
    if isSideBySide, isNear || !isReused || shape.columns.bound <= block.columns {
      self = .direct
    } else if !isSideBySide, isAlongDepth {
      self = .transposed
    } else {
      self = .packed
    }
  }

  var description: String {
    switch self {
    case .direct: "panels in place"
    case .packed: "packed panels"
    case .transposed: "transposed panels"
    }
  }
}
