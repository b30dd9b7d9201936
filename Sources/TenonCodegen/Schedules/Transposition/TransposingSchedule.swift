import TenonGraph
import TenonTensor

/// Elementwise work on operands that lie the other way round than the results: squares of elements
/// are read along one axis, turned in registers, and written along the other.
struct TransposingSchedule {
  let analysis: GroupAnalysis
  let target: Target
  let transposition: LaneTransposition
  let grid: TileGrid

  /// Indices of one tile along the lanes' and the memory's axis, at most.
  static let block = 128

  /// Nil where no operand lies the other way round, or an axis has too few indices.
  init?(_ analysis: GroupAnalysis, target: Target, tileWork: Int) {
    guard analysis.stages.count == 1, analysis.stages[0].compute.reduction == nil,
      let last = analysis.sharedLoops.last
    else { return nil }
    let stage = analysis.stages[0]
    let lanes = min(stage.compute.lanes(target), LaneTransposition.mostLanes)
    let laneAxis = last.axes.last!
    guard last.bound >= lanes, stage.storesSideBySide(along: laneAxis) else { return nil }
    let found = analysis.sharedLoops.dropLast().reversed().lazy.compactMap { loop in
      loop.bound < lanes
        ? nil
        : LaneTransposition(
          stage, stage.compute.program, wanted: stage.compute.results, laneAxis: laneAxis,
          memoryAxis: loop.axes.last!, lanes: lanes)
    }.first
    guard let found else { return nil }
    self.analysis = analysis
    self.target = target
    transposition = found
    // The tile is cut along both axes, and holds as many indices of the others as its work allows.
    let most = max(lanes, min(Self.block, tileWork) / lanes * lanes)
    var work = tileWork
    func axis(_ loop: LoopAxis, _ block: Int) -> TileGrid.Axis {
      work = max(1, work / max(1, min(block, loop.bound)))
      let isWhole = loop.extent.isConstant && loop.bound <= block
      return TileGrid.Axis(loop: loop, block: isWhole ? nil : block)
    }
    func isOfSquare(_ loop: LoopAxis) -> Bool {
      [laneAxis, found.memoryAxis].contains(loop.axes.last!)
    }
    let squares = analysis.sharedLoops.filter(isOfSquare).map { axis($0, most) }
    let others = analysis.sharedLoops.filter { !isOfSquare($0) }.reversed().map { axis($0, work) }
    grid = TileGrid(
      axes: analysis.sharedLoops.map { loop in (squares + others).first { $0.loop == loop }! })
  }

  func schedule(parameters: [Symbol]) -> ScheduledKernel {
    let group = analysis.group
    let builder = KernelBuilder(
      parameters: parameters,
      buffers: group.buffers())
    let lanes = transposition.lanes
    let writer = StageWriter(
      builder: builder, stage: analysis.stages[0], choice: .parallel(lanes: lanes),
      tiles: grid.tiles)
    let ranges = grid.ranges(of: .axis(0), in: builder)
    let memory = ranges.first { $0.loop.axes.last == transposition.memoryAxis }!
    let lane = ranges.last!
    let others = ranges.dropLast().filter { $0.loop != memory.loop }
    loops(others[...], at: [:], in: builder) { place in
      let (squares, rows) = split(memory, builder)
      let (whole, columns) = split(lane, builder)
      if let squares, let whole {
        builder.loop(from: squares.lower, to: squares.upper, step: lanes) { first in
          builder.bound(first, below: memory.loop.extent)
          builder.loop(from: whole.lower, to: whole.upper, step: lanes) { variable in
            builder.bound(variable, below: lane.loop.extent)
            writeSquare(at: place, first, variable, writer)
          }
        }
      }
      // What is left at the end of either axis, one element after the other.
      if let squares, let columns { writer.write(over: [squares, columns], at: place) }
      if let rows { writer.write(over: [rows, lane], at: place) }
    }
    return ScheduledKernel(
      kernel: builder.finish(tiles: grid.tiles),
      description: "\(grid); squares of \(lanes) turned in registers",
      hasUniformTiles: grid.isUniform)
  }

  /// The part of a range that is whole squares, and the rest; nil for what is certainly empty.
  private func split(
    _ range: LoopRange, _ builder: KernelBuilder
  ) -> (whole: LoopRange?, rest: LoopRange?) {
    let lanes = transposition.lanes
    if range.loop.extent.remainder(dividingBy: Dimension(lanes)) == 0 { return (range, nil) }
    let length = range.upper - range.lower
    let count: IndexExpression
    if let number = length.constantValue?.constant {
      count = IndexExpression(Dimension(number / lanes * lanes))
    } else {
      let squares = builder.define(
        .floorDivide(
          builder.index(length), builder.index(IndexExpression(Dimension(lanes)))),
        LaneType(.i64))
      count = .scalar(squares) * Dimension(lanes)
    }
    let middle = range.lower + count
    return (
      LoopRange(range.loop, lower: range.lower, upper: middle),
      LoopRange(range.loop, lower: middle, upper: range.upper)
    )
  }

  private func writeSquare(
    at place: AxisPlaces, _ first: IndexExpression, _ variable: IndexExpression,
    _ writer: StageWriter
  ) {
    var place = place
    place[transposition.laneAxis] = variable
    place[transposition.memoryAxis] = first
    let loaded = transposition.write(at: place, writer)
    let lanes = StageWriter.Lanes(
      variable: variable.singleAxis, lanes: transposition.lanes, count: nil, vectors: 1)
    for (index, values) in loaded.enumerated() {
      place[transposition.memoryAxis] = first + Dimension(index)
      writer.writePoint(at: place, lanes, loaded: values)
    }
  }
}
