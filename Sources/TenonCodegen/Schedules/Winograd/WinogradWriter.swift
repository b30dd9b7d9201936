import TenonGraph
import TenonTensor

/// Writes one tile of work of a convolution by Winograd's algorithm: some image tiles, which are
/// the rows of the products, and some panels of output channels.
struct WinogradWriter {
  let builder: KernelBuilder
  let schedule: WinogradSchedule
  let rows: RowPieces
  let panels: LoopRange
  /// By point and image tile, the transformed inputs of all channels.
  let inputs: Memory
  /// By point and image tile, the products for a panel of output channels.
  let products: Memory
  /// The sums of one image tile for a panel, by row and column of the results.
  let sums: Memory

  var shape: WinogradShape { schedule.shape }
  var block: RegisterBlock { schedule.blocks.block }
  var lanes: Int { block.lanes }
  var vectorType: LaneType { LaneType(.f32, lanes: lanes) }

  // An odd number of cache lines from one tile to the next, and one line more from one point to the
  // next, keep them apart in the cache.
  private static let line = 16
  var inputStride: Int {
    let lines = (shape.inputChannels + Self.line - 1) / Self.line
    return (lines % 2 == 0 ? lines + 1 : lines) * Self.line
  }
  var inputPointStride: Int { schedule.blocks.tilesAtOnce * inputStride + Self.line }
  var productPointStride: Int { schedule.blocks.tilesAtOnce * block.columns + Self.line }

  init(builder: KernelBuilder, schedule: WinogradSchedule) {
    self.builder = builder
    self.schedule = schedule
    let ranges = schedule.grid.ranges(of: .axis(0), in: builder)
    panels = ranges[1]
    let (shape, blocks) = (schedule.shape, schedule.blocks)
    rows = RowPieces(
      builder: builder, range: ranges[0], pieces: blocks.pieces, most: blocks.block.rows,
      extent: Dimension(shape.tiles))
    let points = WinogradShape.points
    let lines = (shape.inputChannels + Self.line - 1) / Self.line
    let stride = (lines % 2 == 0 ? lines + 1 : lines) * Self.line
    inputs = builder.scratch(.f32, count: points * (blocks.tilesAtOnce * stride + Self.line))
    products = builder.scratch(
      .f32, count: points * (blocks.tilesAtOnce * blocks.block.columns + Self.line))
    sums = builder.scratch(
      .f32, count: WinogradShape.results * WinogradShape.results * blocks.block.columns)
  }

  func write() {
    forEachTile { transformInputs($0) }
    builder.loop(from: panels.lower, to: panels.upper) { panel in
      builder.bound(panel, below: panels.loop.extent)
      multiply(panel)
      forEachTile { finish($0, panel) }
    }
  }

  /// An image tile: its number among all, and where its results begin.
  struct Tile {
    var number: IndexExpression
    var place: AxisPlaces
  }

  private func forEachTile(_ body: (Tile) -> Void) {
    builder.loop(from: rows.first, to: rows.end) { tile in
      builder.bound(tile, below: rows.extent)
      let (perImage, perRow) = (shape.tileRows * shape.tileColumns, shape.tileColumns)
      func size(_ number: Int) -> ValueIndex {
        builder.index(IndexExpression(Dimension(number)))
      }
      func quotient(_ value: IndexExpression, _ by: Int) -> IndexExpression {
        .scalar(
          builder.define(.floorDivide(builder.index(value), size(by)), LaneType(.i64)))
      }
      let image = quotient(tile, perImage)
      let inImage = tile - image * Dimension(perImage)
      let row = quotient(inImage, perRow)
      let column = inImage - row * Dimension(perRow)
      let results = Dimension(WinogradShape.results)
      // Each as one number.
      func one(_ value: IndexExpression) -> IndexExpression { .scalar(builder.index(value)) }
      body(
        Tile(
          number: tile,
          place: [
            WinogradShape.batch: image, WinogradShape.row: one(row * results),
            WinogradShape.column: one(column * results),
          ]))
    }
  }

