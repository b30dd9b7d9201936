import TenonGraph
import TenonTensor

/// How a contraction's kernel reads its row factor.
enum RowSource: Hashable {
  /// One number after the other from where the factor lies.
  case direct
  /// From a copy of the tile's rows, for it is read once for each panel of the tile.
  case copied(panels: Int)

  /// - Parameter request: what is asked for, where rows can be read in more than one way.
  init(
    _ shape: ContractionShape, block: RegisterBlock, panels: Int, isWhole: Bool,
    request: ContractionChoice? = nil, tiles: TileBlock? = nil
  ) {
    if shape.tuple != nil {
      let isDirect = tiles.map { $0.rowStride != nil } ?? shape.rowsLieInTuples
      self =
        isDirect ? .direct : .copied(panels: request?.panels ?? min(panels, 8))
      return
    }
    if let request {
      self = request.panels.map { .copied(panels: min(panels, $0)) } ?? .direct
      return
    }
    guard isWhole else {
      self = .direct
      return
    }
    let program = shape.reduction.program
    let needed = program.needed(for: [shape.rowFactor])
    var isPlain = true
    for (place, instruction) in program.instructions.enumerated() where needed[place] {
      if case .load(_, _, let guards, _) = instruction, guards.isEmpty { continue }
      isPlain = false
    }
    let isWorthIt = panels > 1 && shape.rows.bound >= 4 && shape.depthBound >= 16
    self =
      isWorthIt && !isPlain ? .copied(panels: min(panels, 8)) : .direct
  }

  /// Panels of one tile.
  var panels: Int {
    if case .copied(let panels) = self { panels } else { 1 }
  }
}

/// Writes the copy of a tile's rows of the row factor: for each row, the steps of depth side by
/// side.
struct RowWriter {
  let writer: ContractionWriter
  let memory: Memory
  /// Elements from one row to the next.
  let stride: Int
  var builder: KernelBuilder { writer.builder }

  /// The copy, nil where rows are read where they lie.
  init?(_ writer: ContractionWriter) {
    guard writer.schedule.rowSource != .direct else { return nil }
    self.writer = writer
    // An odd number of cache lines more than the depth keeps rows apart in the cache.
    let shape = writer.shape
    let line = 64 / shape.rowElement.byteWidth
    let depth = shape.depth.reduce(shape.width) { Dimension.saturatingProduct($0, $1.bound) }
    let lines = (depth + line - 1) / line
    stride = (lines + (lines % 2 == 0 ? 1 : 2)) * line
    // Tiles may read a row past the last.
    let rows = writer.tileRows + (writer.schedule.tiles == nil ? 0 : 1)
    memory = writer.builder.scratch(
      shape.rowElement, count: rows * stride, sharedAs: "rows")
  }

  /// Where a row's number, or tuple, at a step of depth lies.
  func address(_ row: IndexExpression, at place: AxisPlaces) -> Address {
    Address(memory, (row - writer.firstRow) * Dimension(stride) + step(place))
  }

  private func step(_ place: AxisPlaces) -> IndexExpression {
    rowMajorOffset(
      writer.shape.depth.map { place[$0.axes.last!] ?? IndexExpression(0) },
      writer.shape.depth.map(\.extent)) * Dimension(writer.shape.width)
  }

  func write() {
    let shape = writer.shape
    let lanes = writer.block.lanes
    writer.forEachPiece { count, row in
      builder.loop(to: IndexExpression(Dimension(count))) { number in
        builder.bound(number, below: Dimension(count))
        var place = writer.outer
        place[writer.rowAxis] = row + number
        if let tuple = shape.tuple { return tuples(row + number, at: place, tuple) }
        loops(shape.depth.dropLast().map { LoopRange($0) }[...], at: place, in: builder) { place in
          let last = LoopRange(shape.depth.last!)
          builder.vectorLoop(last, lanes: lanes, unrolling: 1) { index, _, count in
            var place = place
            place[last.loop.axes.last!] = index
            var lowering = writer.lowering(shape.reduction.program, at: place)
            lowering.vectorVariable = index.singleAxis
            lowering.lanes = lanes
            lowering.count = count
            let value = lowering.lowerWide([shape.rowFactor])[0]
            builder.store(address(row + number, at: place), value, count: count)
          }
        }
      }
    }
  }

  /// One row in tuples, the last of each loop over them filled with zeros.
  private func tuples(_ row: IndexExpression, at place: AxisPlaces, _ tuple: ProductTuple) {
    let shape = writer.shape
    let lanes =
      writer.block.lanes * (tuple.loop.bound < writer.block.lanes * tuple.width ? 1 : tuple.width)
    loops(shape.depth.dropLast().map { LoopRange($0) }[...], at: place, in: builder) { place in
      var place = place
      if tuple.rest > 0 {
        place[tuple.axis] = IndexExpression(Dimension(tuple.count - 1))
        let zero = writer.zero(shape.rowElement)
        builder.store(address(row, at: place), builder.splat(zero, lanes: tuple.width))
      }
      place[tuple.axis] = IndexExpression(0)
      let first = address(row, at: place)
      if let lanes = blockLanes(tuple) {
        return builder.loop(to: IndexExpression(Dimension(tuple.loop.bound / lanes))) { block in
          builder.bound(block, below: Dimension(tuple.loop.bound / lanes))
          writer.withLanes(lanes) { lane in
            let index = block * Dimension(lanes) + lane
            place[tuple.axis] = index
            var lowering = writer.lowering(shape.reduction.program, at: place)
            lowering.vectorVariable = lane.singleAxis
            lowering.lanes = lanes
            let value = lowering.lowerWide([shape.rowFactor])[0]
            builder.store(Address(first.memory, first.offset + index), value)
          }
        }
      }
      builder.vectorLoop(LoopRange(tuple.loop), lanes: lanes, unrolling: 1) { index, _, count in
        place[tuple.axis] = index
        var lowering = writer.lowering(shape.reduction.program, at: place)
        lowering.vectorVariable = index.singleAxis
        lowering.lanes = lanes
        lowering.count = count
        let value = lowering.lowerWide([shape.rowFactor])[0]
        builder.store(Address(first.memory, first.offset + index), value, count: count)
      }
    }
  }

  /// The most lanes for whose whole vectors a row's numbers lie side by side; nil where they do not,
  /// or some are left over.
  private func blockLanes(_ tuple: ProductTuple) -> Int? {
    let shape = writer.shape
    return [tuple.width, 2, 1].map { $0 * writer.block.lanes }.first {
      tuple.loop.bound % $0 == 0
        && shape.stage.isSideBySide(tuple.row, along: tuple.axis, blocksOf: $0)
    }
  }
}
