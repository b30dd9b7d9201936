import TenonGraph
import TenonTensor

/// What of a convolution by Winograd's algorithm is computed together.
struct WinogradBlocks: Hashable {
  /// Products that are summed one after the other: sums of longer chains, whose errors the
  /// transform of the results makes larger, are sums of such sums.
  static let chain = 32

  /// Rows are tiles, columns are output channels.
  var block: RegisterBlock
  /// All tiles in pieces whose products are in registers at once.
  var pieces: Pieces
  /// Pieces whose transformed inputs are kept at once.
  var piecesAtOnce: Int
  /// Panels of output channels for one transform of inputs.
  var panelsAtOnce: Int

  init(_ shape: WinogradShape, target: Target) {
    let (lanes, outputs) = (shape.lanes, shape.outputChannels)
    var block = RegisterBlock(
      rows: shape.tiles, columns: outputs, lanes: lanes, target: target)
    if outputs % block.columns != 0 {
      block.vectors = outputs / lanes % 2 == 0 ? 2 : 1
      block.rows = max(1, min(14, (target.vectorRegisters - 1 - block.vectors) / block.vectors))
    }
    pieces = Pieces(count: shape.tiles, most: block.rows)
    block.rows = pieces.most
    self.block = block
    // Inputs and one panel's products of so many tiles stay in the second cache.
    let bytes = WinogradShape.points * 4 * (shape.inputChannels + block.columns)
    let fitting = max(1, target.level2Bytes * 3 / 4 / (bytes * block.rows))
    // Weights beyond the cache are read once for a block of tiles: then it is a large one.
    let weights = WinogradShape.points * 4 * shape.inputChannels * outputs
    let least = weights > target.level2Bytes ? max(1, 48 / block.rows) : 1
    let atOnce = min(pieces.count, max(fitting, least))
    let blocks = (pieces.count + atOnce - 1) / atOnce
    piecesAtOnce = (pieces.count + blocks - 1) / blocks
    // Enough tiles of work to share among threads.
    let panels = outputs / block.columns
    let groups = min(panels, max(1, (8 + blocks - 1) / blocks))
    panelsAtOnce = (panels + groups - 1) / groups
  }

  /// Tiles whose transformed inputs are kept at once, at most.
  var tilesAtOnce: Int { piecesAtOnce * block.rows }
}
