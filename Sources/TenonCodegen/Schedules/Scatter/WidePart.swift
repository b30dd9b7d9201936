import TenonGraph
import TenonTensor

/// A tile's part of a destination in scratch memory, row-major, with room for the largest tile.
struct WidePart {
  /// By destination axis, how many indices there is room for. Of merged axes the last has all.
  private let extents: [Int]

  init(_ shape: ScatterShape, _ grid: TileGrid) {
    extents = (0..<shape.rank).map { axis in
      guard let cut = grid.axes.first(where: { $0.loop.axes.contains(axis) }) else {
        return max(0, shape.scatter.bounds[axis].upperBound ?? 0)
      }
      return cut.loop.axes.last == axis ? min(cut.block ?? cut.loop.bound, cut.loop.bound) : 1
    }
  }

  /// Elements.
  var count: Int { extents.reduce(1, Dimension.saturatingProduct) }

  /// The place of an element, where a tile covers `ranges`.
  func offset(_ indices: [IndexExpression], from ranges: [LoopRange]) -> IndexExpression {
    let inside = indices.enumerated().map { axis, index in
      let range = ranges.first { $0.loop.axes.last == axis }
      return range.map { index - $0.lower } ?? index
    }
    return rowMajorOffset(inside, extents.map { Dimension($0) })
  }
}
