import TenonGraph
import TenonTensor

/// Writes one tile of attention.
///
/// For each block of positions: a copy of its keys, turned over, in panels of columns; then, for each
/// piece of rows, its scores, their exponentials, and the sums of values.
struct AttentionWriter {
  let builder: KernelBuilder
  let schedule: AttentionSchedule
  let batch: IndexExpression
  let keyHead: IndexExpression
  let heads: LoopRange
  let rows: RowPieces
  /// By row of the tile: the greatest score so far, and the sum of exponentials.
  let (largest, total): (Memory, Memory)
  /// Panels of keys, for each step of depth the panel's positions side by side.
  let keys: Memory
  /// By row of a piece, scores and then their exponentials.
  let scores: Memory
  /// By row of a piece, what the sums so far are multiplied by.
  let factors: Memory
  /// By row of the tile, sums so far; nil where there is one block of positions.
  let sums: Memory?

  var block: RegisterBlock { schedule.block }
  var lanes: Int { block.lanes }
  var element: ElementType { schedule.element }
  var vectorType: LaneType { LaneType(element, lanes: lanes) }
  var inputs: [TensorType] { schedule.group.inputs }
  var attention: Attention { schedule.attention }
  /// How many positions there are.
  var positions: Dimension { inputs[1].shape[2] }
  var depth: Int { inputs[0].shape[3].constant! }
  var valueDepth: Int { inputs[2].shape[3].constant! }
  /// Vectors of a row of values, and the elements they take.
  var valueWidth: Int { (valueDepth + lanes - 1) / lanes * lanes }

  init(builder: KernelBuilder, schedule: AttentionSchedule) {
    self.builder = builder
    self.schedule = schedule
    let ranges = schedule.grid.ranges(of: .axis(0), in: builder)
    (batch, keyHead, heads) = (ranges[0].lower, ranges[1].lower, ranges[2])
    let query = schedule.group.inputs[0].shape
    let rows = RowPieces(
      builder: builder, range: ranges[3], pieces: schedule.pieces, most: schedule.block.rows,
      extent: query[2])
    self.rows = rows
    let (block, element) = (schedule.block, schedule.element)
    let pieces = schedule.grid.axes[3].block ?? schedule.pieces!.count
    let inTile = schedule.grid.axes[2].block ?? max(1, ranges[2].loop.bound)
    let states = max(1, inTile * pieces * block.rows)
    let depth = query[3].constant!
    let width = schedule.group.inputs[2].shape[3].constant!
    largest = builder.scratch(element, count: states)
    total = builder.scratch(element, count: states)
    keys = builder.scratch(element, count: max(1, schedule.positionsAtOnce * depth))
    scores = builder.scratch(element, count: block.rows * schedule.positionsAtOnce)
    factors = builder.scratch(element, count: block.rows)
    sums =
      schedule.isWhole
      ? nil
      : builder.scratch(
        element, count: states * max(1, (width + block.lanes - 1) / block.lanes * block.lanes))
  }

  func write() {
    guard sums != nil else {
      write(from: IndexExpression(0), to: IndexExpression(positions))
      return writeLogarithms()
    }
    begin()
    let all = IndexExpression(positions)
    builder.loop(to: all, step: schedule.positionsAtOnce) { lower in
      builder.bound(lower, below: positions)
      write(
        from: lower, to: builder.minimum(lower + Dimension(schedule.positionsAtOnce), all))
    }
    forEachRow { head, row in
      let factor = splat(reciprocal(head, row))
      for first in stride(from: 0, to: valueDepth, by: lanes) {
        let sum = load(sumAddress(head, row, first))
        store(
          builder.binary(.multiply, sum, factor), head, row, IndexExpression(Dimension(first)),
          count: rest(valueDepth - first))
      }
    }
    writeLogarithms()
  }

  /// What the positions of a block add.
  private func write(from lower: IndexExpression, to upper: IndexExpression) {
    copyKeys(from: lower, to: upper)
    forEachHead { head in
      rows.forEach { count, row in
        let end = visible(row + Dimension(count - 1), from: lower, to: upper)
        writeScores(head, row, count, from: lower, to: end)
        builder.loop(to: IndexExpression(Dimension(count))) { number in
          builder.bound(number, below: Dimension(count))
          exponentiate(head, row, number, count: end - lower)
        }
        addValues(head, row, count, from: lower, to: end)
      }
    }
  }

  /// The end of the positions in a block that a row sees.
  private func visible(
    _ row: IndexExpression, from lower: IndexExpression, to upper: IndexExpression
  ) -> IndexExpression {
    guard attention.isCausal else { return upper }
    let end = builder.minimum(upper, row + ahead + 1)
    return .scalar(builder.binary(.maximum, builder.index(end), builder.index(lower)))
  }

  /// Positions less of queries: query i sees position j where j - i is at most that.
  var ahead: Dimension { positions - inputs[0].shape[2] }

  // MARK: Rows

  func forEachHead(_ body: (IndexExpression) -> Void) {
    builder.loop(from: heads.lower, to: heads.upper) { head in
      builder.bound(head, below: heads.loop.extent)
      body(head)
    }
  }

  func forEachRow(_ body: (_ head: IndexExpression, _ row: IndexExpression) -> Void) {
    forEachHead { head in
      builder.loop(from: rows.first, to: rows.end) { row in
        builder.bound(row, below: rows.extent)
        body(head, row)
      }
    }
  }

