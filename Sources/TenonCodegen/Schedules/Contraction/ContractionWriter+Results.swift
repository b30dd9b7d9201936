import TenonGraph
import TenonTensor

// What follows the sums: initial values, the program after the reduction, and the stores.
extension ContractionWriter {
  /// Work units of a program up to which it is written out for every row of a block.
  static let writtenOut = 12

  /// The results of a piece of rows whose sums are in registers or, of tiles, in scratch memory.
  func finish(
    _ row: IndexExpression, _ count: Int, _ columns: Columns,
    _ sums: (IndexExpression, Int) -> ValueIndex
  ) {
    if schedule.tiles != nil {
      return forEachRow(count, kind: .serial) { number in
        finish(row + number, columns) { sums(number, $0) }
      }
    }
    guard stage.compute.program.cost > Self.writtenOut else {
      return forEachRow(count) { number in
        finish(row + number, columns) { sums(number, $0) }
      }
    }
    // A long program runs in a loop, over sums in scratch memory.
    let kept = builder.scratch(
      shape.element, count: count * block.columns, sharedAs: "results")
    func place(_ number: IndexExpression, _ vector: Int) -> Address {
      Address(kept, number * Dimension(block.columns) + Dimension(vector * block.lanes))
    }
    forEachRow(count) { number in
      for vector in 0..<columns.vectors {
        builder.store(place(number, vector), sums(number, vector))
      }
    }
    builder.loop(to: IndexExpression(Dimension(count))) { number in
      builder.bound(number, below: Dimension(count))
      finish(row + number, columns) { vector in
        builder.define(
          .load(place(number, vector), count: nil, mask: nil, fill: nil), vectorType)
      }
    }
  }

  /// The results of one row, whose sums `sum` reads by vector.
  func finish(
    _ row: IndexExpression, _ columns: Columns, sum: (Int) -> ValueIndex
  ) {
    withLanes { lane in
      var place = outer
      place[rowAxis] = row
      for vector in 0..<columns.vectors {
        let here = self.place(place, columns, vector, lane)
        var lowering = lowering(stage.compute.program, at: place, columns, vector, lane)
        lowering.reduced = [started(sum(vector), at: place, columns, vector, lane)]
        let values = lowering.lowerWide(stage.compute.results)
        let axes = stage.compute.axes.indices.map { here[$0] ?? IndexExpression(0) }
        for (result, value) in zip(stage.results, values) {
          let offset = result.offset(axes).simplified(extents).recombined
          builder.store(
            Address(result.memory, offset), value, count: columns.counts[vector])
        }
      }
    }
  }

  /// The initial value and the sum together.
  private func started(
    _ sum: ValueIndex, at place: AxisPlaces, _ columns: Columns, _ vector: Int,
    _ lane: IndexExpression
  ) -> ValueIndex {
    let initial = shape.reduction.initial[0]
    switch shape.reduction.program[initial] {
    case .float(0), .integer(0): return sum
    default: break
    }
    var lowering = lowering(shape.reduction.program, at: place, columns, vector, lane)
    return builder.binary(.add, lowering.lowerWide([initial])[0], sum)
  }
}
