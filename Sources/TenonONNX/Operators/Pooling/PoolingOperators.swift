import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators that combine windows, or whole planes, of each channel.
  static let pooling: [ONNXOperator] = [
    averagePool,
    ONNXOperator("GlobalAveragePool", since: [1, 22]) { try globalAveragePool($0.plane()) },
    ONNXOperator("GlobalLpPool", since: [1, 2, 22]) { node in
      let x = try node.plane()
      let power = try node.normPower()
      return try x.rooted(power) {
        try sum($0, axes: Array(2..<x.rank), keepingAxes: true)
      }
    },
    ONNXOperator("GlobalMaxPool", since: [1, 22]) { try globalMaxPool($0.plane()) },
    normPool,
    maximumPool,
    maximumRegionPool,
    maximumUnpool,
    regionAlign,
  ]

  private static let averagePool = ONNXOperator(
    "AveragePool", since: [1, 7, 10, 11, 19, 22]
  ) { node in
    let x = try node.plane()
    let (windows, roundsUp) = try node.poolingWindows(x)
    return try TenonOps.averagePool(
      x, window: windows.sizes, strides: windows.strides, padding: windows.padding,
      dilation: windows.dilation, roundsUp: roundsUp,
      countsPadding: node.flag("count_include_pad"))
  }

  /// `LpPool`: the root of the sum of powers of magnitudes.
  private static let normPool = ONNXOperator("LpPool", since: [1, 2, 11, 18, 22]) { node in
    let x = try node.plane()
    let (windows, roundsUp) = try node.poolingWindows(x)
    return try x.rooted(node.normPower()) {
      try sumPool(
        $0, window: windows.sizes, strides: windows.strides, padding: windows.padding,
        dilation: windows.dilation, roundsUp: roundsUp)
    }
  }

  /// `MaxPool`, with the places of the elements as an optional second result.
  private static let maximumPool = ONNXOperator(
    many: "MaxPool", since: [1, 8, 10, 11, 12, 22]
  ) { node in
    let x = try node.plane()
    let (windows, roundsUp) = try node.poolingWindows(x)
    guard node.wants(1) else {
      return [
        try maxPool(
          x, window: windows.sizes, strides: windows.strides, padding: windows.padding,
          dilation: windows.dilation, roundsUp: roundsUp)
      ]
    }
    let (result, places) = try maxPoolWithPlaces(
      x, window: windows.sizes, strides: windows.strides, padding: windows.padding,
      dilation: windows.dilation, roundsUp: roundsUp)
    var inPlane = places
    if try node.flag("storage_order") { inPlane = try node.columnMajor(places, x.shape) }
    // Places count through the whole input.
    let planes = try x.graph.iota(.i64, [x.shape[0] * x.shape[1]])
    let size = try x.graph.size(Shape(Array(x.shape.dropFirst(2))).elementCount, .i64)
    let starts = try TenonOps.reshape(
      planes * size.repeated(to: planes.shape), [x.shape[0], x.shape[1]])
    let before = try x.graph.apply1(
      BroadcastInDim(shape: places.shape, dimensions: [0, 1]), [starts], site: CallSite())
    return [result, try inPlane + before]
  }

  /// `MaxUnpool`: zeros but for the elements at the places that a `MaxPool` gave.
  private static let maximumUnpool = ONNXOperator("MaxUnpool", since: [9, 11, 22]) { node in
    let (x, places) = (try node.plane(), try node.input(1))
    let rank = x.rank - 2
    guard let window = try node.integers("kernel_shape"), window.count == rank else {
      throw node.fail("kernel_shape must have \(rank) integers")
    }
    let strides = try node.spatial("strides", rank, default: 1)
    let padding = try node.explicitPadding(rank)
    let own = Shape(
      [x.shape[0], x.shape[1]]
        + (0..<rank).map { axis in
          (x.shape[axis + 2] - 1) * Dimension(strides[axis])
            + Dimension(window[axis] - padding[axis][0] - padding[axis][1])
        })
    // Places count through the own shape; a larger one has zeros behind.
    let empty = try x.graph.scalar(0, x.elementType).repeated(to: [own.elementCount])
    let count = x.shape.elementCount
    let filled = try TenonOps.reshape(
      scatter(empty, TenonOps.reshape(places, [count]), TenonOps.reshape(x, [count])), own)
    guard node.has(2) else { return filled }
    let given = try node.sizes(2)
    try node.require(given.count == x.rank, "output_shape must have \(x.rank) sizes")
    if Shape(given) == own { return filled }
    return try pad(
      filled, low: given.map { _ in 0 }, high: zip(given, own).map { $0 - $1 })
  }
}

extension ONNXNode {
  /// Input 0, which must have a batch, channels and at least one spatial axis.
  func plane() throws -> Value {
    let x = try input(0)
    try require(x.rank >= 3, "the input must have rank 3 or more")
    return x
  }

  /// The exponent `p`, which version 1 gives as a float.
  fileprivate func normPower() throws -> Double {
    let power = try version < 2 ? float("p", default: 2) : Double(integer("p", default: 2))
    try require(power > 0, "p must be over 0, given \(power)")
    return power
  }

  /// The windows of a pooling, and whether a last window counts that is partly over the input.
  func poolingWindows(_ x: Value) throws -> (WindowAttributes, roundsUp: Bool) {
    let spatial = Array(x.shape.dropFirst(2))
    let windows = try windows(over: spatial)
    // With strides of 1 nothing is left over.
    let roundsUp =
      try flag("ceil_mode") && automaticPadding() == .explicit
      && windows.strides.contains { $0 > 1 }
    if roundsUp {
      try require(
        spatial.allSatisfy(\.isConstant), "ceil_mode needs the numbers of \(x.shape); give them")
    }
    return (windows, roundsUp)
  }

  /// Places in row-major order of a plane as places in column-major order.
  fileprivate func columnMajor(_ places: Value, _ shape: Shape) throws -> Value {
    var rest = places
    var coordinates: [Value] = []
    for axis in shape.indices.dropFirst(2).reversed() {
      let size = try graph.size(shape[axis], .i64).repeated(to: places.shape)
      coordinates.insert(try remainder(rest, size), at: 0)
      rest = try rest / size
    }
    var result = try places.filled(0, site: CallSite())
    for (coordinate, axis) in zip(coordinates, shape.indices.dropFirst(2)).reversed() {
      result = try result * graph.size(shape[axis], .i64).repeated(to: places.shape) + coordinate
    }
    return result
  }
}

extension Value {
  /// The root of a sum of powers of magnitudes.
  func rooted(_ power: Double, _ sum: (Value) throws -> Value) throws -> Value {
    let wide = try convert(self, to: elementType.computeType)
    let total: Value
    switch power {
    case 1: total = try sum(abs(wide))
    case 2: total = try sqrt(sum(wide * wide))
    default:
      let powers = try pow(abs(wide), power)
      total = try pow(sum(powers), 1 / power)
    }
    return try convert(total, to: elementType)
  }
}
