import TenonGraph
import TenonTensor

/// Reductions over few elements whose neighbours along the innermost axis are neighbours
/// everywhere: depthwise convolutions and pooling, with channels innermost or with pixels. The lanes
/// lie along that axis, and several indices of the next one (pixels of a row, or rows) are combined
/// side by side in registers, so that what they share is read once and no chain of additions is
/// waited for.
struct WindowSchedule {
  let analysis: GroupAnalysis
  let target: Target
  let lanes: Int
  /// The loop whose indices lie side by side in registers.
  let rows: LoopAxis
  /// The loop of the lanes.
  let lane: LoopAxis
  /// The reduction loops; the last, along which the windows of neighbours overlap, is written out.
  let window: [LoopAxis]
  let pieces: Pieces
  let lanePieces: [LanePiece]
  let grid: TileGrid

  /// Elements combined into one, at most, and those along the loop that is written out.
  static let most = 128
  static let mostWrittenOut = 8
  /// Tiles at least, where lanes are left over or masked: such windows have no other threads.
  static let leastTiles = 8

  /// Vectors along the loop of the lanes.
  struct LanePiece: Hashable {
    var start: Int
    var vectors: Int
    /// The lanes that are real, where not all are.
    var count: Int?
  }

  /// Nil where the group is no such reduction.
  init?(_ analysis: GroupAnalysis, target: Target, tileWork: Int) {
    guard analysis.stages.count == 1, let lane = analysis.sharedLoops.last,
      analysis.sharedLoops.count >= 2
    else { return nil }
    let stage = analysis.stages[0]
    guard let reduction = stage.compute.reduction, !reduction.isOrdered, !reduction.isProgram,
      stage.reductionLoops.allSatisfy(\.extent.isConstant),
      (2...WindowSchedule.most).contains(stage.reductionBound)
    else { return nil }
    let rows = analysis.sharedLoops[analysis.sharedLoops.count - 2]
    guard let width = lane.extent.constant, width > 0 else { return nil }
    // Vectors of narrow elements may be longer than a block.
    let most = stage.compute.lanes(target)
    let lanes = most % width == 0 ? width : most
    guard lanes > 1, let length = rows.extent.constant, length >= 2,
      let sliding = stage.sliding(along: rows, over: stage.reductionLoops, lane: lane.axes.last!),
      sliding.bound <= WindowSchedule.mostWrittenOut
    else { return nil }
    self.analysis = analysis
    self.target = target
    self.lanes = lanes
    self.rows = rows
    self.lane = lane
    window = stage.reductionLoops.filter { $0 != sliding } + [sliding]
    let isMasked = stage.reductionGuards.contains { $0.expression.axes.contains(lane.axes.last!) }
    lanePieces = WindowSchedule.lanePieces(width, lanes: lanes, isMasked: isMasked)
    let values = reduction.values.count
    let room = max(1, (target.vectorRegisters - 4) / (2 * values))
    pieces = Pieces(count: length, most: min(8, room))
    let outer = Array(analysis.sharedLoops.dropLast(2))
    if isMasked || width % lanes != 0 {
      let tiles = outer.reduce(1) { Dimension.saturatingProduct($0, $1.bound) }
      guard tiles >= WindowSchedule.leastTiles else { return nil }
    }
    let cost = Dimension.saturatingProduct(stage.pointCost, length * width / lanes)
    grid = TileGrid(
      axes: TileGrid(outer, cost: cost, work: tileWork, multiple: 1).axes
        + [TileGrid.Axis(loop: rows, block: nil), TileGrid.Axis(loop: lane, block: nil)])
  }

  /// Whole vectors, then what is left. Where guards follow the lanes, the first and the last vector
  /// stand alone, so that guards certainly hold in those between.
  private static func lanePieces(_ width: Int, lanes: Int, isMasked: Bool) -> [LanePiece] {
    let (whole, rest) = width.quotientAndRemainder(dividingBy: lanes)
    let edge = isMasked ? 1 : 0
    let last = rest == 0 ? edge : 0
    let between = whole - edge - last
    var pieces: [LanePiece] = []
    func add(_ vectors: Int) {
      if vectors < 1 { return }
      let start = pieces.reduce(0) { $0 + $1.vectors } * lanes
      pieces.append(LanePiece(start: start, vectors: vectors))
    }
    if between < 0 {
      add(whole)
    } else {
      add(edge)
      add(between)
      add(last)
    }
    if rest > 0 { pieces.append(LanePiece(start: whole * lanes, vectors: 1, count: rest)) }
    return pieces
  }

  func schedule(parameters: [Symbol]) -> ScheduledKernel {
    let group = analysis.group
    let builder = KernelBuilder(
      parameters: parameters,
      buffers: group.buffers())
    let ranges = grid.ranges(of: .axis(0), in: builder)
    let stage = StageWriter(
      builder: builder, stage: analysis.stages[0], choice: .parallel(lanes: lanes),
      tiles: grid.tiles)
    let writer = WindowWriter(schedule: self, writer: stage)
    loops(ranges.dropLast(2)[...], at: [:], in: builder) { writer.write(at: $0) }
    return ScheduledKernel(
      kernel: builder.finish(tiles: grid.tiles), description: description,
      hasUniformTiles: grid.isUniform)
  }
}

extension WindowSchedule: CustomStringConvertible {
  /// `tiles 4 x 28 of 1 x 2; 8 windows side by side of 16 lanes`.
  var description: String {
    let count = pieces.short > 0 ? "\(pieces.most - 1) or \(pieces.most)" : "\(pieces.most)"
    return "\(grid); \(count) windows side by side of \(lanes) lanes"
  }
}

extension StageAnalysis {
  /// The guards of what the reduction combines.
  var reductionGuards: [Guard] {
    guard let reduction = compute.reduction else { return [] }
    return reduction.program.needed(for: reduction.values).enumerated().flatMap {
      $1 ? reduction.program.instructions[$0].guards : []
    }
  }

  /// The loop of `window` along which windows at neighbours along `rows` overlap, where all that the
  /// reduction loads lies side by side along the lanes or is the same in all; else nil.
  fileprivate func sliding(along rows: LoopAxis, over window: [LoopAxis], lane: Int) -> LoopAxis? {
    guard let reduction = compute.reduction, storesSideBySide(along: lane) else { return nil }
    for condition in reductionGuards where condition.expression.axes.contains(lane) {
      guard case .within = condition else { return nil }
    }
    let program = reduction.program
    var found: (loop: LoopAxis, ratio: Int)?
    for (place, isNeeded) in program.needed(for: reduction.values).enumerated() where isNeeded {
      guard case .load(let operand, let indices, _, _) = program.instructions[place] else {
        continue
      }
      let offset = operands[operand].offset(indices).simplified(size)
      guard offset.scalars.isEmpty,
        !offset.axes.contains(lane) || offset.isSideBySide(along: lane)
      else { return nil }
      guard offset.axes.contains(lane), offset.axes.contains(rows.axes.last!) else { continue }
      // That which moves about as far as a step along the rows.
      let step = offset.coefficient(ofAxis: rows.axes.last!).constant ?? 0
      for loop in window.reversed() where offset.axes.contains(loop.axes.last!) {
        let move = offset.coefficient(ofAxis: loop.axes.last!).constant ?? 0
        let ratio = step > 0 && move > 0 ? max(step / move, move / step) : Int.max
        if ratio < found?.ratio ?? Int.max || found == nil { found = (loop, ratio) }
      }
    }
    return found?.loop
  }
}
