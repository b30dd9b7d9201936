import TenonGraph
import TenonTensor

/// How the shared loops of a kernel are cut into tiles. It depends on sizes and target alone.
struct TileGrid: Hashable {
  struct Axis: Hashable {
    var loop: LoopAxis
    /// Indices of one tile along the axis; all of them where nil.
    var block: Int?

    /// How many tiles lie along the axis.
    var count: Dimension {
      block.map { loop.extent.ceilingDivided(by: Dimension($0)) } ?? 1
    }
  }

  var axes: [Axis]

  init(axes: [Axis]) { self.axes = axes }

  /// The number of tiles; none where an axis is empty.
  var tiles: Dimension {
    axes.reduce(1) { $0 * $1.count }
  }

  /// True where every tile has the same number of indices.
  var isUniform: Bool {
    axes.allSatisfy { axis in
      guard let block = axis.block else { return true }
      return axis.loop.extent.remainder(dividingBy: Dimension(block)) == 0
    }
  }

  /// Cuts `loops`, the innermost first, until a tile does about `work` units, where one index of
  /// all of them costs `cost`. Blocks of the last loop are multiples of `multiple`.
  init(_ loops: [LoopAxis], cost: Int, work: Int, multiple: Int) {
    axes = []
    var cost = max(1, cost)
    for (number, loop) in loops.enumerated().reversed() {
      let wanted = max(1, work / cost)
      let unit = number == loops.count - 1 ? multiple : 1
      let block = max(unit, wanted / unit * unit)
      if block >= loop.bound, loop.extent.isConstant, loop.bound > 0 {
        axes.append(Axis(loop: loop, block: nil))
      } else {
        axes.append(Axis(loop: loop, block: block))
      }
      cost = Dimension.saturatingProduct(cost, min(max(1, loop.bound), block))
    }
    axes.reverse()
  }
}

/// The part of a loop that one piece of a kernel runs over.
struct LoopRange {
  var loop: LoopAxis
  var lower: IndexExpression
  var upper: IndexExpression

  /// The whole loop.
  init(_ loop: LoopAxis) {
    self.loop = loop
    lower = IndexExpression(0)
    upper = IndexExpression(loop.extent)
  }

  init(_ loop: LoopAxis, lower: IndexExpression, upper: IndexExpression) {
    self.loop = loop
    self.lower = lower
    self.upper = upper
  }
}

extension TileGrid {
  /// The ranges that the tile with the number `tile` covers.
  func ranges(of tile: IndexExpression, in builder: KernelBuilder) -> [LoopRange] {
    var ranges: [LoopRange] = []
    var before = tile
    let cut = axes.filter { $0.block != nil }.count
    var seen = 0
    for axis in axes.reversed() {
      guard let block = axis.block else {
        ranges.append(LoopRange(axis.loop))
        continue
      }
      seen += 1
      let known: (Int) -> Dimension? = { $0 == 0 ? self.tiles : nil }
      let place = seen == cut ? before : before.remainder(by: axis.count, extents: known)
      before = before.floorDivided(by: axis.count, extents: known)
      let lower = place * Dimension(block)
      let divides = axis.loop.extent.remainder(dividingBy: Dimension(block)) == 0
      let upper =
        divides
        ? lower + Dimension(block)
        : builder.minimum(lower + Dimension(block), IndexExpression(axis.loop.extent))
      ranges.append(LoopRange(axis.loop, lower: lower, upper: upper))
    }
    return ranges.reversed()
  }
}

extension TileGrid: CustomStringConvertible {
  /// `tiles 4 x 12 of 14 x 2`.
  var description: String {
    let cut = axes.filter { $0.block != nil }
    if cut.isEmpty { return "1 tile" }
    return "tiles " + cut.map { $0.count.description }.joined(separator: " x ") + " of "
      + cut.map { "\($0.block!)" }.joined(separator: " x ")
  }
}
