import TenonGraph
import TenonTensor

/// Convolutions with windows of 3 x 3 by Winograd's F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms
/// for Convolutional Neural Networks", 2016): Y = Aᵀ [Σ (G g Gᵀ) ⊙ (Bᵀ d B)] A for tiles of 4 x 4
/// results. The inputs of some tiles are transformed into scratch memory; then, for each panel of
/// output channels, 36 matrix products, their transform, and what follows the sums.
///
/// Cuts and the order of sums depend on sizes and target alone.
struct WinogradSchedule {
  let analysis: GroupAnalysis
  let shape: WinogradShape
  let blocks: WinogradBlocks
  let grid: TileGrid

  /// Nil where the group is no such convolution, or its filters are not transformed.
  init?(_ analysis: GroupAnalysis, target: Target) {
    guard analysis.stages.count == 1,
      let shape = WinogradShape(analysis.stages[0], target: target),
      case .stages(let stages) = analysis.group.body,
      case .input(let input) = stages[0].operands[shape.filters]
    else { return nil }
    let blocks = WinogradBlocks(shape, target: target)
    guard analysis.group.inputs[input] == TransformedFilters(shape, blocks).type else {
      return nil
    }
    self.analysis = analysis
    self.shape = shape
    self.blocks = blocks
    let panels = shape.outputChannels / blocks.block.columns
    func axis(_ count: Int, _ axis: Int, _ block: Int) -> TileGrid.Axis {
      TileGrid.Axis(
        loop: LoopAxis(extent: Dimension(count), axes: [axis]), block: block >= count ? nil : block)
    }
    grid = TileGrid(axes: [
      axis(blocks.pieces.count, WinogradShape.row, blocks.piecesAtOnce),
      axis(panels, WinogradShape.outputBlock, blocks.panelsAtOnce),
    ])
  }

  func schedule(parameters: [Symbol]) -> ScheduledKernel {
    let group = analysis.group
    let builder = KernelBuilder(
      parameters: parameters,
      buffers: group.buffers())
    WinogradWriter(builder: builder, schedule: self).write()
    return ScheduledKernel(
      kernel: builder.finish(tiles: grid.tiles), description: description,
      hasUniformTiles: grid.isUniform && blocks.pieces.short == 0)
  }
}

extension WinogradSchedule: CustomStringConvertible {
  /// `Winograd F(4x4, 3x3); tiles 7 x 1 of 2 x 2; blocks of 14 tiles x 2 vectors of 16 lanes`.
  var description: String {
    let pieces = blocks.pieces
    let rows = pieces.short > 0 ? "\(pieces.most - 1) or \(pieces.most)" : "\(pieces.most)"
    return "Winograd F(4x4, 3x3); \(grid); blocks of \(rows) tiles x \(blocks.block.vectors) "
      + "vectors of \(blocks.block.lanes) lanes"
  }
}
