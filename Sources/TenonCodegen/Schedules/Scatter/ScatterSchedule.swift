import TenonGraph
import TenonTensor

/// Updates combined into a destination one after the other: a copy of a tile's part of the
/// destination, unless it is in place, then all updates that fall into it, ascending.
///
/// Tiles are cut along free axes, where every tile has the same updates at other indices; without
/// one, along an axis that updates choose, and each tile takes those that are its own.
struct ScatterSchedule {
  let group: KernelGroup
  let scatter: Scatter
  let target: Target
  let tileWork: Int

  /// The most tiles that each look through all updates.
  static let mostCuts = 16
  /// The most bytes of a tile's part of the destinations that are kept wider than they are stored.
  static let mostWideBytes = 8 << 20

  /// Sums and products of narrow floats are kept in f32 and rounded once, where a tile's part is not
  /// too large.
  private var isNarrow: Bool {
    guard scatter.combiner == .sum || scatter.combiner == .product else { return false }
    return group.outputs[0].element.isNarrowFloat
  }

  func schedule(parameters: [Symbol]) -> ScheduledKernel {
    let builder = KernelBuilder(
      parameters: parameters,
      buffers: group.buffers())
    let shape = ScatterShape(group, scatter)
    let elements = group.outputs.map(\.element)
    let inner = shape.freeLoops.indices.filter { !shape.choosesPlace[$0] }
    // Where the wide part lies does not change along which axis elements are side by side.
    let sketch = shape.step(
      elements, accumulators: elements.map { isNarrow ? $0.computeType : $0 })
    let choice = VectorChoice(
      StageAnalysis(
        sketch, sharedAxes: shape.rank,
        operands: results(at: nil) + updates(shape, at: IndexExpression(0)),
        results: results(at: nil)),
      parallel: inner.last.map { shape.freeLoops[$0] }, target: target)
    let grid = grid(shape, sketch, choice)
    let part = WidePart(shape, grid)
    let isWide =
      isNarrow
      && Dimension.saturatingProduct(part.count, 4 * scatter.count) <= Self.mostWideBytes
    let compute =
      isNarrow && !isWide ? shape.step(elements, accumulators: elements) : sketch
    let writer = ScatterWriter(
      schedule: self, shape: shape, builder: builder, compute: compute, choice: choice, grid: grid)
    if isWide { writer.write(through: part) } else { writer.write() }
    let kernel = builder.finish(tiles: grid.tiles)
    let cut = shape.freeLoops.isEmpty ? "updates looked through" : "free axes"
    return ScheduledKernel(
      kernel: kernel, description: "scatter; \(grid); \(cut); \(choice)",
      hasUniformTiles: grid.isUniform)
  }

  private func grid(_ shape: ScatterShape, _ compute: Compute, _ choice: VectorChoice) -> TileGrid {
    let updateCost = compute.program.cost + scatter.program.cost + 4
    if shape.freeLoops.isEmpty {
      guard let axis = shape.cutAxis else { return TileGrid(axes: []) }
      let loop = LoopAxis(extent: scatter.bounds[axis], axes: [axis])
      let work = shape.copiedBound / max(1, tileWork)
      let most = min(Self.mostCuts, max(1, shape.copiedBound / max(1, shape.updateBound)))
      let cuts = max(1, min(loop.bound, work + 1, most))
      return TileGrid(axes: [
        TileGrid.Axis(loop: loop, block: cuts == 1 ? nil : (loop.bound + cuts - 1) / cuts)
      ])
    }
    let updates = Dimension.saturatingProduct(shape.updateBound, updateCost)
    let cost = (min(shape.copiedBound, .max / 4) + min(updates, .max / 4)) / choice.lanes
    return TileGrid(
      shape.freeLoops, cost: cost, work: tileWork,
      multiple: shape.choosesPlace.last == false
        ? choice.lanes * min(StageWriter.unrolling, max(1, tileWork / choice.lanes)) : 1)
  }

  /// Where the updates lie, by destination index; `base` is the offset that other loops choose.
  func updates(_ shape: ScatterShape, at base: IndexExpression) -> [OperandAccess] {
    (0..<scatter.count).map { number -> OperandAccess in
      let type = group.inputs[scatter.count + 1 + number]
      return OperandAccess(memory: .buffer(scatter.count + 1 + number), element: type.element) {
        place in
        let own = shape.number.map { $0 < shape.rank ? place[$0] : IndexExpression(0) }
        return type.offset(own) + base
      }
    }
  }

  /// Where the results lie.
  func results(at base: IndexExpression?) -> [OperandAccess] {
    (0..<scatter.count).map { number in
      let type = group.outputs[number]
      return OperandAccess(memory: .buffer(group.inputs.count + number), element: type.element) {
        type.offset($0) + (base ?? IndexExpression(0))
      }
    }
  }
}
