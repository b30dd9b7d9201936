import TenonGraph
import TenonTensor

/// The rows of one tile, in pieces whose results are in registers at once.
struct RowPieces {
  let builder: KernelBuilder
  /// The tile's pieces.
  let range: LoopRange
  /// The pieces of all rows, where their number is known when compiled.
  let pieces: Pieces?
  /// The most rows of a piece.
  let most: Int
  /// How many rows there are.
  let extent: Dimension

  /// The tile's first row.
  var first: IndexExpression { row(range.lower) }

  /// What the tile's rows stay below.
  var end: IndexExpression {
    pieces == nil
      ? builder.minimum(row(range.upper), IndexExpression(extent)) : row(range.upper)
  }

  /// The first row of a piece.
  private func row(_ piece: IndexExpression) -> IndexExpression {
    guard let pieces else { return piece * Dimension(most) }
    if pieces.short == 0 { return piece * Dimension(pieces.most) }
    let long = builder.minimum(piece, IndexExpression(Dimension(pieces.long)))
    return piece * Dimension(pieces.most - 1) + long
  }

  /// `body` for each piece of the tile's rows, with its length and first row.
  func forEach(_ body: (Int, IndexExpression) -> Void) {
    func loop(
      _ lower: IndexExpression, _ upper: IndexExpression, _ length: Int, _ offset: Int
    ) {
      builder.loop(from: lower, to: upper) { piece in
        builder.bound(piece, below: range.loop.extent)
        body(length, piece * Dimension(length) + Dimension(offset))
      }
    }
    guard let pieces else { return forEachRunning(body) }
    guard pieces.short > 0 else { return loop(range.lower, range.upper, pieces.most, 0) }
    let long = IndexExpression(Dimension(pieces.long))
    if range.lower == IndexExpression(0), range.upper.constantValue != nil {
      loop(range.lower, long, pieces.most, 0)
      loop(long, range.upper, pieces.most - 1, pieces.long)
    } else {
      loop(range.lower, builder.minimum(range.upper, long), pieces.most, 0)
      let lower = builder.binary(.maximum, builder.index(range.lower), builder.index(long))
      loop(.scalar(lower), range.upper, pieces.most - 1, pieces.long)
    }
  }

  /// Whole pieces, then rows by four, then single ones.
  private func forEachRunning(_ body: (Int, IndexExpression) -> Void) {
    let total = IndexExpression(extent)
    builder.loop(from: range.lower, to: range.upper) { piece in
      builder.bound(piece, below: range.loop.extent)
      let first = piece * Dimension(most)
      let last = builder.index(first + Dimension(most - 1))
      let isWhole = builder.define(
        .compare(.less, last, builder.index(total)), LaneType(.bool))
      builder.conditional(isWhole) {
        body(most, first)
      } otherwise: {
        var lower = first
        for length in [4, 1] where length < most {
          let upper = lower + builder.wholeSteps(total - lower, length)
          builder.loop(from: lower, to: upper, step: length) { row in
            builder.bound(row, below: extent)
            body(length, row)
          }
          lower = upper
        }
      }
    }
  }
}
