import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `GridSample`: an image read at places given from -1 to 1, the last axis of the image first.
  static let gridSample = ONNXOperator("GridSample", since: [16, 20, 22]) { node in
    try GridSampling(node).record()
  }
}

/// One `GridSample` node.
private struct GridSampling {
  let node: ONNXNode
  let x: Value
  let grid: Value
  /// The number of spatial axes.
  let rank: Int
  let mode: String
  let padding: String
  let alignsCorners: Bool
  /// The type that places and sums have.
  let wide: ElementType

  init(_ node: ONNXNode) throws {
    self.node = node
    (x, grid) = (try node.input(0), try node.input(1))
    rank = x.rank - 2
    try node.require(
      rank > 0 && grid.rank == x.rank && grid.shape[grid.rank - 1] == Dimension(rank),
      "the grid must have the rank of the image and \(rank) numbers for each place")
    mode = try node.string("mode", default: node.version < 20 ? "bilinear" : "linear")
    padding = try node.string("padding_mode", default: "zeros")
    try node.require(
      ["nearest", "linear", "bilinear", "cubic", "bicubic"].contains(mode),
      "mode must be nearest, linear or cubic, not \(mode)")
    try node.require(
      ["zeros", "border", "reflection"].contains(padding),
      "padding_mode must be zeros, border or reflection, not \(padding)")
    alignsCorners = try node.flag("align_corners")
    wide = x.elementType == .f64 || grid.elementType == .f64 ? .f64 : .f32
  }

  /// One element that is read along an axis, and its weight (none counts as 1).
  private struct Tap {
    var place: Value
    var weight: Value?
    /// Where there is such an element, if there may be none.
    var isInside: Value?
  }

  func record() throws -> Value {
    let taps = try (0..<rank).map(taps)
    let isExact = mode == "nearest"
    let image = isExact ? x : try convert(x, to: wide)
    var total: Value?
    var choice = [Int](repeating: 0, count: rank)
    repeat {
      let part = try read(image, (0..<rank).map { taps[$0][choice[$0]] })
      total = try total.map { try $0 + part } ?? part
    } while advance(&choice, taps.map(\.count))
    return try convert(total!, to: x.elementType)
  }

  private func advance(_ choice: inout [Int], _ counts: [Int]) -> Bool {
    for axis in choice.indices.reversed() {
      choice[axis] += 1
      if choice[axis] < counts[axis] { return true }
      choice[axis] = 0
    }
    return false
  }

  private var shape: Shape { Shape(Array(grid.shape.dimensions.dropLast())) }

  /// A size as numbers of the grid's shape.
  private func size(_ axis: Int) throws -> Value {
    try TenonOps.broadcast(node.graph.size(x.shape[2 + axis], wide), to: shape)
  }

  private func taps(_ axis: Int) throws -> [Tap] {
    let size = try size(axis)
    let part = try slice(
      convert(grid, to: wide), axis: rank + 1, from: Dimension(rank - 1 - axis),
      to: Dimension(rank - axis))
    let given = try reshape(part, shape)
    var place =
      try alignsCorners ? (given + 1) * 0.5 * (size - 1) : ((given + 1) * size - 1) * 0.5
    if mode == "nearest" { place = try round(place) }
    let least = try alignsCorners ? size * 0 : size * 0 - 0.5
    let greatest = try alignsCorners ? size - 1 : size - 0.5
    if padding == "border" {
      let isOutside = try or(less(place, least), greater(place, greatest))
      place = try select(isOutside, minimum(maximum(place, 0), size - 1), place)
    } else if padding == "reflection" {
      place = try reflected(place, least, greatest)
    }
    if mode == "nearest" { return [try tap(place, nil, size, least, greatest)] }
    let base = try floor(place)
    let ratio = try place - base
    if mode.hasSuffix("linear") {
      return [
        try tap(base, 1 - ratio, size, least, greatest),
        try tap(base + 1, ratio, size, least, greatest),
      ]
    }
    return try (-1...2).map { offset in
      try tap(base + offset, cubic(ratio - offset), size, least, greatest)
    }
  }

  /// Keys' cubic with the factor -0.75.
  private func cubic(_ distance: Value) throws -> Value {
    let x = try abs(distance)
    let near = try (x * 1.25 - 2.25) * x * x + 1
    let far = try ((x * -0.75 + 3.75) * x - 6) * x + 3
    return try select(lessOrEqual(x, 1), near, far)
  }

  private func tap(
    _ place: Value, _ weight: Value?, _ size: Value, _ least: Value, _ greatest: Value
  ) throws -> Tap {
    switch padding {
    case "zeros":
      let isInside = try and(greaterOrEqual(place, 0), less(place, size))
      return Tap(place: try convert(place, to: .i64), weight: weight, isInside: isInside)
    case "reflection":
      let inside = try reflected(place, least, greatest)
      return Tap(place: try convert(inside, to: .i64), weight: weight)
    default: return Tap(place: try convert(place, to: .i64), weight: weight)
    }
  }

  /// Places outside mirrored at the ends until they are inside.
  private func reflected(_ place: Value, _ least: Value, _ greatest: Value) throws -> Value {
    let isBelow = try less(place, least)
    let distance = try maximum(least - place, place - greatest)
    // An axis of one element, its ends in one place, has nothing to mirror.
    let span = try maximum(greatest - least, 0.5)
    let times = try floor(distance / span)
    let rest = try distance - times * span
    let isEven = try equal(times - floor(times * 0.5) * 2, 0)
    let mirrored = try select(equal(isBelow, isEven), least + rest, greatest - rest)
    return try select(lessOrEqual(distance, 0), place, mirrored)
  }

  /// What one tap of each axis reads, times the weights. A gather moves places outside to the edge.
  private func read(_ image: Value, _ taps: [Tap]) throws -> Value {
    let spatial = Array(2..<2 + rank)
    var sizes = x.shape.map { _ in Dimension(1) }
    sizes[1] = x.shape[1]
    var result = try image.graph.apply1(
      Gather(
        offsetDims: [1], collapsedSliceDims: spatial, operandBatchingDims: [0],
        startIndicesBatchingDims: [0], startIndexMap: spatial, indexVectorDim: rank + 1,
        sliceSizes: sizes),
      [image, stack(taps.map(\.place), axis: rank + 1)], site: CallSite())
    func repeated(_ value: Value) throws -> Value {
      try value.graph.apply1(
        BroadcastInDim(shape: result.shape, dimensions: [0] + spatial), [value],
        site: CallSite())
    }
    for tap in taps {
      if let weight = tap.weight { result = try result * repeated(weight) }
    }
    for tap in taps {
      guard let isInside = tap.isInside else { continue }
      result = try select(repeated(isInside), result, result.filled(0, site: CallSite()))
    }
    return result
  }
}
