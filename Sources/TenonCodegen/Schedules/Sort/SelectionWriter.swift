import TenonGraph
import TenonTensor

/// The first few elements of a row's order, held in order while the row is read once.
struct SelectionWriter {
  let row: SortRow
  /// How many are kept.
  let count: Int
  private var builder: KernelBuilder { row.builder }

  func write() {
    let memory = row.scratch(count: count)
    let kept = IndexExpression(Dimension(count))
    builder.loop(to: kept) { index in
      insert(row.input(index), into: memory, holding: index)
    }
    builder.loop(from: kept, to: IndexExpression(row.length)) { index in
      let next = row.input(index)
      let last = kept - IndexExpression(1)
      builder.conditional(row.goesBefore(next, row.load(memory, last))) {
        insert(next, into: memory, holding: last)
      }
    }
    builder.loop(to: kept) { index in
      row.output(index, row.load(memory, index))
    }
  }

  /// Puts elements after the first `held` ones that they do not go before; what was there and after
  /// it moves up by one.
  private func insert(
    _ elements: [ValueIndex], into memory: [Memory], holding held: IndexExpression
  ) {
    let later = RegisterPlace(builder.register(LaneType(.i64)))
    builder.set(later, row.integer(0))
    builder.loop(to: held) { index in
      let isLater = row.goesBefore(elements, row.load(memory, index))
      let number = builder.define(.convert(isLater), LaneType(.i64))
      builder.set(later, builder.binary(.add, builder.read(later), number))
    }
    let moved = IndexExpression.scalar(builder.read(later))
    builder.loop(to: moved) { step in
      row.store(memory, held - step, row.load(memory, held - step - IndexExpression(1)))
    }
    row.store(memory, held - moved, elements)
  }
}
