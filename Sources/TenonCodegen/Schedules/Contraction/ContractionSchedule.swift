import TenonGraph
import TenonTensor

/// Blocks of results in registers, whole panels of columns at a time, for contractions: one panel
/// of the column factor is packed where it does not lie well, and all rows of a tile go over it.
struct ContractionSchedule {
  let analysis: GroupAnalysis
  let target: Target
  let shape: ContractionShape
  let block: RegisterBlock
  /// How the column factor's panel is read.
  let panel: PanelSource
  let rowSource: RowSource
  /// How blocks are made in tiles; nil where they are made in registers.
  let tiles: TileBlock?
  /// Indices of the outermost depth loop that are summed in registers at once; nil for all.
  let depthBlock: Int?
  let grid: TileGrid
  /// Whether tiles go through all rows of a panel before the next one.
  let isByPanel: Bool
  /// Rows of one piece, where their number is known when compiled.
  let pieces: Pieces?
  /// What of this was free to choose, and what was chosen.
  let choice: ContractionChoice
  /// Whether the choice is the one that the group asks for.
  let isRequested: Bool

  /// Nil where the group is no contraction. Cut as the group asks for, where that fits, and else as
  /// the cost model finds best.
  ///
  /// - Parameter packsAhead: whether panels may be asked for that the kernel would not make.
  init?(_ analysis: GroupAnalysis, target: Target, tileWork: Int, packsAhead: Bool = false) {
    guard analysis.stages.count == 1,
      let shape = ContractionShape(
        analysis.stages[0], loops: analysis.sharedLoops, target: target)
    else { return nil }
    self.analysis = analysis
    self.target = target
    self.shape = shape
    let lanes = target.lanes(byteWidth: shape.element.byteWidth)
    guard lanes > 1 else { return nil }
    var request = analysis.group.request?.choice
    var tiles = TileBlock(shape, target: target)
    if let asked = request {
      if tiles.map({ asked.isMade(in: $0) }) != true { tiles = nil }
      if !asked.fits(shape, lanes: lanes, target, mostRows: tiles?.rows) { request = nil }
    }
    isRequested = request != nil
    var block =
      request.map { RegisterBlock(rows: $0.rows, vectors: $0.vectors, lanes: lanes) }
      ?? RegisterBlock(
        rows: shape.rows.bound, columns: shape.columns.bound, mostRows: shape.rowsInCache,
        lanes: lanes, target: target, products: shape.productCost(target))
    if request == nil, let tiles { block = tiles.block }
    self.block = block
    let rows = shape.rows.extent.constant
    pieces = rows.map { Pieces(count: $0, most: block.rows) }
    let rowPieces = pieces?.count ?? (shape.rows.bound + block.rows - 1) / block.rows
    panel = PanelSource(shape, block: block, rowPieces: rowPieces)
    // One row gains nothing from panels that are made for it.
    guard !shape.isOneRow || panel == .direct || packsAhead else { return nil }
    if panel == .direct, tiles?.columnStride == nil { tiles = nil }
    self.tiles = tiles
    if let request {
      depthBlock = request.depth
    } else {
      depthBlock = ContractionSchedule.depthBlock(
        shape, block, target, multiple: shape.depth.count == 1 ? tiles?.tuples ?? 1 : 1)
    }
    let panels = (shape.columns.bound + block.columns - 1) / block.columns
    rowSource = RowSource(
      shape, block: block, panels: panels, isWhole: depthBlock == nil, request: request,
      tiles: tiles)
    let bytes = block.rows * shape.depthBound * shape.rowElement.byteWidth
    isByPanel = ContractionSchedule.isByPanel(shape, block, target)
    let length =
      request?.pieces
      ?? ContractionSchedule.tileLength(
        shape, block, rowPieces, panel, rowSource, tiles?.products ?? shape.productCost(target),
        tileWork,
        room: max(1, target.level2Bytes / 3 / max(1, bytes)))
    grid = ContractionSchedule.grid(
      shape, block, rowPieces, rowSource, isKnown: rows != nil, isByPanel: isByPanel,
      length: length)
    choice = ContractionChoice(
      rows: pieces?.most ?? block.rows, vectors: block.vectors,
      pieces: min(length, max(1, rowPieces)), depth: depthBlock,
      panels: rowSource == .direct ? nil : rowSource.panels)
  }

  /// The tile's row pieces and panels.
  func split(_ ranges: [LoopRange]) -> (outer: [LoopRange], rows: LoopRange, panels: LoopRange) {
    let (rows, panels) = (ranges[rowPlace], ranges[panelPlace])
    let outer = ranges.indices.filter { $0 != rowPlace && $0 != panelPlace }.map { ranges[$0] }
    return (outer, rows, panels)
  }

  private var rowPlace: Int { grid.axes.count - (isByPanel ? 1 : 2) }
  private var panelPlace: Int { isByPanel ? 0 : grid.axes.count - 1 }

  /// Row pieces of one tile; nil where they are all.
  var piecesInTile: Int? { grid.axes[rowPlace].block }

  /// A column factor that is larger than the second cache is read once for each index of the outer
  /// loops, or the row factor once for each panel: what is less.
  private static func isByPanel(
    _ shape: ContractionShape, _ block: RegisterBlock, _ target: Target
  ) -> Bool {
    let columnBytes = shape.columnElement.byteWidth
    let bytes = Dimension.saturatingProduct(shape.columns.bound * columnBytes, shape.depthBound)
    return !shape.outer.isEmpty && bytes > target.level2Bytes / 2
      && shape.rows.bound * shape.rowElement.byteWidth < block.columns * columnBytes
  }

