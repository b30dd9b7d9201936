import TenonGraph
import TenonTensor

// Sums of values, weighted with the exponentials of scores.
extension AttentionWriter {
  /// Adds the values of a block's positions to the sums of a piece's rows, or writes the output
  /// where there is one block.
  func addValues(
    _ head: IndexExpression, _ row: IndexExpression, _ count: Int, from lower: IndexExpression,
    to upper: IndexExpression
  ) {
    if sums == nil {
      unrolled(count) { number in
        builder.store(Address(factors, number), reciprocal(head, row + number))
      }
    }
    let part = schedule.valueVectors * lanes
    let whole = valueDepth / part * part
    if whole > 0 {
      builder.loop(to: IndexExpression(Dimension(whole)), step: part) { column in
        builder.bound(column, below: Dimension(valueDepth))
        addValues(
          head, row, count, from: lower, to: upper, column,
          counts: [Int](repeating: lanes, count: schedule.valueVectors))
      }
    }
    if whole < valueDepth {
      let counts = stride(from: whole, to: valueDepth, by: lanes).map {
        min(lanes, valueDepth - $0)
      }
      addValues(
        head, row, count, from: lower, to: upper, IndexExpression(Dimension(whole)),
        counts: counts)
    }
  }

  /// Some columns, which lie in vectors of so many real lanes.
  private func addValues(
    _ head: IndexExpression, _ row: IndexExpression, _ count: Int, from lower: IndexExpression,
    to upper: IndexExpression, _ column: IndexExpression, counts: [Int]
  ) {
    let register = builder.register(vectorType, extents: [count, counts.count])
    func place(_ number: IndexExpression, _ vector: Int) -> RegisterPlace {
      RegisterPlace(register, [number, IndexExpression(Dimension(vector))])
    }
    func factor(_ number: IndexExpression) -> ValueIndex {
      splat(loadOne(Address(factors, number)))
    }
    func sum(_ number: IndexExpression, _ vector: Int) -> Address {
      Address(
        sums!,
        self.number(head, row + number) * Dimension(valueWidth) + column
          + Dimension(vector * lanes))
    }
    unrolled(count) { number in
      for vector in counts.indices {
        let start =
          sums == nil
          ? splat(float(0))
          : builder.binary(.multiply, load(sum(number, vector)), factor(number))
        builder.set(place(number, vector), start)
      }
    }
    builder.loop(from: lower, to: upper, copies: 4) { position in
      builder.bound(position, below: positions)
      let values = counts.enumerated().map { vector, lanes in
        load(
          2, [batch, keyHead, position, column + Dimension(vector * self.lanes)],
          lanes: self.lanes, count: rest(lanes))
      }
      unrolled(count) { number in
        let weight = splat(loadOne(scoreAddress(number, position - lower)))
        for vector in counts.indices {
          let target = place(number, vector)
          builder.set(target, multiplyAdd(weight, values[vector], builder.read(target)))
        }
      }
    }
    unrolled(count) { number in
      for vector in counts.indices {
        let value = builder.read(place(number, vector))
        if sums == nil {
          let result = builder.binary(.multiply, value, factor(number))
          store(
            result, head, row + number, column + Dimension(vector * lanes),
            count: rest(counts[vector]))
        } else {
          builder.store(sum(number, vector), value)
        }
      }
    }
  }
}
