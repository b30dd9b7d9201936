import TenonGraph
import TenonTensor

/// The sum of each window over the spatial axes of (batch, channels, spatial…); padding adds
/// nothing.
public struct SumPool: PoolingWindow {
  public static let name = "sum_pool"
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
    let zero = try graph.scalar(0, x.elementType, site: CallSite())
    return try graph.apply(
      reduceWindow(x.shape), [x, zero], regions: [graph.combiner(Add(), x.elementType)],
      site: CallSite())
  }

  public static var samples: Samples {
    samples { SumPool(window: $0, strides: $1, padding: $2, dilation: $3, roundsUp: $4) }
  }

  public static var examples: [Example] {
    [
      Example(
        SumPool(window: [2, 2], strides: [2, 2], padding: [[1, 0], [1, 0]]),
        [Tensor.shaped((1...9).map { Float($0) }, [1, 1, 3, 3])],
        gives: [Tensor.shaped([1, 5, 11, 28], [1, 1, 2, 2])],
        source: "PyTorch documentation, torch.nn.LPPool2d with power 1: by hand")
    ]
  }
}

/// The sum of each window over the spatial axes of (batch, channels, spatial…).
///
/// - Parameters:
///   - strides: from one window to the next; the window's sizes where nil.
///   - padding: low and high amounts for each spatial axis; none where nil.
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func sumPool(
  _ x: Value, window: [Int], strides: [Int]? = nil, padding: [[Int]]? = nil,
  dilation: [Int]? = nil, roundsUp: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    SumPool(
      window: window, strides: strides, padding: padding, dilation: dilation, roundsUp: roundsUp),
    [x], site: CallSite(fileID: fileID, line: line))
}
