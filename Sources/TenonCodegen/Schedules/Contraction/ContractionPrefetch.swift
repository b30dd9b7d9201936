import TenonGraph
import TenonTensor

/// Brings near what comes next while products are summed: the rows of the next piece, where they
/// lie in blocks far apart, and of a column factor that is read in place the next panel, a part of
/// it with each piece of rows.
///
/// Hardware foresees what lies line after line, but not the way from block to block or from panel
/// to panel.
struct ContractionPrefetch {
  private let writer: ContractionWriter
  /// Steps of the innermost loop over products for which is asked at once.
  let steps: Int
  private let ranges: [LoopRange]
  /// The next piece's rows: cache lines, as distances in elements from the first.
  private let rows: [Int]
  private let nextRow: IndexExpression
  private let panel: Panel?

  /// Lines of the next panel.
  private struct Panel {
    /// Where each run of lines begins.
    var runs: [Address]
    /// Lines of a run that are asked for at once.
    var linesAtOnce: Int
    /// The first line of a run that this piece asks for.
    var first: IndexExpression
  }

  /// As many steps as a cache line has numbers of a row.
  private static let mostSteps = 16
  private static let lineBytes = 64
  /// More lines than this take longer to ask for than to wait for.
  private static let mostLines = 16
  /// Fewer pieces of rows are done too soon for a part of the next panel with each.
  private static let leastPieces = 8

  /// The innermost loop's variable.
  var axis: Int { ranges.last!.loop.axes.last! }

  /// Nil where nothing is worth asking for.
  ///
  /// - Parameters:
  ///   - row: the first row of a piece of `count`.
  ///   - ranges: the loops over products.
  ///   - isCopied: whether rows are read from a copy.
  ///   - isPacked: whether the panel is.
  init?(
    _ writer: ContractionWriter, _ columns: ContractionWriter.Columns, row: IndexExpression,
    count: Int, _ ranges: [LoopRange], isCopied: Bool, isPacked: Bool
  ) {
    let shape = writer.shape
    guard let length = ranges.last?.loop.extent.constant, !shape.isOneRow else { return nil }
    self.writer = writer
    self.ranges = ranges
    steps = min(length, Self.mostSteps)
    nextRow = row + Dimension(count)
    var start = writer.outer
    for range in ranges { start[range.loop.axes.last!] = IndexExpression(0) }
    let isInBlocks = !isCopied && ranges.count == 2 && length == steps
    rows =
      isInBlocks && shape.isPlainLoad(shape.rowFactor)
      ? Self.lines(writer, count, at: start, ranges[1].loop.axes.last!, steps) : []
    panel =
      isPacked || !shape.isPlainLoad(shape.columnFactor)
      ? nil : Self.panel(writer, columns, row, count, ranges, at: start, steps)
    if rows.isEmpty && panel == nil { return nil }
  }

  /// Asks for what the next piece and the next panel read, a part for each place at which `steps`
  /// steps begin.
  func write(at place: AxisPlaces) {
    let builder = writer.builder
    if !rows.isEmpty {
      let first = writer.rowAddress(at: place, nextRow)
      for distance in rows {
        builder.prefetch(
          Address(first.memory, first.offset + Dimension(distance)), into: .first)
      }
    }
    guard let panel else { return }
    // Parts of a run follow each other as the steps do.
    var part = IndexExpression(0)
    for range in ranges {
      part = part * range.loop.extent + (place[range.loop.axes.last!] ?? IndexExpression(0))
    }
    let perLine = Self.lineBytes / writer.shape.columnElement.byteWidth
    let parts = part * Dimension(perLine * panel.linesAtOnce / steps)
    for run in panel.runs {
      for number in 0..<panel.linesAtOnce {
        let line = panel.first + parts + Dimension(number * perLine)
        builder.prefetch(Address(run.memory, run.offset + line), into: .second)
      }
    }
  }

