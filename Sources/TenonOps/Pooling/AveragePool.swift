import TenonGraph
import TenonTensor

/// The mean of each window over the spatial axes of (batch, channels, spatial…); of padding the
/// zeros count or not.
public struct AveragePool: PoolingWindow {
  public static let name = "average_pool"
  public let window: [Int]
  public let strides: [Int]
  public let padding: [[Int]]
  public let dilation: [Int]
  public let roundsUp: Bool
  /// Whether the padding's zeros count; what rounding up adds never does.
  public let countsPadding: Bool

  public init(
    window: [Int], strides: [Int]? = nil, padding: [[Int]]? = nil, dilation: [Int]? = nil,
    roundsUp: Bool = false, countsPadding: Bool = false
  ) {
    self.window = window
    self.strides = strides ?? window
    self.padding = padding ?? window.map { _ in [0, 0] }
    self.dilation = dilation ?? window.map { _ in 1 }
    self.roundsUp = roundsUp
    self.countsPadding = countsPadding
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    let windows = reduceWindow(x.shape)
    let zero = try graph.scalar(0, x.elementType, site: CallSite())
    func total(_ x: Value, _ windows: ReduceWindow) throws -> Value {
      try graph.apply1(
        windows, [x, zero], regions: [graph.combiner(Add(), x.elementType)], site: CallSite())
    }
    let sums = try total(x, windows)
    let pads = Array(windows.padding.dropFirst(2))
    let counted = countsPadding ? padding : window.map { _ in [0, 0] }
    if pads == counted {
      return [try sums * (1 / Double(window.reduce(1, *)))]
    }
    // How many elements count in each window, by the same windows over ones; one row of them.
    var sizes = x.shape
    (sizes[0], sizes[1]) = (1, 1)
    for axis in window.indices {
      sizes[axis + 2] = sizes[axis + 2] + Dimension(counted[axis][0] + counted[axis][1])
    }
    let ones = try x.filled(1, site: CallSite(), shape: sizes)
    let rest = zip(pads, counted).map { [$0[0] - $1[0], $0[1] - $1[1]] }
    let counts = try total(
      ones,
      ReduceWindow(
        windowDimensions: windows.windowDimensions, windowStrides: windows.windowStrides,
        windowDilations: windows.windowDilations, padding: [[0, 0], [0, 0]] + rest))
    return [try sums / broadcast(counts, to: sums)]
  }

  public static var samples: Samples {
    samples {
      AveragePool(
        window: $0, strides: $1, padding: $2, dilation: $3, roundsUp: $4,
        countsPadding: $0.count == 2)
    }
  }

  public static var examples: [Example] {
    let x = Tensor.shaped((1...9).map { Float($0) }, [1, 1, 3, 3])
    let pads = [[1, 0], [1, 0]]
    return [
      Example(
        AveragePool(window: [2, 2], strides: [2, 2], padding: pads), [x],
        gives: [Tensor.shaped([1, 2.5, 5.5, 7], [1, 1, 2, 2])],
        source: "PyTorch documentation, torch.nn.AvgPool2d: by hand"),
      Example(
        AveragePool(window: [2, 2], strides: [2, 2], padding: pads, countsPadding: true), [x],
        gives: [Tensor.shaped([0.25, 1.25, 2.75, 7], [1, 1, 2, 2])],
        source: "PyTorch documentation, torch.nn.AvgPool2d, count_include_pad: by hand"),
    ]
  }
}

/// The mean of each window over the spatial axes of (batch, channels, spatial…).
///
/// - Parameters:
///   - strides: from one window to the next; the window's sizes where nil.
///   - padding: low and high amounts for each spatial axis; none where nil.
///   - countsPadding: whether the zeros of the padding count.
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func averagePool(
  _ x: Value, window: [Int], strides: [Int]? = nil, padding: [[Int]]? = nil,
  dilation: [Int]? = nil, roundsUp: Bool = false, countsPadding: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    AveragePool(
      window: window, strides: strides, padding: padding, dilation: dilation, roundsUp: roundsUp,
      countsPadding: countsPadding), [x], site: CallSite(fileID: fileID, line: line))
}

/// The mean over all spatial axes of (batch, channels, spatial…), which stay with size 1.
///
/// - Throws: `element-type`.
public func globalAveragePool(
  _ x: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try mean(
    x, axes: Array(x.shape.indices.dropFirst(2)), keepingAxes: true, fileID: fileID, line: line)
}
