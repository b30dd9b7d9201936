import TenonGraph
import TenonTensor

/// Reductions over few elements whose neighbours along the innermost axis are neighbours
/// everywhere: depthwise convolutions and pooling with channels innermost. The lanes lie along that
/// axis, and several indices of the next one (a row of pixels) are combined side by side in
/// registers, so that what they share is read once and no chain of additions is waited for.
struct WindowSchedule {
  let analysis: GroupAnalysis
  let target: Target
  let lanes: Int
  /// The loop whose indices lie side by side in registers.
  let rows: LoopAxis
  /// The loop of the lanes.
  let lane: LoopAxis
  /// The reduction loops; the last is written out.
  let window: [LoopAxis]
  let pieces: Pieces
  let grid: TileGrid

  /// Elements combined into one, at most, and those along the loop that is written out.
  static let most = 128
  static let mostWrittenOut = 8

  /// Nil where the group is no such reduction.
  init?(_ analysis: GroupAnalysis, target: Target, tileWork: Int) {
    guard analysis.stages.count == 1, let lane = analysis.sharedLoops.last,
      analysis.sharedLoops.count >= 2
    else { return nil }
    let stage = analysis.stages[0]
    guard let reduction = stage.compute.reduction, !reduction.isOrdered, !reduction.isProgram,
      let last = stage.reductionLoops.last, stage.reductionLoops.allSatisfy(\.extent.isConstant),
      (2...WindowSchedule.most).contains(stage.reductionBound),
      last.bound <= WindowSchedule.mostWrittenOut
    else { return nil }
    let rows = analysis.sharedLoops[analysis.sharedLoops.count - 2]
    guard let width = lane.extent.constant, width > 0 else { return nil }
    // Vectors of narrow elements may be longer than a block.
    let most = stage.compute.lanes(target)
    let lanes = most % width == 0 ? width : most
    guard lanes > 1, width % lanes == 0,
      let length = rows.extent.constant, length >= 2,
      stage.slides(along: rows, over: stage.reductionLoops, lane: lane.axes.last!)
    else { return nil }
    self.analysis = analysis
    self.target = target
    self.lanes = lanes
    self.rows = rows
    self.lane = lane
    window = stage.reductionLoops
    let values = reduction.values.count
    let room = max(1, (target.vectorRegisters - 4) / (2 * values))
    pieces = Pieces(count: length, most: min(8, room))
    let outer = Array(analysis.sharedLoops.dropLast(2))
    let cost = Dimension.saturatingProduct(stage.pointCost, length * width / lanes)
    grid = TileGrid(
      axes: TileGrid(outer, cost: cost, work: tileWork, multiple: 1).axes
        + [TileGrid.Axis(loop: rows, block: nil), TileGrid.Axis(loop: lane, block: nil)])
  }

  func schedule(parameters: [Symbol]) -> ScheduledKernel {
    let group = analysis.group
    let builder = KernelBuilder(
      parameters: parameters,
      buffers: group.inputs.map { Kernel.Buffer(element: $0.element, isOutput: false) }
        + group.outputs.map { Kernel.Buffer(element: $0.element, isOutput: true) })
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
  /// Whether all that the reduction loads lies side by side along the lanes or is the same in all,
  /// and some of it slides along `rows` within the window.
  fileprivate func slides(along rows: LoopAxis, over window: [LoopAxis], lane: Int) -> Bool {
    guard let reduction = compute.reduction, storesSideBySide(along: lane) else { return false }
    let program = reduction.program
    var isSliding = false
    for (place, isNeeded) in program.needed(for: reduction.values).enumerated() where isNeeded {
      let instruction = program.instructions[place]
      if instruction.guards.contains(where: { $0.expression.axes.contains(lane) }) { return false }
      guard case .load(let operand, let indices, _, _) = instruction else { continue }
      let offset = operands[operand].offset(indices).simplified(size)
      guard offset.scalars.isEmpty,
        !offset.axes.contains(lane) || offset.isSideBySide(along: lane)
      else { return false }
      isSliding =
        isSliding
        || offset.axes.contains(lane) && offset.axes.contains(rows.axes.last!)
          && window.contains { offset.axes.contains($0.axes.last!) }
    }
    return isSliding
  }
}