  /// The lines that some rows take at some steps; none where they are too many or not near each
  /// other.
  private static func lines(
    _ writer: ContractionWriter, _ count: Int, at place: AxisPlaces, _ axis: Int, _ steps: Int
  ) -> [Int] {
    let perLine = lineBytes / writer.shape.rowElement.byteWidth
    let base = writer.rowAddress(at: place, IndexExpression(0)).offset
    var lines: [Int] = []
    for row in 0..<count {
      // A row's steps lie side by side or evenly apart.
      let distances = [0, steps - 1].map { step -> Int? in
        var place = place
        place[axis] = IndexExpression(Dimension(step))
        let offset = writer.rowAddress(at: place, IndexExpression(Dimension(row))).offset
        return (offset - base).constantValue?.constant
      }
      guard let first = distances[0], let last = distances[1], first <= last else { return [] }
      let apart = max(perLine, (last - first) / max(1, steps - 1))
      for distance in stride(from: first, through: last, by: apart) + [last] {
        let line = distance / perLine * perLine
        if lines.last != line { lines.append(line) }
      }
    }
    return lines.count <= mostLines ? lines : []
  }

  /// The next panel, where it lies line after line as the loops go and stays in the second cache
  /// beside this one.
  private static func panel(
    _ writer: ContractionWriter, _ columns: ContractionWriter.Columns, _ row: IndexExpression,
    _ count: Int, _ ranges: [LoopRange], at start: AxisPlaces, _ steps: Int
  ) -> Panel? {
    let shape = writer.shape
    let width = shape.columnElement.byteWidth
    let depth = ranges.reduce(1) { Dimension.saturatingProduct($0, $1.loop.bound) }
    let stepBytes = writer.block.columns * shape.width * width
    guard let pieces = writer.schedule.piecesInTile ?? writer.schedule.pieces?.count,
      pieces >= leastPieces, writer.schedule.depthBlock == nil,
      ranges.allSatisfy(\.loop.extent.isConstant),
      Dimension.saturatingProduct(depth, stepBytes) <= writer.schedule.target.level2Bytes / 4
    else { return nil }
    // Vectors side by side are one run.
    let length = writer.block.lanes * shape.width
    let base = writer.columnAddress(at: start, columns, vector: 0)
    func distance(_ vector: Int, _ place: AxisPlaces) -> Int? {
      let offset = writer.columnAddress(at: place, columns, vector: vector).offset
      return (offset - base.offset).constantValue?.constant
    }
    let isOneRun = (1..<columns.vectors).allSatisfy { distance($0, start) == $0 * length }
    var stride = isOneRun ? length * columns.vectors : length
    for range in ranges.reversed() {
      var place = start
      place[range.loop.axes.last!] = IndexExpression(1)
      if range.loop.bound > 1, distance(0, place) != stride { return nil }
      stride *= range.loop.bound
    }
    let lines = (stride * width + lineBytes - 1) / lineBytes
    let parts = max(1, depth / steps)
    let atOnce = (lines + parts * pieces - 1) / (parts * pieces)
    let turns = (lines + parts * atOnce - 1) / (parts * atOnce)
    let builder = writer.builder
    func number(_ value: Int) -> ValueIndex { builder.index(IndexExpression(Dimension(value))) }
    var first = IndexExpression(0)
    if turns > 1 {
      let piece = builder.define(
        .floorDivide(builder.index(row - writer.firstRow), number(count)), LaneType(.i64))
      let turn = builder.define(.floorRemainder(piece, number(turns)), LaneType(.i64))
      first = .scalar(turn) * Dimension(parts * atOnce * lineBytes / width)
    }
    let runs = (0..<(isOneRun ? 1 : columns.vectors)).map { vector in
      writer.columnAddress(at: start, columns, vector: vector, panelsAhead: 1)
    }
    return Panel(runs: runs, linesAtOnce: atOnce, first: first)
  }
}

extension ContractionShape {
  /// Whether a factor is one element of memory that is there at every step.
  fileprivate func isPlainLoad(_ factor: ScalarID) -> Bool {
    if case .load(_, let index, let guards, _) = reduction.program[factor] {
      return guards.isEmpty && index.allSatisfy(\.scalars.isEmpty)
    }
    return false
  }
}

extension ContractionWriter {
  /// Where a row's number, or tuple, lies at a step of depth.
  fileprivate func rowAddress(at place: AxisPlaces, _ row: IndexExpression) -> Address {
    var place = place
    place[rowAxis] = row
    if let tuple = shape.tuple { place = tuple.place(place, IndexExpression(0)) }
    return lowering(shape.reduction.program, at: place).address(of: shape.rowFactor)
  }
}
