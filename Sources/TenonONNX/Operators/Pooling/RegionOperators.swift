import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `RoiAlign`: the mean, or the largest part, of samples in each cell of a region.
  static let regionAlign = ONNXOperator("RoiAlign", since: [10, 16, 22]) { node in
    let (x, regions) = (try node.plane(), try node.input(1))
    let batches = try node.input(2)
    try node.require(
      x.rank == 4 && regions.rank == 2 && regions.shape[1] == 4 && batches.rank == 1,
      "takes planes of two axes, regions of four numbers and their batches")
    let cells = [
      try node.integer("output_height", default: 1), try node.integer("output_width", default: 1),
    ]
    try node.require(cells.allSatisfy { $0 > 0 }, "output sizes must be over 0, given \(cells)")
    let scale = try node.float("spatial_scale", default: 1)
    let mode = try node.string("mode", default: "avg")
    try node.require(mode == "avg" || mode == "max", "mode must be avg or max, not \(mode)")
    let placing = try node.string(
      "coordinate_transformation_mode",
      default: node.version < 16 ? "output_half_pixel" : "half_pixel")
    let isHalf = placing == "half_pixel"
    try node.require(
      isHalf || placing == "output_half_pixel",
      "coordinate_transformation_mode must be half_pixel or output_half_pixel, not \(placing)")
    let wide = try convert(regions, to: regions.elementType.computeType) * scale
    let count = regions.shape[0]
    func column(_ place: Int) throws -> Value {
      let part = try TenonOps.reshape(
        slice(wide, axis: 1, from: Dimension(place), to: Dimension(place + 1)), [count])
      return isHalf ? try part - 0.5 : part
    }
    let sides = try zip([(1, 3), (0, 2)], cells).enumerated().map { axis, one in
      let start = try column(one.0.0)
      var size = try column(one.0.1) - start
      if !isHalf { size = try maximum(size, 1) }
      let most = try node.mostSamples(axis: axis, cells: one.1, scale: scale, isHalf: isHalf)
      return try RegionSide(start, size, cells: one.1, samples: node.samplingRatio(), most: most)
    }
    let points: Shape = [
      count, Dimension(sides[0].places), Dimension(sides[1].places),
    ]
    func spread(_ value: Value, _ axis: Int) throws -> Value {
      try value.graph.apply1(
        BroadcastInDim(shape: points, dimensions: [0, axis + 1]), [value], site: CallSite())
    }
    let corners = try BilinearCorners(
      spread(sides[0].coordinates, 0), spread(sides[1].coordinates, 1), height: x.shape[2],
      width: x.shape[3], keepsEdge: true)
    let plane = x.shape[2] * x.shape[3]
    // One row of channels for each element of each plane.
    let rows = try TenonOps.reshape(
      transpose(x, [0, 2, 3, 1]), [x.shape[0] * plane, x.shape[1]])
    let starts = try convert(batches, to: .i32) * x.graph.size(plane, .i32).repeated(to: [count])
    let all = Shape(points.dimensions + [x.shape[1]])
    let isCounted = try and(spread(sides[0].isCounted, 0), spread(sides[1].isCounted, 1))
    let counted = try x.graph.apply1(
      BroadcastInDim(shape: all, dimensions: [0, 1, 2]), [isCounted], site: CallSite())
    let parts = try corners.all.map { index, weight in
      let place = try index + starts.repeated(to: points, along: 0)
      let values = try convert(take(rows, place), to: weight.elementType)
      return try values
        * weight.graph.apply1(
          BroadcastInDim(shape: all, dimensions: [0, 1, 2]), [weight], site: CallSite())
    }
    let split = Shape([
      count, Dimension(cells[0]), Dimension(sides[0].most), Dimension(cells[1]),
      Dimension(sides[1].most), x.shape[1],
    ])
    let combined: Value
    if mode == "avg" {
      let total = try parts.dropFirst().reduce(parts[0]) { try $0 + $1 }
      let zero = try total.filled(0, site: CallSite())
      let sums = try sum(
        TenonOps.reshape(select(counted, total, zero), split), axes: [2, 4])
      let samples = try maximum(sides[0].samples * sides[1].samples, 1)
      combined = try sums / samples.repeated(to: sums.shape, along: 0)
    } else {
      let largest = try parts.dropFirst().reduce(parts[0]) { try maximum($0, $1) }
      let least = try largest.filled(-Double.infinity, site: CallSite())
      combined = try maximum(
        TenonOps.reshape(select(counted, largest, least), split), axes: [2, 4])
    }
    return try convert(transpose(combined, [0, 3, 1, 2]), to: x.elementType)
  }

  /// `MaxRoiPool`: the largest element in each cell of a region of whole elements.
  static let maximumRegionPool = ONNXOperator("MaxRoiPool", since: [1, 22]) { node in
    let (x, regions) = (try node.plane(), try node.input(1))
    guard x.rank == 4, regions.rank == 2, regions.shape[1] == 5,
      let cells = try node.integers("pooled_shape"), cells.count == 2, cells.allSatisfy({ $0 > 0 })
    else {
      throw node.fail("takes planes of two axes, regions of five numbers and a pooled_shape of two")
    }
    let wide = try convert(regions, to: .f32)
    let scale = try node.float("spatial_scale", default: 1)
    let count = regions.shape[0]
    func column(_ place: Int) throws -> Value {
      try TenonOps.reshape(
        slice(wide, axis: 1, from: Dimension(place), to: Dimension(place + 1)), [count])
    }
    /// Whether each element of an axis lies in each cell of each region.
    func membership(_ axis: Int, _ first: Int, _ last: Int) throws -> Value {
      let shape: Shape = [count, Dimension(cells[axis]), x.shape[axis + 2]]
      let start = try roundedHalfUp(column(first) * scale)
      let size = try maximum(roundedHalfUp(column(last) * scale) - start + 1, 1)
      let step = try (size / Double(cells[axis])).repeated(to: shape, along: 0)
      let cell = try x.graph.iota(.f32, shape, dimension: 1)
      let origin = try start.repeated(to: shape, along: 0)
      let low = try floor(cell * step) + origin
      let high = try ceil((cell + 1) * step) + origin
      let place = try x.graph.iota(.f32, shape, dimension: 2)
      return try and(greaterOrEqual(place, low), less(place, high))
    }
    func roundedHalfUp(_ value: Value) throws -> Value { try floor(value + 0.5) }
    let planes = try take(x, convert(column(0), to: .i32))
    let least = -Double.infinity
    // Rows of a cell first, then its columns.
    func reduce(_ value: Value, _ members: Value, _ axes: [Int], _ shape: Shape, _ values: [Int])
      throws -> Value
    {
      let all = try value.graph.apply1(
        BroadcastInDim(shape: shape, dimensions: values), [value], site: CallSite())
      let isMember = try value.graph.apply1(
        BroadcastInDim(shape: shape, dimensions: axes), [members], site: CallSite())
      return try select(isMember, all, all.filled(least, site: CallSite()))
    }
    let (channels, height, width) = (x.shape[1], x.shape[2], x.shape[3])
    let tall = try maximum(
      reduce(
        planes, membership(0, 2, 4), [0, 2, 3],
        [count, channels, Dimension(cells[0]), height, width], [0, 1, 3, 4]), axes: [3])
    let result = try maximum(
      reduce(
        tall, membership(1, 1, 3), [0, 3, 4],
        [count, channels, Dimension(cells[0]), Dimension(cells[1]), width], [0, 1, 2, 4]),
      axes: [4])
    // A cell outside the plane gives 0.
    return try select(equal(result, least), result.filled(0, site: CallSite()), result)
  }
}

