import TenonGraph
import TenonTensor

/// Writes one tile of a contraction: a panel of columns for some rows.
struct ContractionWriter {
  let builder: KernelBuilder
  let schedule: ContractionSchedule
  /// Where the outer loops stand.
  let outer: AxisPlaces
  /// The row pieces of the tile.
  let rows: LoopRange
  /// The tile's panels.
  let panels: LoopRange

  var shape: ContractionShape { schedule.shape }
  var block: RegisterBlock { schedule.block }
  var stage: StageAnalysis { shape.stage }
  var rowAxis: Int { shape.rows.axes.last! }
  var vectorType: LaneType { LaneType(shape.element, lanes: block.lanes) }

  /// The columns that one way through the tile covers.
  struct Columns {
    /// The panel's variable.
    var panel: IndexExpression
    var vectors: Int
    /// How many lanes of each vector are real, where not all are.
    var counts: [ValueIndex?]
    /// The numbers of `counts`, where they are known.
    var known: [Int]?
  }

  func write() {
    let total = shape.columns.extent
    let copy = RowWriter(self)
    copy?.write()
    builder.loop(from: panels.lower, to: panels.upper) { panel in
      builder.bound(panel, below: panels.loop.extent)
      let full = Columns(
        panel: panel, vectors: block.vectors,
        counts: [ValueIndex?](repeating: nil, count: block.vectors),
        known: [Int](repeating: block.lanes, count: block.vectors))
      if let count = total.constant {
        let whole = count / block.columns
        let rest = count % block.columns
        if rest == 0 { return write(full, copy) }
        let vectors = (rest + block.lanes - 1) / block.lanes
        let known = (0..<vectors).map { min(block.lanes, rest - $0 * block.lanes) }
        let last = Columns(
          panel: panel, vectors: vectors,
          counts: known.map {
            $0 == block.lanes ? nil : builder.index(IndexExpression(Dimension($0)))
          }, known: known)
        if whole == 0 { return write(last, copy) }
        builder.conditional(isLess(panel, IndexExpression(Dimension(whole)))) {
          write(full, copy)
        } otherwise: {
          write(last, copy)
        }
      } else {
        let end = panel * Dimension(block.columns) + Dimension(block.columns - 1)
        builder.conditional(isLess(end, IndexExpression(total))) {
          write(full, copy)
        } otherwise: {
          let left = IndexExpression(total) - panel * Dimension(block.columns)
          let counts = (0..<block.vectors).map { vector -> ValueIndex? in
            let rest = builder.index(left - IndexExpression(Dimension(vector * block.lanes)))
            let least = builder.binary(.maximum, rest, builder.index(IndexExpression(0)))
            let most = builder.index(IndexExpression(Dimension(block.lanes)))
            return builder.binary(.minimum, least, most)
          }
          write(Columns(panel: panel, vectors: block.vectors, counts: counts, known: nil), copy)
        }
      }
    }
  }

  func isLess(_ a: IndexExpression, _ b: IndexExpression) -> ValueIndex {
    builder.define(.compare(.less, builder.index(a), builder.index(b)), LaneType(.bool))
  }

  private func write(_ columns: Columns, _ copy: RowWriter?) {
    let panels = PanelWriter(writer: self, columns: columns)
    let ranges = shape.depth.map { LoopRange($0) }
    guard let length = schedule.depthBlock else {
      let packed = panels.pack(ranges)
      forEachPiece { count, row in
        let sums = multiply(row, count, columns, ranges, packed, copy)
        finish(row, count, columns, sums)
      }
      return
    }
    // Sums of blocks of depth are added up in scratch memory.
    let sums = builder.scratch(
      shape.element, count: tileRows * block.columns, sharedAs: "sums")
    let base = firstRow
    func place(_ row: IndexExpression, _ vector: Int) -> Address {
      Address(
        sums, (row - base) * Dimension(block.columns) + Dimension(vector * block.lanes))
    }
    let zero = builder.splat(zero(shape.element), lanes: block.lanes)
    forEachPiece { count, row in
      builder.loop(to: IndexExpression(Dimension(count))) { number in
        for vector in 0..<columns.vectors { builder.store(place(row + number, vector), zero) }
      }
    }
    builder.loop(to: ranges[0].upper, step: length) { lower in
      var ranges = ranges
      ranges[0] = LoopRange(
        shape.depth[0], lower: lower,
        upper: builder.minimum(lower + Dimension(length), ranges[0].upper))
      let packed = panels.pack(ranges)
      forEachPiece { count, row in
        let partial = multiply(row, count, columns, ranges, packed, copy)
        forEachRow(count, kind: schedule.tiles == nil ? .unrolled : .serial) { number in
          for vector in 0..<columns.vectors {
            let target = place(row + number, vector)
            let sofar = builder.define(.load(target, count: nil, mask: nil, fill: nil), vectorType)
            builder.store(target, builder.binary(.add, sofar, partial(number, vector)))
          }
        }
      }
    }
    forEachPiece { count, row in
      builder.loop(to: IndexExpression(Dimension(count))) { number in
        finish(row + number, columns) { vector in
          builder.define(
            .load(place(row + number, vector), count: nil, mask: nil, fill: nil), vectorType)
        }
      }
    }
  }

