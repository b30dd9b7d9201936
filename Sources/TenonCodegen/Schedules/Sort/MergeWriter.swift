import TenonGraph
import TenonTensor

/// A stable merge sort, from runs of one element up. Two halves of the scratch memory are source
/// and target in turn.
struct MergeWriter {
  let row: SortRow
  private var builder: KernelBuilder { row.builder }

  init(row: SortRow) { self.row = row }

  /// How often runs of one element double until they are as long as the row.
  static func levels(_ length: Int) -> Int {
    length <= 1 ? 0 : Int.bitWidth - (length - 1).leadingZeroBitCount
  }

  func write() {
    let memory = row.scratch(count: 2 * row.lengthBound)
    let length = IndexExpression(row.length)
    builder.loop(to: length) { index in
      row.store(memory, index, row.input(index))
    }
    let levels = levels()
    builder.loop(to: levels) { level in
      let width = builder.binary(.shiftLeft, row.integer(1), builder.index(level))
      let source = half(builder.index(level))
      let target = length - source
      let runs = IndexExpression.scalar(
        builder.define(
          .floorDivide(
            builder.index(length + .scalar(width) * 2 - IndexExpression(1)),
            builder.index(.scalar(width) * 2)), LaneType(.i64)))
      builder.loop(to: runs) { run in
        // Products of two values are no index expressions.
        let low = builder.binary(
          .multiply, builder.index(run), builder.index(.scalar(width) * 2))
        let middle = builder.minimum(.scalar(low) + .scalar(width), length)
        let high = builder.minimum(.scalar(low) + .scalar(width) * 2, length)
        merge(memory, from: source, to: target, (.scalar(low), middle, high))
      }
    }
    let sorted = half(builder.index(levels))
    builder.loop(to: IndexExpression(row.sort.limit ?? row.length)) { index in
      row.output(index, row.load(memory, sorted + index))
    }
  }

  private func levels() -> IndexExpression {
    if let number = row.length.constant {
      return IndexExpression(Dimension(MergeWriter.levels(number)))
    }
    let last = builder.index(IndexExpression(Dimension.maximum(row.length, 1) - 1))
    let zeros = builder.define(.unary(.countLeadingZeros, last), LaneType(.i64))
    return IndexExpression(Dimension(Int.bitWidth)) - .scalar(zeros)
  }

  /// The first element of the half that is the source of a level.
  private func half(_ level: ValueIndex) -> IndexExpression {
    .scalar(builder.binary(.and, level, row.integer(1))) * row.length
  }

  /// Two runs side by side become one.
  private func merge(
    _ memory: [Memory], from source: IndexExpression, to target: IndexExpression,
    _ bounds: (low: IndexExpression, middle: IndexExpression, high: IndexExpression)
  ) {
    let index = LaneType(.i64)
    let (left, right) = (builder.register(index), builder.register(index))
    builder.set(RegisterPlace(left), builder.index(bounds.low))
    builder.set(RegisterPlace(right), builder.index(bounds.middle))
    let (middle, high) = (builder.index(bounds.middle), builder.index(bounds.high))
    builder.loop(from: bounds.low, to: bounds.high) { place in
      let (a, b) = (
        builder.read(RegisterPlace(left)), builder.read(RegisterPlace(right))
      )
      // Past the end of a run its last element is read, and not taken.
      let first = row.load(
        memory, source + builder.minimum(.scalar(a), bounds.middle - IndexExpression(1)))
      let second = row.load(
        memory, source + builder.minimum(.scalar(b), bounds.high - IndexExpression(1)))
      let bool = LaneType(.bool)
      let isLeftDone = builder.define(.compare(.greaterOrEqual, a, middle), bool)
      let hasRight = builder.define(.compare(.less, b, high), bool)
      let takesRight = builder.binary(
        .and, hasRight, builder.binary(.or, isLeftDone, row.goesBefore(second, first)))
      let taken = zip(second, first).map {
        builder.define(.select(takesRight, $0, $1), builder.type($0))
      }
      row.store(memory, target + place, taken)
      let step = builder.define(.convert(takesRight), index)
      builder.set(RegisterPlace(right), builder.binary(.add, b, step))
      let other = builder.binary(.subtract, row.integer(1), step)
      builder.set(RegisterPlace(left), builder.binary(.add, a, other))
    }
  }
}