/// Where samples lie along one side of regions.
private struct RegionSide {
  /// The most samples that a cell has.
  let most: Int
  /// Cells times `most`.
  let places: Int
  /// How many samples each region's cells have, as floats.
  let samples: Value
  /// (regions, places): where each sample lies, and whether there is one.
  let coordinates: Value
  let isCounted: Value

  /// - Parameter ratio: samples of a cell; 0 for as many as the cell is long, of which `most` is the
  ///   largest number.
  init(_ start: Value, _ size: Value, cells: Int, samples ratio: Int, most: Int) throws {
    self.most = most
    places = cells * most
    let bin = try size / Double(cells)
    samples = try ratio > 0 ? size.filled(ratio, site: CallSite()) : ceil(bin)
    let shape: Shape = [start.shape[0], Dimension(places)]
    let place = try start.graph.iota(.i32, [Dimension(places)])
    let count = try place.filled(most, site: CallSite())
    let type = start.elementType
    let cell = try convert(place / count, to: type).repeated(to: shape, along: 1)
    let sample = try convert(remainder(place, count), to: type).repeated(to: shape, along: 1)
    let step = try bin.repeated(to: shape, along: 0)
    let number = try samples.repeated(to: shape, along: 0)
    coordinates =
      try start.repeated(to: shape, along: 0) + cell * step
      + (sample + 0.5) * step / number
    isCounted = try less(sample, number)
  }
}

extension ONNXNode {
  fileprivate func samplingRatio() throws -> Int {
    let ratio = try integer("sampling_ratio", default: 0)
    try require(ratio < 1 << 16, "sampling_ratio \(ratio) is too large")
    return max(0, ratio)
  }

  /// The most samples that a cell of the regions has along an axis.
  fileprivate func mostSamples(axis: Int, cells: Int, scale: Double, isHalf: Bool) throws -> Int {
    let ratio = try samplingRatio()
    if ratio > 0 { return ratio }
    // As many samples as a cell is long: how many is known only from the regions themselves.
    let numbers = try doubles(1)
    var most = 1
    for region in stride(from: 0, to: numbers.count, by: 4) {
      let (low, high) = (numbers[region + 1 - axis], numbers[region + 3 - axis])
      var size = (high - low) * scale
      if !isHalf { size = max(size, 1) }
      let count = (size / Double(cells)).rounded(.up)
      try require(count < 4096, "a region of \(size) elements is too large")
      most = max(most, Int(count))
    }
    return most
  }
}