  /// The number of a tile among those at hand.
  private func ownNumber(_ tile: IndexExpression) -> IndexExpression { tile - rows.first }

  /// Where the transformed input of a tile's channel lies.
  func inputAddress(
    _ point: IndexExpression, _ tile: IndexExpression, _ channel: IndexExpression
  ) -> Address {
    Address(
      inputs,
      point * Dimension(inputPointStride) + ownNumber(tile) * Dimension(inputStride) + channel)
  }

  func productAddress(
    _ point: IndexExpression, _ tile: IndexExpression, _ vector: Int
  ) -> Address {
    Address(
      products,
      point * Dimension(productPointStride) + ownNumber(tile) * Dimension(block.columns)
        + Dimension(vector * lanes))
  }

  /// The products of all points for a panel.
  private func multiply(_ panel: IndexExpression) {
    let (points, depth) = (Dimension(WinogradShape.points), Dimension(shape.inputChannels))
    let columns = Dimension(block.columns)
    let filters = shape.stage.operands[shape.filters].memory
    let length = WinogradBlocks.chain
    let isWhole = shape.inputChannels <= length
    builder.loop(to: IndexExpression(points)) { point in
      builder.bound(point, below: points)
      builder.loop(to: IndexExpression(depth), step: length) { first in
        builder.bound(first, below: depth)
        let end = builder.minimum(first + Dimension(length), IndexExpression(depth))
        rows.forEach { count, tile in
          let product = RegisterProduct(
            builder: builder, type: vectorType, rows: count, vectors: block.vectors)
          let sums = product.sums { body in
            builder.loop(from: isWhole ? IndexExpression(0) : first, to: end, copies: 4) {
              builder.bound($0, below: depth)
              body([WinogradShape.inputLane: $0])
            }
          } column: { place, vector in
            let step = (panel * points + point) * depth + place[WinogradShape.inputLane]!
            return load(Address(filters, step * columns + Dimension(vector * lanes)))
          } row: { place, number in
            builder.define(
              .load(
                inputAddress(point, tile + number, place[WinogradShape.inputLane]!), count: nil,
                mask: nil, fill: nil), LaneType(.f32))
          }
          func keep(isFirst: Bool) {
            product.forEachRow { number in
              for vector in 0..<block.vectors {
                let address = productAddress(point, tile + number, vector)
                let sum = sums(number, vector)
                builder.store(address, isFirst ? sum : builder.binary(.add, load(address), sum))
              }
            }
          }
          if isWhole { return keep(isFirst: true) }
          let start = builder.index(first)
          let zero = builder.index(IndexExpression(0))
          let isFirst = builder.define(.compare(.equal, start, zero), LaneType(.bool))
          builder.conditional(isFirst) {
            keep(isFirst: true)
          } otherwise: {
            keep(isFirst: false)
          }
        }
      }
    }
  }

  // MARK: Values

  func extents(_ variable: Int) -> Dimension? {
    variable == 0 ? schedule.grid.tiles : builder.extent(variable)
  }

  func load(_ address: Address) -> ValueIndex {
    builder.define(.load(address, count: nil, mask: nil, fill: nil), vectorType)
  }

  /// A variable that stands for the lanes of a vector.
  func withLanes(_ body: (IndexExpression) -> Void) {
    builder.loop(to: IndexExpression(1), kind: .unrolled) { lane in
      builder.bound(lane, below: Dimension(lanes))
      body(lane)
    }
  }

  func lowering(
    _ program: ScalarProgram, at place: AxisPlaces, lane: IndexExpression
  ) -> ProgramLowering {
    var lowering = ProgramLowering(
      builder: builder, program: program, operands: shape.stage.operands,
      axis: { place[$0] ?? IndexExpression(0) }, extents: extents)
    lowering.vectorVariable = lane.singleAxis
    lowering.lanes = lanes
    return lowering
  }
}
