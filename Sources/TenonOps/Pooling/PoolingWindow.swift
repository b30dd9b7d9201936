import TenonGraph
import TenonTensor

/// The ops that combine windows over the spatial axes of (batch, channels, spatial…) share
/// attributes and inference.
public protocol PoolingWindow: CompositeOp {
  var window: [Int] { get }
  var strides: [Int] { get }
  /// Low and high amounts for each spatial axis.
  var padding: [[Int]] { get }
  var dilation: [Int] { get }
  /// Whether a last window that is only partly over the operand counts.
  var roundsUp: Bool { get }
  /// Whether the op is defined for integers too.
  static var takesIntegers: Bool { get }
}

extension PoolingWindow {
  public static var signature: Signature { Signature(["x"]) }
  public static var takesIntegers: Bool { false }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (element, shape) = try pooledType(site)
    return [.tensor(element, shape)]
  }

  /// The element type and the shape of the windows' results.
  func pooledType(_ site: InferenceSite) throws -> (ElementType, Shape) {
    let x = try site.tensor(0)
    let isDefined = x.element.isFloat || Self.takesIntegers && x.element.isInteger
    try site.require(
      isDefined && !x.element.isStorageOnly, "element-type",
      "is not defined for \(x.element)")
    try site.require(
      x.rank == window.count + 2, "shape-mismatch",
      "\(window.count) spatial axes need an operand of rank \(window.count + 2)")
    try site.require(
      [strides.count, padding.count, dilation.count].allSatisfy { $0 == window.count }
        && padding.allSatisfy { $0.count == 2 && $0[0] >= 0 && $0[1] >= 0 }, "attribute",
      "window, strides, padding and dilation need one entry for each of \(window.count) axes")
    try site.require(
      !roundsUp || x.shape.dropFirst(2).allSatisfy(\.isConstant), "shape-mismatch",
      "rounding up needs known spatial sizes")
    return (x.element, try axes(x.shape).shape(site, x.shape))
  }

  /// The windows over all axes of an operand, with padding for a last one that is partly over it.
  func axes(_ shape: Shape) -> WindowAxes {
    let pads = window.indices.map { axis -> [Int] in
      let (low, high) = (padding[axis][0], padding[axis][1])
      guard roundsUp, strides[axis] > 0, let size = shape[axis + 2].constant else {
        return [low, high]
      }
      let room = size + low + high - (window[axis] - 1) * dilation[axis] - 1
      let rest = room < 0 ? 0 : room % strides[axis]
      // It must begin over the operand or its low padding.
      let start = (room - rest) + strides[axis]
      return rest > 0 && start < size + low ? [low, high + strides[axis] - rest] : [low, high]
    }
    return WindowAxes(
      sizes: [1, 1] + window, strides: [1, 1] + strides,
      baseDilations: [1, 1] + window.map { _ in 1 }, dilations: [1, 1] + dilation,
      padding: [[0, 0], [0, 0]] + pads)
  }

  /// The op over windows that means the same.
  func reduceWindow(_ shape: Shape) -> ReduceWindow {
    let axes = axes(shape)
    return ReduceWindow(
      windowDimensions: axes.sizes, windowStrides: axes.strides,
      baseDilations: axes.baseDilations, windowDilations: axes.dilations, padding: axes.padding)
  }

  /// Cases of an op made from its attributes.
  static func samples(
    _ make: @escaping @Sendable ([Int], [Int], [[Int]], [Int], Bool) -> Self
  ) -> Samples {
    Samples(elements: ElementType.floats + (takesIntegers ? [.u8, .i8] : [])) { element in
      let cases: [(Shape, [Int], [Int], [[Int]], [Int], Bool)] = [
        ([1, 2, 7], [3], [2], [[1, 1]], [1], false),
        ([2, 1, 4, 4], [2, 2], [2, 2], [[0, 0], [0, 0]], [1, 1], false),
        ([1, 2, 6, 5], [3, 2], [2, 3], [[1, 0], [0, 1]], [1, 1], true),
        ([1, 1, 9], [3], [2], [[0, 0]], [2], false), ([0, 2, 4], [2], [1], [[0, 0]], [1], false),
        ([1, 1, 3, 3, 4], [2, 2, 2], [1, 1, 2], [[0, 0], [0, 0], [0, 0]], [1, 1, 1], false),
        ([1, 17, 4, 4], [3, 3], [1, 1], [[1, 1], [1, 1]], [1, 1], false),
        ([1, 1, 5], [2], [2], [[0, 0]], [1], true),
      ]
      return cases.map { shape, window, strides, padding, dilation, roundsUp in
        Samples.Case(
          make(window, strides, padding, dilation, roundsUp), [TensorType(element, shape)])
      }
    }
  }
}
