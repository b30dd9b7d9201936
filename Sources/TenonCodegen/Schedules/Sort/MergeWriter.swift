import TenonGraph
import TenonTensor

/// A stable merge sort, from runs of one element up. Two halves of the scratch memory are source
/// and target in turn.
///
/// Two whole runs are merged from both ends at once, which needs no look at where they end; the
/// last two, which may be shorter, from the front.
struct MergeWriter {
  let row: SortRow
  let memory: [Memory]
  private var builder: KernelBuilder { row.builder }
  private var length: IndexExpression { IndexExpression(row.length) }

  /// Levels whose merges are written out.
  static let shortLevels = 3

  init(row: SortRow) {
    self.row = row
    memory = row.scratch(count: 2 * row.lengthBound)
  }

  /// How often runs of one element double until they are as long as the row.
  static func levels(_ length: Int) -> Int {
    length <= 1 ? 0 : Int.bitWidth - (length - 1).leadingZeroBitCount
  }

  func write() {
    builder.loop(to: length) { index in
      row.store(memory, index, row.input(index))
    }
    let levels = levels()
    let short = levels.constantValue?.constant.map { min($0, Self.shortLevels) } ?? 0
    for level in 0..<short {
      let source = level % 2 == 0 ? IndexExpression(0) : length
      mergeAll(from: source, width: IndexExpression(Dimension(1 << level)), kind: .unrolled)
    }
    builder.loop(from: IndexExpression(Dimension(short)), to: levels) { level in
      let width = builder.binary(.shiftLeft, row.integer(1), builder.index(level))
      mergeAll(from: half(builder.index(level)), width: .scalar(width), kind: .serial)
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

  /// One level: pairs of runs of `width` elements become one run each.
  private func mergeAll(
    from source: IndexExpression, width: IndexExpression, kind: TenonCodegen.Loop.Kind
  ) {
    let target = length - source
    let pair = builder.index(width * 2)
    let whole = builder.define(.floorDivide(builder.index(length), pair), LaneType(.i64))
    builder.loop(to: .scalar(whole)) { number in
      // Products of two values are no index expressions.
      let low = IndexExpression.scalar(
        builder.binary(.multiply, builder.index(number), pair))
      let (left, end) = mergeFromBothEnds(source, target, low, width, kind)
      // An order that contradicts itself must not lose an element.
      let differ = builder.define(.compare(.notEqual, left, end), LaneType(.bool))
      builder.conditional(differ) {
        merge(source, target, (low, low + width, low + width * 2))
      }
    }
    let low = IndexExpression.scalar(builder.binary(.multiply, whole, pair))
    merge(source, target, (low, builder.minimum(low + width, length), length))
  }

  /// Half of the result from the front and half from the back. Gives how far into the first run the
  /// two came: they should meet.
  private func mergeFromBothEnds(
    _ source: IndexExpression, _ target: IndexExpression, _ low: IndexExpression,
    _ width: IndexExpression, _ kind: TenonCodegen.Loop.Kind
  ) -> (ValueIndex, ValueIndex) {
    let index = LaneType(.i64)
    func place(_ start: IndexExpression) -> RegisterPlace {
      let register = RegisterPlace(builder.register(index))
      builder.set(register, builder.index(start))
      return register
    }
    let one = IndexExpression(1)
    let front = (place(source + low), place(source + low + width))
    let back = (
      place(source + low + width - one), place(source + low + width * 2 - one)
    )
    builder.loop(to: width, kind: kind) { step in
      let firsts = (builder.read(front.0), builder.read(front.1))
      let (a, b) = (row.load(memory, .scalar(firsts.0)), row.load(memory, .scalar(firsts.1)))
      let lasts = (builder.read(back.0), builder.read(back.1))
      let (c, d) = (row.load(memory, .scalar(lasts.0)), row.load(memory, .scalar(lasts.1)))
      let takesRight = row.goesBefore(b, a)
      let takesLeft = row.goesBefore(d, c)
      row.store(memory, target + low + step, select(takesRight, b, a))
      row.store(
        memory, target + low + width * 2 - one - step, select(takesLeft, c, d))
      let right = builder.define(.convert(takesRight), index)
      let left = builder.define(.convert(takesLeft), index)
      builder.set(front.1, builder.binary(.add, firsts.1, right))
      builder.set(front.0, builder.index(.scalar(firsts.0) + one - .scalar(right)))
      builder.set(back.0, builder.binary(.subtract, lasts.0, left))
      builder.set(back.1, builder.index(.scalar(lasts.1) - one + .scalar(left)))
    }
    return (builder.read(front.0), builder.index(.scalar(builder.read(back.0)) + one))
  }

  private func select(
    _ condition: ValueIndex, _ a: [ValueIndex], _ b: [ValueIndex]
  ) -> [ValueIndex] {
    zip(a, b).map { builder.define(.select(condition, $0, $1), builder.type($0)) }
  }

  /// Two runs side by side become one.
  private func merge(
    _ source: IndexExpression, _ target: IndexExpression,
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
      row.store(memory, target + place, select(takesRight, second, first))
      let step = builder.define(.convert(takesRight), index)
      builder.set(RegisterPlace(right), builder.binary(.add, b, step))
      let other = builder.binary(.subtract, row.integer(1), step)
      builder.set(RegisterPlace(left), builder.binary(.add, a, other))
    }
  }
}
