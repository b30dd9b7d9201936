import TenonGraph
import TenonTensor

/// The largest element of each window over the spatial axes of (batch, channels, spatial…); padding
/// never wins.
public struct MaxPool: PoolingWindow {
  public static let name = "max_pool"
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

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    let least = try graph.extreme(x.elementType, isLargest: false, site: CallSite())
    return try graph.apply(
      reduceWindow(x.shape), [x, least], regions: [graph.combiner(Maximum(), x.elementType)],
      site: CallSite())
  }

  public static var samples: Samples {
    samples {
      MaxPool(window: $0, strides: $1, padding: $2, dilation: $3, roundsUp: $4)
    }
  }

  public static var examples: [Example] {
    [
      Example(
        MaxPool(window: [2, 2], roundsUp: true),
        [Tensor.shaped((1...9).map { Float($0) }, [1, 1, 3, 3])],
        gives: [Tensor.shaped([5, 6, 8, 9], [1, 1, 2, 2])],
        source: "PyTorch documentation, torch.nn.MaxPool2d with ceil_mode: by hand"),
      Example(
        MaxPool(window: [3], strides: [1], padding: [[1, 1]]),
        [Tensor.shaped([-3, -1, -2, -5], [1, 1, 4])],
        gives: [Tensor.shaped([-1, -1, -1, -2], [1, 1, 4])],
        source: "PyTorch documentation, torch.nn.MaxPool1d: by hand"),
    ]
  }
}

/// The largest element of each window over the spatial axes of (batch, channels, spatial…).
///
/// - Parameters:
///   - strides: from one window to the next; the window's sizes where nil.
///   - padding: low and high amounts for each spatial axis; none where nil.
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func maxPool(
  _ x: Value, window: [Int], strides: [Int]? = nil, padding: [[Int]]? = nil,
  dilation: [Int]? = nil, roundsUp: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    MaxPool(
      window: window, strides: strides, padding: padding, dilation: dilation, roundsUp: roundsUp),
    [x], site: CallSite(fileID: fileID, line: line))
}

/// The largest element over all spatial axes of (batch, channels, spatial…), which stay with size 1.
///
/// - Throws: `element-type`.
public func globalMaxPool(
  _ x: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try maximum(
    x, axes: Array(x.shape.indices.dropFirst(2)), keepingAxes: true, fileID: fileID, line: line)
}
