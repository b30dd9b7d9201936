import TenonGraph
import TenonTensor

// Sums of products in tiles.
extension ContractionWriter {
  /// Sums of products of a piece of rows, made in tiles and left in scratch memory; the sum of a row
  /// and a vector is read by what is returned.
  func multiplyTiles(
    _ tiles: TileBlock, _ row: IndexExpression, _ count: Int, _ columns: Columns,
    _ ranges: [LoopRange], _ packed: PanelWriter.Packed?, _ copy: RowWriter?
  ) -> (IndexExpression, Int) -> ValueIndex {
    let tuple = shape.tuple!
    // A piece of one row less has a row too many: the one before it, or what lies after its copy.
    let skipped = count < tiles.rows && copy == nil ? 1 : 0
    let first = row - IndexExpression(Dimension(skipped))
    let sums = builder.scratch(
      shape.element, count: tiles.rows * block.columns, sharedAs: "products")
    let columnStride = packed == nil ? tiles.columnStride! : block.columns * shape.width
    let product = TileProduct(
      rowElement: shape.rowElement, columnElement: shape.columnElement, element: shape.element,
      height: tiles.height, rowOffsets: tiles.rowOffsets, vectors: columns.vectors,
      mostVectors: block.vectors, tuples: tiles.tuples,
      rowStride: copy?.stride ?? tiles.rowStride!, columnStride: columnStride,
      sumStride: block.columns)
    builder.emit(.tiles(product, .clear))
    loops(ranges.dropLast()[...], at: outer, in: builder) { place in
      let last = ranges.last!
      builder.loop(from: last.lower, to: last.upper, step: tiles.tuples) { index in
        builder.bound(index, below: last.loop.extent)
        var place = place
        place[tuple.axis] = index
        place[rowAxis] = first
        let rows =
          copy?.address(first, at: place)
          ?? lowering(
            shape.reduction.program, at: tuple.place(place, IndexExpression(0))
          ).address(of: shape.rowFactor)
        let vectors = (0..<columns.vectors).map { vector in
          packed?.address(place, vector) ?? columnAddress(at: place, columns, vector: vector)
        }
        builder.emit(.tiles(product, .multiply(rows: rows, columns: vectors)))
      }
    }
    builder.emit(.tiles(product, .store(Address(sums, IndexExpression(0)))))
    return { number, vector in
      let place = (number + Dimension(skipped)) * Dimension(block.columns)
      return builder.define(
        .load(
          Address(sums, place + Dimension(vector * block.lanes)), count: nil, mask: nil, fill: nil),
        vectorType)
    }
  }
}
