import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators that move elements to other places.
  static let movement: [ONNXOperator] = [
    centerCropPad,
    eyeLike,
    gather,
    gatherElements,
    gatherND,
    oneHot,
    padding,
    reverseSequence,
    scatterElements("Scatter", since: [9, 11]),
    scatterElements("ScatterElements", since: [11, 13, 16, 18]),
    scatterND,
    slicing,
    tensorScatter,
    trilu,
  ]

  // MARK: Gathering

  private static let gather = ONNXOperator("Gather", since: [1, 11, 13]) { node in
    let x = try node.input(0)
    let axis = try node.axis(node.integer("axis", default: 0), rank: x.rank)
    let places = try node.places(1, of: x.shape[axis])
    return try take(node.neverEmpty(x, axis: axis), places, axis: axis)
  }

  private static let gatherElements = ONNXOperator("GatherElements", since: [11, 13]) { node in
    let x = try node.input(0)
    let axis = try node.axis(node.integer("axis", default: 0), rank: x.rank)
    let places = try node.places(1, of: x.shape[axis])
    try node.require(places.rank == x.rank, "indices must have the rank of the data")
    // The indices may leave out the last places of other axes.
    var sizes = places.shape.dimensions
    sizes[axis] = x.shape[axis]
    let part =
      Shape(sizes) == x.shape
      ? x : try TenonOps.slice(x, starts: sizes.map { _ in 0 }, limits: sizes)
    return try takeAlong(part, places, axis: axis)
  }

  private static let gatherND = ONNXOperator("GatherND", since: [11, 12, 13]) { node in
    let (x, indices) = (try node.input(0), try node.input(1))
    let batch = try node.integer("batch_dims", default: 0)
    let parts = try node.partCount(indices)
    try node.require(
      batch >= 0 && batch < indices.rank && batch + parts <= x.rank,
      "\(batch) batch axes and indices of \(parts) parts do not fit rank \(x.rank)")
    let places = try node.places(indices, inAxes: Array(batch..<batch + parts), of: x)
    let inner = batch + parts
    return try x.graph.apply1(
      TenonOps.Gather(
        offsetDims: Array(indices.rank - 1..<indices.rank - 1 + x.rank - inner),
        collapsedSliceDims: Array(batch..<inner), operandBatchingDims: Array(0..<batch),
        startIndicesBatchingDims: Array(0..<batch), startIndexMap: Array(batch..<inner),
        indexVectorDim: indices.rank - 1,
        sliceSizes: x.shape.indices.map { $0 < inner ? 1 : x.shape[$0] }),
      [x, places], site: CallSite())
  }

  // MARK: Scattering

  private static func scatterElements(_ name: String, since: [Int]) -> ONNXOperator {
    ONNXOperator(name, since: since) { node in
      let (x, updates) = (try node.input(0), try node.input(2))
      let axis = try node.axis(node.integer("axis", default: 0), rank: x.rank)
      var places = try node.places(1, of: x.shape[axis])
      try node.require(
        places.rank == x.rank && places.shape == updates.shape,
        "indices and updates must have one shape, of the rank of the data")
      // The indices may leave out the last places of other axes: there nothing is stored, which an
      // index outside stands for.
      let none = places.shape.map { _ in Dimension(0) }
      let missing = x.shape.indices.map { $0 == axis ? 0 : x.shape[$0] - places.shape[$0] }
      var padded = updates
      if missing != none {
        places = try TenonOps.pad(places, low: none, high: missing, with: -1)
        padded = try TenonOps.pad(updates, low: none, high: missing)
      }
      return try scatterAlong(x, places, padded, axis: axis, by: node.combiner())
    }
  }

  private static let scatterND = ONNXOperator("ScatterND", since: [11, 13, 16, 18]) { node in
    let (x, indices, updates) = (try node.input(0), try node.input(1), try node.input(2))
    let parts = try node.partCount(indices)
    try node.require(parts <= x.rank, "indices of \(parts) parts do not fit rank \(x.rank)")
    return try TenonOps.scatterND(
      x, node.places(indices, inAxes: Array(0..<parts), of: x), updates, by: node.combiner())
  }

  /// `TensorScatter`: an update written along an axis, for each batch from a place of its own.
  private static let tensorScatter = ONNXOperator("TensorScatter", since: [24]) { node in
    let (x, update) = (try node.input(0), try node.input(1))
    let axis = try node.axis(node.integer("axis", default: -2), rank: x.rank)
    try node.require(axis > 0, "axis 0 is the batch and cannot be the sequence")
    let mode = try node.string("mode", default: "linear")
    try node.require(
      mode == "linear" || mode == "circular", "mode must be linear or circular, not \(mode)")
    var places = try node.graph.iota(.i64, update.shape, dimension: axis)
    if let starts = try node.optionalInput(2) {
      places = try places + convert(starts, to: .i64).repeated(along: 0, of: update.shape)
    }
    if mode == "circular" {
      let size = try node.graph.size(x.shape[axis])
      places = try remainder(places, broadcast(size, to: update.shape))
    }
    return try scatterAlong(x, places, update, axis: axis)
  }

  // MARK: Patterns

  private static let oneHot = ONNXOperator("OneHot", since: [9, 11, 28]) { node in
    let values = try node.input(2)
    let depth =
      try node.input(1).elementType.isFloat
      ? node.doubles(1).map { Dimension(Int($0)) } : node.sizes(1)
    try node.require(depth.count == 1, "the depth must be one number")
    try node.require(values.shape == [2], "values must hold two elements, for off and on")
    let places = try node.places(convert(node.input(0), to: .i64), of: depth[0])
    let rank = places.rank + 1
    let axis = try node.axis(node.integer("axis", default: -1), rank: rank)
    let mask = try TenonOps.oneHot(places, count: depth[0], axis: axis, element: .bool)
    func value(_ place: Dimension) throws -> Value {
      let one = try TenonOps.slice(values, axis: 0, from: place, to: place + 1)
      return try broadcast(TenonOps.reshape(one, []), to: mask.shape)
    }
    return try select(mask, value(1), value(0))
  }

  private static let trilu = ONNXOperator("Trilu", since: [14]) { node in
    let x = try node.input(0)
    try node.require(x.rank >= 2, "the input must have at least rank 2")
    let rows = try node.graph.iota(.i64, x.shape, dimension: x.rank - 2)
    let columns = try node.graph.iota(.i64, x.shape, dimension: x.rank - 1)
    var distance = try columns - rows
    if let moved = try node.optionalInput(1) {
      let scalar = try TenonOps.reshape(convert(moved, to: .i64), [])
      distance = try distance - broadcast(scalar, to: x.shape)
    }
    let isUpper = try node.flag("upper", default: true)
    let isKept = try isUpper ? greaterOrEqual(distance, 0) : lessOrEqual(distance, 0)
    return try select(isKept, x, x.filled(0, site: CallSite()))
  }

  private static let eyeLike = ONNXOperator("EyeLike", since: [9, 22]) { node in
    let x = try node.input(0)
    try node.require(x.rank == 2, "the input must have rank 2")
    let rows = try node.graph.iota(.i64, x.shape, dimension: 0)
    let columns = try node.graph.iota(.i64, x.shape, dimension: 1)
    let isOne = try equal(columns - rows, node.integer("k", default: 0))
    return try convert(isOne, to: node.elementType("dtype") ?? x.elementType)
  }

  /// `ReverseSequence`: the first elements of each sequence in the opposite order.
  private static let reverseSequence = ONNXOperator("ReverseSequence", since: [10, 28]) { node in
    let x = try node.input(0)
    let time = try node.integer("time_axis", default: 0)
    let batch = try node.integer("batch_axis", default: 1)
    try node.require(
      x.rank >= 2 && [[0, 1], [1, 0]].contains([time, batch]),
      "time and batch must be the first two axes")
    let lengths = try convert(node.input(1), to: .i64).repeated(along: batch, of: x.shape)
    let places = try node.graph.iota(.i64, x.shape, dimension: time)
    let source = try select(less(places, lengths), lengths - places - 1, places)
    return try takeAlong(x, source, axis: time)
  }

  /// `CenterCropPad`: each axis cut or padded to a size on both sides.
  private static let centerCropPad = ONNXOperator("CenterCropPad", since: [18]) { node in
    let x = try node.input(0)
    let axes = try node.axes(node.integers("axes") ?? Array(x.shape.indices), rank: x.rank)
    let sizes = try node.sizes(1)
    try node.require(
      sizes.count == axes.count, "needs one size for each of \(axes.count) axes, not \(sizes)")
    var (low, high) = (x.shape.map { _ in Dimension(0) }, x.shape.map { _ in Dimension(0) })
    for (axis, size) in zip(axes, sizes) {
      let added = Dimension.maximum(size - x.shape[axis], 0).floorDivided(by: 2)
      let removed = Dimension.maximum(x.shape[axis] - size, 0).floorDivided(by: 2)
      low[axis] = added - removed
      high[axis] = size - x.shape[axis] - low[axis]
    }
    return try TenonOps.pad(x, low: low, high: high)
  }
}

extension Value {
  /// A vector repeated along all axes of a shape but one.
  func repeated(along axis: Int, of shape: Shape) throws -> Value {
    try graph.apply1(
      BroadcastInDim(shape: shape, dimensions: [axis]), [self], site: CallSite())
  }
}