  func zero(_ element: ElementType) -> ValueIndex {
    guard element.isFloat else { return builder.define(.integer(0), LaneType(element)) }
    let wide = builder.define(.float(0), LaneType(element.computeType))
    if element == element.computeType { return wide }
    return builder.define(.convert(wide), LaneType(element))
  }

  /// How many rows a tile can have.
  var tileRows: Int {
    let pieces = schedule.piecesInTile ?? schedule.pieces!.count
    return pieces * (schedule.pieces?.most ?? block.rows)
  }

  private var pieces: RowPieces {
    RowPieces(
      builder: builder, range: rows, pieces: schedule.pieces, most: block.rows,
      extent: shape.rows.extent)
  }

  /// The tile's first row.
  var firstRow: IndexExpression { pieces.first }

  /// `body` for each piece of the tile's rows, with its length and first row.
  func forEachPiece(_ body: (Int, IndexExpression) -> Void) { pieces.forEach(body) }

  /// `body` for each row of a piece, written out where nothing else is said.
  func forEachRow(
    _ count: Int, kind: Loop.Kind = .unrolled, _ body: (IndexExpression) -> Void
  ) {
    builder.loop(to: IndexExpression(Dimension(count)), kind: kind) { number in
      builder.bound(number, below: Dimension(count))
      body(number)
    }
  }

  /// A variable that stands for the lanes of a vector.
  func withLanes(_ lanes: Int? = nil, _ body: (IndexExpression) -> Void) {
    builder.loop(to: IndexExpression(1), kind: .unrolled) { lane in
      builder.bound(lane, below: Dimension(lanes ?? block.lanes))
      body(lane)
    }
  }

  /// The place of a vector of the panel.
  func place(
    _ place: AxisPlaces, _ columns: Columns, _ vector: Int, _ lane: IndexExpression
  ) -> AxisPlaces {
    setColumn(
      columns.panel * Dimension(block.columns) + lane + Dimension(vector * block.lanes), in: place)
  }

  /// `place` at a column.
  func setColumn(_ column: IndexExpression, in place: AxisPlaces) -> AxisPlaces {
    var place = place
    var rest = column
    for (number, part) in shape.columnParts.enumerated().reversed() {
      if number == 0 {
        place[part.axes.last!] = rest
      } else {
        place[part.axes.last!] = rest.remainder(by: part.extent, extents: extents)
        rest = rest.floorDivided(by: part.extent, extents: extents)
      }
    }
    return place
  }

  /// Sizes of loops.
  func extents(_ variable: Int) -> Dimension? {
    variable == 0 ? schedule.grid.tiles : builder.extent(variable)
  }

  func lowering(_ program: ScalarProgram, at place: AxisPlaces) -> ProgramLowering {
    ProgramLowering(
      builder: builder, program: program, operands: stage.operands,
      axis: { place[$0] ?? IndexExpression(0) },
      extents: extents)
  }

  func lowering(
    _ program: ScalarProgram, at place: AxisPlaces, _ columns: Columns, _ vector: Int,
    _ lane: IndexExpression
  ) -> ProgramLowering {
    var lowering = lowering(program, at: self.place(place, columns, vector, lane))
    lowering.vectorVariable = lane.singleAxis
    lowering.lanes = block.lanes
    lowering.count = columns.counts[vector]
    return lowering
  }

  /// Sums of products in registers; the sum of a row and a vector is read by what is returned.
  private func multiply(
    _ row: IndexExpression, _ count: Int, _ columns: Columns, _ ranges: [LoopRange],
    _ packed: PanelWriter.Packed?, _ copy: RowWriter?
  ) -> (IndexExpression, Int) -> ValueIndex {
    if let tiles = schedule.tiles {
      return multiplyTiles(tiles, row, count, columns, ranges, packed, copy)
    }
    let ranges =
      packed == nil || shape.tuple != nil
      ? ranges : shape.merged(ranges, rowsAreCopied: copy != nil)
    let product = RegisterProduct(
      builder: builder, type: vectorType, rows: count, vectors: columns.vectors,
      factors: LaneType(shape.columnElement, lanes: block.lanes * shape.width),
      rowElement: shape.rowElement)
    let ahead = ContractionPrefetch(
      self, columns, row: row, count: count, ranges, isCopied: copy != nil,
      isPacked: packed != nil)
    var sums: RegisterProduct.Sums?
    withLanes { lane in
      withLanes(shape.width) { number in
        sums = product.sums { body in
          depthLoops(ranges[...], at: outer, ahead, body)
        } column: { place, vector in
          columnFactor(at: place, columns, vector, lane, packed)
        } row: { place, step in
          var place = place
          place[rowAxis] = row + step
          return rowFactor(at: place, number, copy)
        }
      }
    }
    return sums!
  }

