import TenonGraph
import TenonTensor

/// How sums of products are made in tiles: blocks of rows by columns that a processor's matrix unit
/// (AMX) multiplies whole. A row tile has rows of tuples of neighbouring numbers; a column tile has,
/// for each tuple, one of each of 16 columns; and a tile of sums as many rows as the first and a
/// 32-bit number for each column.
///
/// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18.
package struct TileProduct: Hashable, Sendable {
  package var rowElement: ElementType
  package var columnElement: ElementType
  /// Of the sums: i32 for bytes, f32 for bf16.
  package var element: ElementType
  /// Rows of a tile.
  package var height: Int
  /// The first row of each of the row tiles, which may overlap.
  package var rowOffsets: [Int]
  /// Column tiles.
  package var vectors: Int
  /// The most column tiles of any product of the kernel.
  package var mostVectors: Int
  /// Tuples that one step multiplies.
  package var tuples: Int
  /// Elements from one row to the next of the row factor.
  package var rowStride: Int
  /// Elements from one tuple to the next of the column factor.
  package var columnStride: Int
  /// Elements from one row to the next where sums are stored.
  package var sumStride: Int

  /// Columns of a tile.
  package static let columns = 16

  /// Numbers of a tuple.
  package var width: Int { 4 / rowElement.byteWidth }
  /// Rows of all tiles.
  package var rows: Int { rowOffsets.last! + height }

  /// The registers: sums of each row tile, then row tiles, then as many column tiles as there is
  /// room for.
  package func sums(_ row: Int, _ vector: Int) -> Int { row * mostVectors + vector }
  package func row(_ row: Int) -> Int { rowOffsets.count * mostVectors + row }
  package func column(_ vector: Int) -> Int {
    let first = rowOffsets.count * (mostVectors + 1)
    return first + vector % (8 - first)
  }
}

/// One step of making sums in tiles.
package enum TileStep: Hashable, Sendable {
  /// All sums become 0.
  case clear
  /// Adds the products of some tuples; the addresses are of the first row's first tuple and of the
  /// first tuple of each vector of columns.
  case multiply(rows: Address, columns: [Address])
  /// Writes the sums, rows one after the other, from an address on.
  case store(Address)

  package var addresses: [Address] {
    switch self {
    case .clear: []
    case .multiply(let rows, let columns): [rows] + columns
    case .store(let address): [address]
    }
  }
}

extension TileStep: CustomStringConvertible {
  package var description: String {
    switch self {
    case .clear: "clear"
    case .multiply(let rows, let columns):
      "multiply \(rows) by " + columns.map(\.description).joined(separator: ", ")
    case .store(let address): "store \(address)"
    }
  }
}

extension TileProduct: CustomStringConvertible {
  /// `tiles 14 x 2 of u8 16 tuples every 64, i8 2 every 128, i32 every 32`.
  package var description: String {
    "tiles \(height) at \(rowOffsets) of \(rowElement) \(tuples) tuples every \(rowStride), "
      + "\(columnElement) \(vectors) of \(mostVectors) every \(columnStride), \(element) every "
      + "\(sumStride)"
  }
}
