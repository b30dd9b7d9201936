import TenonGraph
import TenonTensor

/// Writes the rows of windows of one tile.
struct WindowWriter {
  let schedule: WindowSchedule
  let writer: StageWriter
  var builder: KernelBuilder { writer.builder }
  private var reduction: Compute.Reduction { writer.compute.reduction! }
  private var rowAxis: Int { schedule.rows.axes.last! }

  /// All windows at a place of the outer loops.
  ///
  /// The first and the last piece stand at known places, so that what guards say of the edges is
  /// known there too; in the pieces between, most guards always hold.
  func write(at place: AxisPlaces) {
    let pieces = schedule.pieces
    func piece(_ length: Int, _ number: IndexExpression, _ offset: Int) {
      write(length, from: number * Dimension(length) + Dimension(offset), at: place)
    }
    func range(_ numbers: Range<Int>, _ length: Int, _ offset: Int) {
      if numbers.isEmpty { return }
      if numbers.count == 1 {
        return piece(length, IndexExpression(Dimension(numbers.lowerBound)), offset)
      }
      builder.loop(to: IndexExpression(Dimension(numbers.count))) { number in
        builder.bound(number, below: Dimension(numbers.count))
        piece(length, number + Dimension(numbers.lowerBound), offset)
      }
    }
    let (long, short) = (pieces.long, pieces.short)
    func all(_ numbers: Range<Int>) {
      range(numbers.clamped(to: 0..<long), pieces.most, 0)
      range(numbers.clamped(to: long..<long + short), pieces.most - 1, long)
    }
    all(0..<1)
    if pieces.count > 2 { all(1..<pieces.count - 1) }
    if pieces.count > 1 { all(pieces.count - 1..<pieces.count) }
  }

  /// A piece of so many rows, whose first stands at `row`.
  private func write(_ count: Int, from row: IndexExpression, at place: AxisPlaces) {
    var writer = writer
    let axis = schedule.lane.axes.last!
    writer.laneAxis = axis
    for piece in schedule.lanePieces {
      let length = Dimension(piece.count ?? piece.vectors * schedule.lanes)
      builder.loop(
        to: IndexExpression(length), step: schedule.lanes,
        kind: piece.vectors == 1 ? .unrolled : .serial
      ) { lane in
        builder.bound(lane, below: length)
        var place = place
        place[axis] = lane + Dimension(piece.start)
        let real = piece.count.map { builder.index(IndexExpression(Dimension($0))) }
        combine(
          count, row, place, writer,
          StageWriter.Lanes(variable: lane.singleAxis, lanes: schedule.lanes, count: real))
      }
    }
  }

  private func combine(
    _ count: Int, _ row: IndexExpression, _ place: AxisPlaces, _ writer: StageWriter,
    _ lanes: StageWriter.Lanes
  ) {
    let reduction = reduction
    let registers = reduction.values.map { value in
      builder.register(
        LaneType(reduction.program.type(value), lanes: lanes.lanes), extents: [count])
    }
    func at(_ number: IndexExpression) -> [RegisterPlace] {
      registers.map { RegisterPlace($0, [number]) }
    }
    forEachRow(count) { number in
      var place = place
      place[rowAxis] = row + number
      var lowering = writer.lowering(reduction.program, at: place, lanes)
      for (target, value) in zip(at(number), lowering.lowerWide(reduction.initial)) {
        builder.set(target, value)
      }
    }
    windows(schedule.window[...], at: place, writer) { place, writer in
      let reducing = ReductionWriter(writer, reduction)
      forEachRow(count) { number in
        var place = place
        place[rowAxis] = row + number
        let sums = reducing.next(at(number), at: place, lanes)
        for (target, sum) in zip(at(number), sums) { builder.set(target, sum) }
      }
    }
    forEachRow(count) { number in
      var place = place
      place[rowAxis] = row + number
      writer.writeResults(
        at: place, lanes, reduced: at(number).map { builder.read($0) })
    }
  }

  private func forEachRow(_ count: Int, _ body: (IndexExpression) -> Void) {
    builder.loop(to: IndexExpression(Dimension(count)), kind: .unrolled) { number in
      builder.bound(number, below: Dimension(count))
      body(number)
    }
  }

  /// The loops over the window, the last written out. What guards say of an outer loop alone is
  /// asked once for all rows.
  private func windows(
    _ loops: ArraySlice<LoopAxis>, at place: AxisPlaces, _ writer: StageWriter,
    _ body: (AxisPlaces, StageWriter) -> Void
  ) {
    guard let loop = loops.first else { return body(place, writer) }
    builder.loop(
      to: IndexExpression(loop.extent), kind: loops.count == 1 ? .unrolled : .serial
    ) { index in
      builder.bound(index, below: loop.extent)
      var place = place
      place[loop.axes.last!] = index
      let rest = loops.dropFirst()
      let known = outerGuards(of: loop, before: rest)
      guard !known.isEmpty else { return windows(rest, at: place, writer, body) }
      let lowering = writer.lowering(reduction.program, at: place, StageWriter.Lanes())
      guard let holds = lowering.condition(known) else {
        return windows(rest, at: place, writer, body)
      }
      var assuming = writer
      assuming.assumed += known
      builder.conditional(holds) {
        windows(rest, at: place, assuming, body)
      } otherwise: {
        windows(rest, at: place, writer, body)
      }
    }
  }

  /// Guards that depend on `loop`, and on neither the loops inside it nor the rows nor the lanes.
  private func outerGuards(of loop: LoopAxis, before rest: ArraySlice<LoopAxis>) -> [Guard] {
    var found: [Guard] = []
    for condition in writer.stage.reductionGuards {
      let axes = condition.expression.axes
      guard condition.expression.scalars.isEmpty, axes.contains(where: loop.axes.contains),
        !axes.contains(where: schedule.rows.axes.contains),
        !axes.contains(where: schedule.lane.axes.contains),
        !axes.contains(where: { axis in rest.contains { $0.axes.contains(axis) } }),
        !found.contains(condition)
      else { continue }
      found.append(condition)
    }
    return found
  }
}