  /// A panel of a packed or blocked factor that is walked again and again should stay in the
  /// second cache.
  private static func depthBlock(
    _ shape: ContractionShape, _ block: RegisterBlock, _ target: Target, multiple: Int
  ) -> Int? {
    guard let first = shape.depth.first, !shape.isOneRow else { return nil }
    let inner = shape.depth.dropFirst().reduce(shape.width) {
      Dimension.saturatingProduct($0, $1.bound)
    }
    let bytes = block.columns * shape.columnElement.byteWidth
    let room = max(1, target.level2Bytes / 2 / bytes)
    guard shape.depthBound > room else { return nil }
    let length = max(1, room / max(1, inner))
    if length >= first.bound { return nil }
    // Blocks of about equal length.
    let blocks = (first.bound + length - 1) / length
    return ((first.bound + blocks - 1) / blocks + multiple - 1) / multiple * multiple
  }

  /// Row pieces of one tile.
  private static func tileLength(
    _ shape: ContractionShape, _ block: RegisterBlock, _ rowPieces: Int, _ panel: PanelSource,
    _ rowSource: RowSource, _ cost: ProductCost, _ tileWork: Int, room: Int
  ) -> Int {
    let panels = (shape.columns.bound + block.columns - 1) / block.columns
    let outer = shape.outer.reduce(1) { Dimension.saturatingProduct($0, max(1, $1.bound)) }
    // Enough tiles to share among threads, each with enough rows for the panel's sake and enough
    // work for its own.
    let groups = (panels + rowSource.panels - 1) / rowSource.panels
    let tiles = max(1, Dimension.saturatingProduct(groups, outer))
    let products = Double(shape.depthBound / shape.width) * cost.cyclesPerProduct
    let results = Double(shape.stage.compute.program.cost) / 3
    let cycles = Double(block.rows * block.vectors * rowSource.panels) * (products + results)
    let reuse = rowSource != .direct ? 1 : panel == .direct ? 4 : 8
    func chunks(tiles wanted: Int, ofCycles work: Int) -> Int {
      let least = max(reuse, Int((Double(work) / max(1, cycles)).rounded(.up)))
      return min((wanted + tiles - 1) / tiles, rowPieces / least)
    }
    // More and more tiles gain less and less.
    let chunks = max(
      1, chunks(tiles: 12, ofCycles: tileWork), chunks(tiles: 32, ofCycles: 4 * tileWork))
    let length = (rowPieces + chunks - 1) / chunks
    // Copied rows stay in the second cache.
    return rowSource == .direct ? length : min(length, room)
  }

  /// Tiles: an index of each outer loop, some row pieces, one panel of columns.
  private static func grid(
    _ shape: ContractionShape, _ block: RegisterBlock, _ rowPieces: Int, _ rowSource: RowSource,
    isKnown: Bool, isByPanel: Bool, length: Int
  ) -> TileGrid {
    var axes = shape.outer.map { TileGrid.Axis(loop: $0, block: 1) }
    // Rows are counted in pieces.
    let pieces = LoopAxis(
      extent: isKnown
        ? Dimension(rowPieces) : shape.rows.extent.ceilingDivided(by: Dimension(block.rows)),
      axes: shape.rows.axes)
    axes.append(TileGrid.Axis(loop: pieces, block: isKnown && length >= rowPieces ? nil : length))
    let panelLoop = LoopAxis(
      extent: shape.columns.extent.ceilingDivided(by: Dimension(block.columns)),
      axes: shape.columns.axes)
    let panelAxis = TileGrid.Axis(loop: panelLoop, block: rowSource.panels)
    axes.insert(panelAxis, at: isByPanel ? 0 : axes.count)
    return TileGrid(axes: axes)
  }

  func schedule(parameters: [Symbol]) -> ScheduledKernel {
    let group = analysis.group
    let builder = KernelBuilder(
      parameters: parameters,
      buffers: group.buffers())
    let ranges = grid.ranges(of: .axis(0), in: builder)
    var place: AxisPlaces = [:]
    let (outer, rows, panels) = split(ranges)
    for (loop, range) in zip(shape.outer, outer) { place[loop.axes.last!] = range.lower }
    let writer = ContractionWriter(
      builder: builder, schedule: self, outer: place, rows: rows, panels: panels)
    writer.write()
    let kernel = builder.finish(tiles: grid.tiles)
    let origin = group.request.map { request in
      isRequested
        ? "; \(request.origin)"
        : "; from the cost model: the timings' \"\(request.choice)\" does not fit this kernel"
    }
    return ScheduledKernel(
      kernel: kernel, description: description + (origin ?? ""), hasUniformTiles: grid.isUniform)
  }
}

extension ContractionSchedule: CustomStringConvertible {
  /// `tiles 4 x 12 of 10 x 1; blocks of 14 rows x 2 vectors of 16 lanes; packed panels`.
  var description: String {
    let rows = pieces.map { $0.short > 0 ? "\($0.most - 1) or \($0.most)" : "\($0.most)" }
    return "\(grid); blocks of \(rows ?? "\(block.rows)") rows x \(block.vectors) vectors of "
      + "\(block.lanes) lanes; \(panel)"
      + (shape.tuple.map { "; dot products of \($0.width)" } ?? "")
      + (tiles.map { "; \($0)" } ?? "")
      + (rowSource == .direct ? "" : "; copied rows") + (isByPanel ? "; panel by panel" : "")
      + (depthBlock.map { "; depth in blocks of \($0)" } ?? "")
  }
}
