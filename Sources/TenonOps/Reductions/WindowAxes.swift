import TenonGraph
import TenonTensor

/// Where windows lie over a tensor: for each axis the window's size, the step from one to the next,
/// the distance of neighbours inside (`dilations`), what is put between the tensor's elements
/// (`baseDilations`, 1 for nothing) and around it.
struct WindowAxes {
  var sizes: [Int]
  var strides: [Int]
  var baseDilations: [Int]
  var dilations: [Int]
  var padding: [[Int]]

  /// The sizes of the result.
  ///
  /// - Throws: `attribute`.
  func shape(_ site: InferenceSite, _ x: Shape) throws -> Shape {
    try site.require(
      [sizes.count, strides.count, baseDilations.count, dilations.count, padding.count]
        .allSatisfy { $0 == x.rank } && padding.allSatisfy { $0.count == 2 }, "attribute",
      "window, strides, dilations and padding need one entry for each of \(x.rank) axes")
    try site.require(
      (sizes + strides + baseDilations + dilations).allSatisfy { $0 > 0 }, "attribute",
      "window, strides and dilations must be at least 1")
    return Shape(x.indices.map { steps($0, x[$0]) })
  }

  private func steps(_ axis: Int, _ size: Dimension) -> Dimension {
    let spread = Pad.spread(size, baseDilations[axis] - 1)
    let reach = (sizes[axis] - 1) * dilations[axis] + 1
    let room = spread + Dimension(padding[axis][0] + padding[axis][1] - reach)
    let steps = room.floorDivided(by: Dimension(strides[axis])) + 1
    if let least = steps.range?.lowerBound, least >= 0 { return steps }
    return Dimension.maximum(steps, 0)
  }

  /// Where a window's element lies in the operand; nil where it is padding.
  func place(_ window: [Int], _ tap: [Int], in shape: [Int]) -> [Int]? {
    var place: [Int] = []
    for axis in window.indices {
      let at = window[axis] * strides[axis] + tap[axis] * dilations[axis] - padding[axis][0]
      let step = baseDilations[axis]
      guard at >= 0, at % step == 0, at / step < shape[axis] else { return nil }
      place.append(at / step)
    }
    return place
  }

  /// The same as expressions, with axes numbered windows first, then taps, and the guards under
  /// which the element is not padding.
  func index(_ windows: Shape, _ shape: Shape) -> (index: [IndexExpression], guards: [Guard]) {
    var guards: [Guard] = []
    let rank = sizes.count
    let extents: (Int) -> Dimension? = {
      $0 < rank ? windows[$0] : Dimension(self.sizes[$0 - rank])
    }
    let index = sizes.indices.map { axis -> IndexExpression in
      let at =
        IndexExpression.axis(axis) * Dimension(strides[axis])
        + IndexExpression.axis(rank + axis) * Dimension(dilations[axis])
        + Dimension(-padding[axis][0])
      let step = baseDilations[axis]
      if step > 1 {
        guards.append(.within(at, Pad.spread(shape[axis], step - 1)))
        guards.append(.multiple(at, of: step))
        return at.floorDivided(by: Dimension(step), extents: extents)
      }
      if !at.isWithin(shape[axis], extents: extents) { guards.append(.within(at, shape[axis])) }
      return at
    }
    return (index, guards)
  }
}
