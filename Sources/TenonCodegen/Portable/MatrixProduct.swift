import TenonGraph
import TenonTensor

/// A sum of products that is a matrix product for each index of some batch axes, with strides that
/// a BLAS takes.
struct MatrixProduct {
  struct Side {
    var operand: Int
    var row: Dimension = 0
    var column: Dimension = 0
    var depth: Dimension = 0
  }

  struct BatchAxis {
    var size: Dimension
    var a: Dimension
    var b: Dimension
  }

  var element: ElementType
  var rows: Dimension
  var columns: Dimension
  var depth: Dimension
  var a: Side
  var b: Side
  var batchAxes: [BatchAxis] = []

  var batches: Dimension { batchAxes.reduce(1) { $0 * $1.size } }
  /// The most columns, with running sizes at their maxima.
  var columnBound: Int { columns.upperBound ?? 1 }
  /// Rows of a tile: about 64 KiB of results.
  var rowsPerTile: Int {
    let wanted = (64 << 10) / max(1, columnBound * element.byteWidth)
    return max(4, min(256, wanted))
  }

  /// Nil where the stage is no such product.
  init?(_ stage: KernelGroup.Stage, _ shapes: [[Dimension]]) {
    guard let reduction = stage.compute.reduction, reduction.combiner == .sum,
      reduction.values.count == 1, reduction.axes.count == 1,
      case .binary(.multiply, let x, let y) = reduction.program[reduction.values[0]],
      case .load(let left, let leftIndex, [], _) = reduction.program[x],
      case .load(let right, let rightIndex, [], _) = reduction.program[y]
    else { return nil }
    let element = reduction.program.type(reduction.values[0])
    guard element == .f32 || element == .f64,
      case .float(0) = reduction.program[reduction.initial[0]]
    else { return nil }
    self.element = element
    let first = IndexExpression.offset(leftIndex, in: shapes[left])
    let second = IndexExpression.offset(rightIndex, in: shapes[right])
    guard first.isAffine, second.isAffine, first.constant == 0, second.constant == 0 else {
      return nil
    }
    // The axes, in order, must be batches, then rows of one operand, then columns of the other.
    let axes = stage.compute.axes
    var kinds: [(axis: Int, a: Dimension, b: Dimension)] = []
    for axis in axes.indices where axes[axis] != 1 {
      kinds.append((axis, first.coefficient(ofAxis: axis), second.coefficient(ofAxis: axis)))
    }
    guard let column = kinds.last else { return nil }
    let isSwapped = column.b == 0
    func sides(_ kind: (axis: Int, a: Dimension, b: Dimension)) -> (Dimension, Dimension) {
      isSwapped ? (kind.b, kind.a) : (kind.a, kind.b)
    }
    a = Side(operand: isSwapped ? right : left)
    b = Side(operand: isSwapped ? left : right)
    columns = axes[column.axis]
    guard sides(column).0 == 0, sides(column).1 != 0 else { return nil }
    b.column = sides(column).1
    kinds.removeLast()
    rows = 1
    // Rows that follow each other in memory are one axis.
    while let row = kinds.last, sides(row).1 == 0 {
      let stride = sides(row).0
      guard stride != 0, rows == 1 || stride == a.row * rows else { return nil }
      if rows == 1 { a.row = stride }
      rows = rows * axes[row.axis]
      kinds.removeLast()
    }
    for batch in kinds {
      batchAxes.append(BatchAxis(size: axes[batch.axis], a: sides(batch).0, b: sides(batch).1))
    }
    let depthAxis = axes.count
    depth = reduction.axes[0]
    (a.depth, b.depth) = sides(
      (depthAxis, first.coefficient(ofAxis: depthAxis), second.coefficient(ofAxis: depthAxis)))
    guard a.depth == 1 || a.row == 1 || rows == 1, b.depth == 1 || b.column == 1, a.depth != 0,
      b.depth != 0
    else { return nil }
    if rows == 1, a.depth != 1 { a.row = 1 }
  }
}
