import TenonGraph
import TenonTensor

/// softmax(scale · Q Kᵀ + mask) V for some query rows at a time: their scores of a block of
/// positions are in the first cache, and what is so far summed is scaled down where a later block
/// has a larger score (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018;
/// Dao et al., "FlashAttention", NeurIPS 2022).
///
/// The order of all sums depends on sizes and target alone.
struct AttentionSchedule {
  let group: KernelGroup
  let attention: Attention
  /// The type in which sums are made.
  let element: ElementType
  /// Rows of queries by vectors of positions.
  let block: RegisterBlock
  /// Vectors of a value's columns that are summed at once.
  let valueVectors: Int
  /// Positions whose scores are kept at once: whole vectors of a block.
  let positionsAtOnce: Int
  let grid: TileGrid
  /// Rows of one piece, where their number is known when compiled.
  let pieces: Pieces?

  /// Why there is no such kernel; nil where there is one.
  static func refusal(_ group: KernelGroup, _ attention: Attention) -> String? {
    if attention.hasPast { return "attention that joins earlier positions" }
    let (query, value) = (group.inputs[0], group.inputs[2])
    guard query.shape[3].isConstant, value.shape[3].isConstant else {
      return "attention of a depth that is not known"
    }
    return nil
  }

  init(group: KernelGroup, attention: Attention, target: Target) {
    self.group = group
    self.attention = attention
    element = group.inputs[0].element.computeType
    let (query, key, value) = (group.inputs[0].shape, group.inputs[1].shape, group.inputs[2].shape)
    func bound(_ size: Dimension) -> Int { max(1, size.upperBound ?? 1) }
    let lanes = target.lanes(byteWidth: element.byteWidth)
    let (rows, positions) = (bound(query[2]), bound(key[2]))
    var block = RegisterBlock(rows: rows, columns: positions, lanes: lanes, target: target)
    block.vectors = min(block.vectors, (positions + lanes - 1) / lanes)
    pieces = query[2].constant.map { Pieces(count: $0, most: block.rows) }
    if let pieces { block.rows = max(1, pieces.most) }
    self.block = block
    // As many vectors of values as there is room for, in about equal parts.
    let wide = max(1, (bound(value[3]) + lanes - 1) / lanes)
    let room = max(1, (target.vectorRegisters - 1) / (block.rows + 1))
    let parts = (wide + room - 1) / room
    valueVectors = (wide + parts - 1) / parts
    // The scores of a piece stay in the first cache beside what is read with them.
    let most = max(
      1, target.level1Bytes * 7 / 8 / (block.rows * block.columns * element.byteWidth))
    let panels = (positions + block.columns - 1) / block.columns
    let blocks = (panels + most - 1) / most
    positionsAtOnce = (panels + blocks - 1) / blocks * block.columns
    grid = AttentionSchedule.grid(
      query, key, rowsAtOnce: block.rows, pieces: pieces,
      mostRows: blocks > 1 ? max(block.rows, 256) : .max)
  }

  /// Tiles: a batch, a group of heads that read the same keys, some of its heads, some rows.
  private static func grid(
    _ query: Shape, _ key: Shape, rowsAtOnce: Int, pieces: Pieces?, mostRows: Int
  ) -> TileGrid {
    let heads = query[1].floorDivided(by: key[1])
    let bounds = [query[0], key[1]].map { max(1, $0.upperBound ?? 1) }
    let tiles = Dimension.saturatingProduct(bounds[0], bounds[1])
    let rowPieces =
      pieces?.count ?? (max(1, query[2].upperBound ?? 1) + rowsAtOnce - 1) / rowsAtOnce
    // Heads that share keys share their copy too, where tiles are enough without them.
    let splitsHeads = heads != 1 && tiles < 8
    let all = splitsHeads ? tiles * max(1, heads.upperBound ?? 1) : tiles
    let chunks = max(1, min((16 + all - 1) / all, rowPieces / 4))
    let length = max(1, min((rowPieces + chunks - 1) / chunks, mostRows / rowsAtOnce))
    let extent =
      pieces.map { Dimension($0.count) } ?? query[2].ceilingDivided(by: Dimension(rowsAtOnce))
    return TileGrid(axes: [
      TileGrid.Axis(loop: LoopAxis(extent: query[0], axes: [0]), block: 1),
      TileGrid.Axis(loop: LoopAxis(extent: key[1], axes: [1]), block: 1),
      TileGrid.Axis(
        loop: LoopAxis(extent: heads, axes: [2]), block: splitsHeads ? 1 : nil),
      TileGrid.Axis(
        loop: LoopAxis(extent: extent, axes: [3]),
        block: pieces != nil && length >= rowPieces ? nil : length),
    ])
  }

  /// Whether all positions' scores are kept at once.
  var isWhole: Bool { positionsAtOnce >= (group.inputs[1].shape[2].upperBound ?? 0) }

  func schedule(parameters: [Symbol]) -> ScheduledKernel {
    let builder = KernelBuilder(
      parameters: parameters,
      buffers: group.buffers())
    AttentionWriter(builder: builder, schedule: self).write()
    return ScheduledKernel(
      kernel: builder.finish(tiles: grid.tiles), description: description,
      hasUniformTiles: grid.isUniform && !attention.isCausal)
  }
}

extension AttentionSchedule: CustomStringConvertible {
  /// `attention; tiles 12 of 1; blocks of 12 or 13 rows x 2 vectors of 16 lanes; positions at once`.
  var description: String {
    let rows = pieces.map { $0.short > 0 ? "\($0.most - 1) or \($0.most)" : "\($0.most)" }
    return "attention; \(grid); blocks of \(rows ?? "\(block.rows)") rows x \(block.vectors) "
      + "vectors of \(block.lanes) lanes, \(valueVectors) of values; "
      + (isWhole ? "positions at once" : "positions in blocks of \(positionsAtOnce)")
  }
}