  /// The number of a row of the tile.
  func number(_ head: IndexExpression, _ row: IndexExpression) -> IndexExpression {
    let pieces = schedule.grid.axes[3].block ?? schedule.pieces!.count
    return (head - heads.lower) * Dimension(pieces * block.rows) + row - rows.first
  }

  /// The head of queries.
  func queryHead(_ head: IndexExpression) -> IndexExpression {
    keyHead * heads.loop.extent + head
  }

  func sumAddress(_ head: IndexExpression, _ row: IndexExpression, _ column: Int) -> Address {
    Address(sums!, number(head, row) * Dimension(valueWidth) + Dimension(column))
  }

  /// Below all numbers but minus infinity.
  var lowest: Double {
    element == .f64 ? -.greatestFiniteMagnitude : -Double(Float.greatestFiniteMagnitude)
  }

  private func begin() {
    forEachRow { head, row in
      let place = number(head, row)
      builder.store(Address(largest, place), float(lowest))
      builder.store(Address(total, place), float(0))
      for first in stride(from: 0, to: valueDepth, by: lanes) {
        builder.store(sumAddress(head, row, first), splat(float(0)))
      }
    }
  }

  /// One over the sum of exponentials, or 1 where a row sees nothing.
  func reciprocal(_ head: IndexExpression, _ row: IndexExpression) -> ValueIndex {
    let sum = loadOne(Address(total, number(head, row)))
    return builder.binary(.divide, float(1), positive(sum))
  }

  private func positive(_ sum: ValueIndex) -> ValueIndex {
    let type = builder.type(sum)
    let isZero = builder.define(
      .compare(.equal, sum, builder.splat(float(0), lanes: type.lanes)), type.with(element: .bool))
    return builder.define(.select(isZero, builder.splat(float(1), lanes: type.lanes), sum), type)
  }

  /// log Σ exp of the tile's rows.
  private func writeLogarithms() {
    forEachHead { head in
      let range = LoopRange(
        LoopAxis(extent: rows.extent, axes: [3]), lower: rows.first, upper: rows.end)
      builder.vectorLoop(range, lanes: lanes, unrolling: 1) { row, _, count in
        let place = number(head, row)
        let sum = load(Address(total, place), count: count)
        let logarithm = builder.define(.unary(.log, positive(sum)), vectorType)
        let result = builder.binary(.add, logarithm, load(Address(largest, place), count: count))
        let type = schedule.group.outputs[1]
        let offset = type.offset([batch, queryHead(head), row]).simplified(extents)
        builder.store(Address(.buffer(inputs.count + 1), offset), result, count: count)
      }
    }
  }

  /// Writes a vector of a row's output.
  func store(
    _ value: ValueIndex, _ head: IndexExpression, _ row: IndexExpression,
    _ column: IndexExpression, count: ValueIndex?
  ) {
    let type = schedule.group.outputs[0]
    let indices = [batch, queryHead(head), row, column]
    builder.store(
      Address(.buffer(inputs.count), type.offset(indices).simplified(extents)),
      converted(value, to: type.element), count: count)
  }

  // MARK: Values

  func extents(_ variable: Int) -> Dimension? {
    variable == 0 ? schedule.grid.tiles : builder.extent(variable)
  }

  func float(_ number: Double) -> ValueIndex { builder.define(.float(number), LaneType(element)) }

  func splat(_ value: ValueIndex) -> ValueIndex { builder.splat(value, lanes: lanes) }

  /// How many lanes are real, where not all are.
  func rest(_ count: Int) -> ValueIndex? {
    count >= lanes ? nil : builder.index(IndexExpression(Dimension(count)))
  }

  func load(_ address: Address, count: ValueIndex? = nil) -> ValueIndex {
    builder.define(.load(address, count: count, mask: nil, fill: nil), vectorType)
  }

  func loadOne(_ address: Address) -> ValueIndex {
    builder.define(.load(address, count: nil, mask: nil, fill: nil), LaneType(element))
  }

  /// Elements of an operand, in the type in which sums are made.
  func load(
    _ operand: Int, _ indices: [IndexExpression], lanes: Int, count: ValueIndex? = nil
  ) -> ValueIndex {
    let offset = inputs[operand].offset(indices).simplified(extents)
    let value = builder.define(
      .load(Address(.buffer(operand), offset), count: count, mask: nil, fill: nil),
      LaneType(inputs[operand].element, lanes: lanes))
    return inputs[operand].element == .bool ? value : converted(value, to: element)
  }

  func converted(_ value: ValueIndex, to element: ElementType) -> ValueIndex {
    let type = builder.type(value)
    if type.element == element { return value }
    return builder.define(.convert(value), type.with(element: element))
  }

  func multiplyAdd(_ a: ValueIndex, _ b: ValueIndex, _ c: ValueIndex) -> ValueIndex {
    builder.define(.multiplyAdd(a, b, c), vectorType)
  }

  /// `body` for each of so many, written out.
  func unrolled(_ count: Int, _ body: (IndexExpression) -> Void) {
    builder.loop(to: IndexExpression(Dimension(count)), kind: .unrolled) { number in
      builder.bound(number, below: Dimension(count))
      body(number)
    }
  }
}