  /// A vector of the column factor: numbers, or tuples of them.
  private func columnFactor(
    at place: AxisPlaces, _ columns: Columns, _ vector: Int, _ lane: IndexExpression,
    _ packed: PanelWriter.Packed?
  ) -> ValueIndex {
    let type = LaneType(shape.columnElement, lanes: block.lanes * shape.width)
    if let packed {
      return builder.define(
        .load(packed.address(place, vector), count: nil, mask: nil, fill: nil), type)
    }
    guard shape.tuple != nil else {
      var lowering = lowering(shape.reduction.program, at: place, columns, vector, lane)
      return lowering.lowerWide([shape.columnFactor])[0]
    }
    let address = columnAddress(at: place, columns, vector: vector)
    return builder.define(.load(address, count: nil, mask: nil, fill: nil), type)
  }

  /// Where a vector of a column factor that is one load begins, in the panel or one after it.
  func columnAddress(
    at place: AxisPlaces, _ columns: Columns, vector: Int, panelsAhead: Int = 0
  ) -> Address {
    let panel = columns.panel + Dimension(panelsAhead)
    let first = setColumn(
      panel * Dimension(block.columns) + Dimension(vector * block.lanes),
      in: shape.tuple?.place(place, IndexExpression(0)) ?? place)
    return lowering(shape.reduction.program, at: first).address(of: shape.columnFactor)
  }

  /// One number of the row factor, or one tuple, whose numbers `number` stands for.
  private func rowFactor(
    at place: AxisPlaces, _ number: IndexExpression, _ copy: RowWriter?
  ) -> ValueIndex {
    if let copy {
      return builder.define(
        .load(copy.address(place[rowAxis]!, at: place), count: nil, mask: nil, fill: nil),
        LaneType(shape.rowElement, lanes: shape.width))
    }
    guard let tuple = shape.tuple else {
      var lowering = lowering(shape.reduction.program, at: place)
      return lowering.lower([shape.rowFactor])[0]
    }
    var lowering = lowering(shape.reduction.program, at: tuple.place(place, number))
    lowering.vectorVariable = number.singleAxis
    lowering.lanes = tuple.width
    return lowering.lowerWide([shape.rowFactor])[0]
  }

  /// How often the first of some loops over the depth is written out: the innermost four times, or
  /// whole where its steps are few and no multiple of four, and those around it then as well, while
  /// few steps are written in all.
  private func copies(of ranges: ArraySlice<LoopRange>) -> Int {
    guard let size = ranges.first?.loop.extent.constant else { return ranges.count == 1 ? 4 : 1 }
    if ranges.count == 1 { return size <= 8 && size % 4 != 0 ? size : 4 }
    let inside = ranges.dropFirst().reduce(1) {
      Dimension.saturatingProduct($0, $1.loop.bound)
    }
    let isWhole = ranges.indices.dropFirst().allSatisfy { place in
      copies(of: ranges[place...]) == ranges[place].loop.bound
    }
    return isWhole && Dimension.saturatingProduct(size, inside) <= Self.mostWrittenOut ? size : 1
  }

  /// Steps over the depth that are written out at most.
  private static let mostWrittenOut = 16

  /// Loops over the depth; the innermost one goes in parts of as many steps as are prefetched at
  /// once.
  private func depthLoops(
    _ ranges: ArraySlice<LoopRange>, at place: AxisPlaces, _ ahead: ContractionPrefetch?,
    _ body: (AxisPlaces) -> Void
  ) {
    guard let range = ranges.first else { return body(place) }
    func loop(
      _ lower: IndexExpression, _ upper: IndexExpression, step: Int = 1, copies: Int = 1,
      _ inside: (AxisPlaces) -> Void
    ) {
      builder.loop(from: lower, to: upper, step: step, copies: copies) { index in
        var place = place
        place[range.loop.axes.last!] = index
        builder.bound(index, below: range.loop.extent)
        inside(place)
      }
    }
    let copies = copies(of: ranges)
    guard ranges.count == 1 else {
      return loop(range.lower, range.upper, copies: copies) {
        depthLoops(ranges.dropFirst(), at: $0, ahead, body)
      }
    }
    guard let ahead else { return loop(range.lower, range.upper, copies: copies, body) }
    if range.loop.extent == Dimension(ahead.steps) {
      var first = place
      first[ahead.axis] = range.lower
      ahead.write(at: first)
      return loop(range.lower, range.upper, copies: copies, body)
    }
    let end = range.lower + builder.wholeSteps(range.upper - range.lower, ahead.steps)
    loop(range.lower, end, step: ahead.steps) { place in
      ahead.write(at: place)
      let first = place[ahead.axis]!
      loop(first, first + Dimension(ahead.steps), copies: 4, body)
    }
    if end != range.upper { loop(end, range.upper, copies: 4, body) }
  }
}
