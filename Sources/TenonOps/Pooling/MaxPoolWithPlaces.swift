import TenonGraph
import TenonTensor

/// The largest element of each window over the spatial axes of (batch, channels, spatial…), and its
/// place in the row-major order of the spatial axes, as i64; of equal ones the first.
public struct MaxPoolWithPlaces: PoolingWindow {
  public static let name = "max_pool_with_places"
  public static let signature = Signature(["x"], ["result", "places"])
  public static let takesIntegers = true
  public let window: [Int]
  public let strides: [Int]
  public let padding: [[Int]]
  public let dilation: [Int]
  public let roundsUp: Bool

  public init(
    window: [Int], strides: [Int]? = nil, padding: [[Int]]? = nil, dilation: [Int]? = nil,
    roundsUp: Bool = false
  ) {
    self.window = window
    self.strides = strides ?? window
    self.padding = padding ?? window.map { _ in [0, 0] }
    self.dilation = dilation ?? window.map { _ in 1 }
    self.roundsUp = roundsUp
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (element, shape) = try pooledType(site)
    return [.tensor(element, shape), .tensor(.i64, shape)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    let spatial = Array(x.shape.dropFirst(2))
    let order = try graph.iota(.i64, [Shape(spatial).elementCount])
    let places = try graph.apply1(
      BroadcastInDim(shape: x.shape, dimensions: Array(2..<x.rank)),
      [reshape(order, Shape(spatial))], site: CallSite())
    let least = try graph.extreme(x.elementType, isLargest: false, site: CallSite())
    // Padding is after all elements, so that it wins over none.
    let nowhere = try graph.scalar(Int(Int64.max), .i64, site: CallSite())
    let region = try graph.firstLargest(x.elementType)
    return try graph.apply(
      reduceWindow(x.shape), [x, places, least, nowhere], regions: [region], site: CallSite())
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    guard let gradient = site.gradients[0] else { return [nil] }
    let x = site.operands[0]
    let batch = x.shape[0] * x.shape[1]
    let plane = Shape(Array(x.shape.dropFirst(2))).elementCount
    let count = Shape(Array(gradient.shape.dropFirst(2))).elementCount
    let zeros = try gradient.filled(0, site: CallSite(), shape: [batch, plane])
    let spread = try scatterAlong(
      zeros, reshape(site.results[1], [batch, count]), reshape(gradient, [batch, count]), axis: 1,
      by: .add)
    return [try reshape(spread, x.shape)]
  }

  public static var samples: Samples {
    samples {
      MaxPoolWithPlaces(window: $0, strides: $1, padding: $2, dilation: $3, roundsUp: $4)
    }
  }

  public static var examples: [Example] {
    [
      Example(
        MaxPoolWithPlaces(window: [2, 2], strides: [1, 1], padding: [[1, 0], [0, 0]]),
        [Tensor.shaped([1, 5, 2, 5, 3, 7], [1, 1, 2, 3])],
        gives: [
          Tensor.shaped([5, 5, 5, 7], [1, 1, 2, 2]),
          try? Tensor([1, 1, 1, 5] as [Int64], shape: [1, 1, 2, 2]),
        ].compactMap { $0 },
        source: "PyTorch documentation, torch.nn.MaxPool2d with return_indices: by hand")
    ]
  }
}

extension Graph {
  /// A region that combines pairs of a value and its place into the pair of the larger value, of
  /// equal ones and of NaN that of the lesser place.
  fileprivate func firstLargest(_ element: ElementType) throws -> RegionID {
    let types: [ValueType] = [.tensor(element, .scalar), .tensor(.i64, .scalar)]
    return try recordClosedRegion(types + types) { values in
      let (x, i, y, j) = (values[0], values[1], values[2], values[3])
      var isBetter = try or(greater(y, x), and(equal(y, x), less(j, i)))
      if element.isFloat {
        let (isFirst, isSecond) = (try notEqual(x, x), try notEqual(y, y))
        isBetter = try or(
          and(isBetter, not(isFirst)), and(isSecond, or(not(isFirst), less(j, i))))
      }
      return [try select(isBetter, y, x), try select(isBetter, j, i)]
    }
  }
}

/// The largest element of each window over the spatial axes of (batch, channels, spatial…), and its
/// place in the row-major order of the spatial axes, as i64.
///
/// - Parameters:
///   - strides: from one window to the next; the window's sizes where nil.
///   - padding: low and high amounts for each spatial axis; none where nil.
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func maxPoolWithPlaces(
  _ x: Value, window: [Int], strides: [Int]? = nil, padding: [[Int]]? = nil,
  dilation: [Int]? = nil, roundsUp: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> (result: Value, places: Value) {
  let results = try x.graph.apply(
    MaxPoolWithPlaces(
      window: window, strides: strides, padding: padding, dilation: dilation, roundsUp: roundsUp),
    [x], site: CallSite(fileID: fileID, line: line))
  return (results[0], results[1])
}
