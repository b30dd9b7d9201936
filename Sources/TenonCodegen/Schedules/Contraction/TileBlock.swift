import TenonGraph
import TenonTensor

/// How a contraction's blocks are made in tiles, on processors with a matrix unit.
struct TileBlock: Hashable {
  /// Rows of the longest piece, and vectors of columns.
  let rows: Int
  let vectors: Int
  /// Tuples that one step multiplies: a divisor of those along their loop.
  let tuples: Int
  /// Elements from one row to the next, where tiles of rows are read from where the factor lies;
  /// nil where they are read from a copy.
  let rowStride: Int?
  /// Elements from one tuple to the next, where tiles of columns are read from where they lie.
  let columnStride: Int?

  /// Fewer rows or tuples leave most of a tile empty.
  private static let least = (rows: 4, tuples: 8)
  /// The most rows of a piece: those of two tiles.
  private static let mostRows = 32

  /// Nil where the target has no tiles, or the factors would not fill them.
  init?(_ shape: ContractionShape, target: Target) {
    guard target.hasTileProducts, let tuple = shape.tuple, !shape.isOneRow,
      let count = shape.rows.extent.constant, count >= TileBlock.least.rows,
      target.lanes(byteWidth: shape.element.byteWidth) == TileProduct.columns
    else { return nil }
    switch (shape.rowElement, shape.columnElement) {
    case (.u8, .i8), (.i8, .u8), (.bf16, .bf16): break
    default: return nil
    }
    let tuples = (1...TileProduct.columns).last { tuple.count % $0 == 0 }!
    guard tuples >= TileBlock.least.tuples else { return nil }
    self.tuples = tuples
    rows = Pieces(count: count, most: TileBlock.mostRows).most
    let needed = (shape.columns.bound + TileProduct.columns - 1) / TileProduct.columns
    vectors = max(1, min(needed, TileBlock.rowTiles(rows) == 1 ? 4 : 2))
    rowStride = shape.rowStride(tuples: tuples)
    columnStride = shape.columnStride(tuples: tuples)
  }

  private static func rowTiles(_ rows: Int) -> Int { rows > TileProduct.columns ? 2 : 1 }

  /// Rows of one tile.
  var height: Int { (rows + TileBlock.rowTiles(rows) - 1) / TileBlock.rowTiles(rows) }

  /// The first row of each tile; where they do not divide the piece, the second begins in the first.
  var rowOffsets: [Int] {
    TileBlock.rowTiles(rows) == 1 ? [0] : [0, rows - height]
  }

  var block: RegisterBlock {
    RegisterBlock(rows: rows, vectors: vectors, lanes: TileProduct.columns)
  }

  /// What a step along the depth takes.
  var products: ProductCost {
    var cost = ProductCost.multiplyAdd
    cost.cyclesPerProduct = 1 / Double(tuples)
    return cost
  }
}

extension TileBlock: CustomStringConvertible {
  var description: String { "tiles of \(height) rows x \(tuples) tuples" }
}

extension ContractionShape {
  /// Elements from one row to the next of the row factor, where so many tuples of a row lie side by
  /// side; nil where they do not, or rows lie at no constant distance.
  fileprivate func rowStride(tuples: Int) -> Int? {
    guard let tuple, rowsLieInTuples, let (operand, index, guards) = stage.load(tuple.row),
      guards.isEmpty,
      stage.isSideBySide(tuple.row, along: tuple.axis, blocksOf: tuples * tuple.width)
    else { return nil }
    let offset = operand.offset(index).simplified(stage.size)
    let row = rows.axes.last!
    guard let stride = offset.coefficient(ofAxis: row).constant, stride > 0,
      !(offset - .axis(row) * Dimension(stride)).axes.contains(row)
    else { return nil }
    return stride
  }

  /// Elements from one tuple to the next of a column of the column factor, within so many.
  fileprivate func columnStride(tuples: Int) -> Int? {
    guard let tuple, let (operand, index, _) = stage.load(tuple.column) else { return nil }
    let (block, step) = (1_000_001, 1_000_002)
    let sizes = [step: Dimension(tuples)]
    let cut = operand.offset(index).substituting(
      axis: { axis in
        axis == tuple.axis
          ? .axis(block) * Dimension(tuples * tuple.width) + .axis(step) * Dimension(tuple.width)
          : .axis(axis)
      }, scalar: { .scalar($0) }, extents: { sizes[$0] ?? self.stage.size($0) })
    guard let stride = cut.coefficient(ofAxis: step).constant, stride > 0,
      !(cut - .axis(step) * Dimension(stride)).axes.contains(step)
    else { return nil }
    return stride
  }
}
