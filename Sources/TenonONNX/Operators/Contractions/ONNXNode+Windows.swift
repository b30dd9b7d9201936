import TenonGraph
import TenonTensor

/// How windows of a convolution or a pooling lie over the spatial axes.
struct WindowAttributes {
  var sizes: [Int]
  var strides: [Int]
  var dilation: [Int]
  /// Low and high amounts for each spatial axis.
  var padding: [[Int]]

  /// What a window covers along an axis, holes included.
  func reach(_ axis: Int) -> Int { (sizes[axis] - 1) * dilation[axis] + 1 }
}

/// How an operator says what to put around its input.
enum AutomaticPadding: String {
  case explicit = "NOTSET"
  case none = "VALID"
  case sameUpper = "SAME_UPPER"
  case sameLower = "SAME_LOWER"

  /// An amount in two parts, of which one is larger by one where it is odd.
  func split(_ total: Int) -> [Int] {
    let (less, more) = (total / 2, total - total / 2)
    return self == .sameLower ? [more, less] : [less, more]
  }
}

extension ONNXNode {
  /// The attribute `auto_pad`.
  ///
  /// - Throws: `model-node` for one that is not known.
  func automaticPadding() throws -> AutomaticPadding {
    let name = try string("auto_pad", default: "NOTSET")
    guard let padding = AutomaticPadding(rawValue: name.isEmpty ? "NOTSET" : name) else {
      throw fail("auto_pad must be NOTSET, VALID, SAME_UPPER or SAME_LOWER, not \(name)")
    }
    return padding
  }

  /// An attribute with one integer for each spatial axis.
  ///
  /// - Throws: `model-node` where it has another number of them, or one under `least`.
  func spatial(_ name: String, _ rank: Int, default value: Int, least: Int = 1) throws -> [Int] {
    guard let given = try integers(name), !given.isEmpty else {
      return [Int](repeating: value, count: rank)
    }
    try require(
      given.count == rank && given.allSatisfy { $0 >= least && $0 < 1 << 31 },
      "\(name) must have \(rank) integers of at least \(least), given \(given)")
    return given
  }

  /// The attribute `pads` as low and high amounts for each spatial axis.
  ///
  /// - Throws: `model-node` where it has another number of them, or a negative one.
  func explicitPadding(_ rank: Int) throws -> [[Int]] {
    let given = try spatial("pads", 2 * rank, default: 0, least: 0)
    return (0..<rank).map { [given[$0], given[$0 + rank]] }
  }

  /// The windows that the attributes describe.
  ///
  /// - Parameters:
  ///   - sizes: of the windows; the attribute `kernel_shape` where nil.
  ///   - spatial: the sizes of the axes they move over.
  /// - Throws: `model-node` for attributes that do not fit.
  func windows(_ sizes: [Int]? = nil, over spatial: [Dimension]) throws -> WindowAttributes {
    let rank = spatial.count
    try require(rank > 0, "the input must have rank 3 or more")
    let given = try integers("kernel_shape")
    if let given {
      try require(
        given.count == rank && given.allSatisfy { $0 > 0 && $0 < 1 << 31 },
        "kernel_shape must have \(rank) integers of at least 1, given \(given)")
    }
    guard let sizes = sizes ?? given else { throw fail("attribute kernel_shape is missing") }
    try require(
      given == nil || given == sizes,
      "kernel_shape \(given ?? []) differs from the kernel's \(sizes)")
    var windows = WindowAttributes(
      sizes: sizes, strides: try self.spatial("strides", rank, default: 1),
      dilation: try self.spatial("dilations", rank, default: 1), padding: [])
    let automatic = try automaticPadding()
    switch automatic {
    case .explicit: windows.padding = try explicitPadding(rank)
    case .none: windows.padding = sizes.map { _ in [0, 0] }
    case .sameUpper, .sameLower:
      windows.padding = try (0..<rank).map { axis in
        let (reach, stride) = (windows.reach(axis), windows.strides[axis])
        if stride == 1 { return automatic.split(reach - 1) }
        guard let size = spatial[axis].constant else {
          throw fail(
            "auto_pad with strides needs the number of \(spatial[axis]); give that size")
        }
        let count = (size + stride - 1) / stride
        return automatic.split(max(0, (count - 1) * stride + reach - size))
      }
    }
    return windows
  }

  /// The spatial sizes of a kernel, which must be numbers.
  func window(of kernel: Value) throws -> [Int] {
    try kernel.shape.dropFirst(2).map { size in
      guard let number = size.constant else {
        throw fail("the kernel must have known sizes, not \(kernel.shape)")
      }
      return number
    }
  }
}
