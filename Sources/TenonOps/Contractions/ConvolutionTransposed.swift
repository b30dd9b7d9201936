import TenonGraph
import TenonTensor

/// The transposed convolution of PyTorch's `conv_transpose`: the gradient of a convolution by its
/// input, channels first, with a kernel of (inputs, outputs / groups, window…).
public struct ConvolutionTransposed: CompositeOp {
  public static let name = "convolution_transposed"
  public static let signature = Signature(["input", "kernel", "bias?"])
  public let strides: [Int]
  /// Low and high amounts that are cut off for each spatial axis.
  public let padding: [[Int]]
  public let dilation: [Int]
  /// What is added at the high end of each spatial axis.
  public let outputPadding: [Int]
  public let groups: Int

  public init(
    strides: [Int], padding: [[Int]], dilation: [Int], outputPadding: [Int], groups: Int
  ) {
    self.strides = strides
    self.padding = padding
    self.dilation = dilation
    self.outputPadding = outputPadding
    self.groups = groups
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (input, kernel) = (try site.tensor(0), try site.tensor(1))
    let rank = strides.count
    try site.requireSameElement(0..<site.operandCount)
    try site.require(
      !input.element.isStorageOnly && input.element != .bool, "element-type",
      "is not defined for \(input.element)")
    try site.require(
      input.rank == rank + 2 && kernel.rank == rank + 2, "shape-mismatch",
      "\(rank) spatial axes need operands of rank \(rank + 2)")
    try site.require(
      [padding.count, dilation.count, outputPadding.count].allSatisfy { $0 == rank }
        && padding.allSatisfy { $0.count == 2 }, "attribute",
      "strides, padding, dilation and output padding need one entry for each of \(rank) axes")
    try site.require(
      (strides + dilation + [groups]).allSatisfy { $0 > 0 }
        && outputPadding.allSatisfy { $0 >= 0 }, "attribute",
      "strides, dilation and groups must be at least 1, output padding at least 0")
    try site.requireEqual(
      input.shape[1], kernel.shape[0], "shape-mismatch",
      "the kernel takes \(kernel.shape[0]) input features, the input has \(input.shape[1])")
    try site.requireDivisible(
      kernel.shape[0], by: Dimension(groups), "shape-mismatch",
      "\(kernel.shape[0]) input features do not divide into \(groups) groups")
    let outputs = kernel.shape[1] * Dimension(groups)
    if site.operandCount == 3 {
      try site.requireEqual(
        try site.tensor(2).shape, [outputs], "shape-mismatch",
        "the bias must have one number for each of \(outputs) output features")
    }
    var sizes = [input.shape[0], outputs]
    for axis in 0..<rank {
      let reach = (kernel.shape[axis + 2] - 1) * Dimension(dilation[axis]) + 1
      let size =
        (input.shape[axis + 2] - 1) * Dimension(strides[axis]) + reach
        + Dimension(outputPadding[axis] - padding[axis][0] - padding[axis][1])
      try site.requireAtLeast(
        size, 0, "slice-range", "spatial axis \(axis) would have size \(size)")
      sizes.append(size)
    }
    return [.tensor(input.element, Shape(sizes))]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let (input, kernel) = (operands[0], operands[1])
    var weights = kernel
    let (window, count) = (Array(kernel.shape.dropFirst(2)), Dimension(groups))
    if groups > 1 {
      // A group's outputs become outputs of the whole: (g·i, o) to (i, g·o).
      let inputs = kernel.shape[0].floorDivided(by: count)
      let split = try reshape(kernel, Shape([count, inputs, kernel.shape[1]] + window))
      let ordered = try transpose(split, [1, 0, 2] + window.indices.map { $0 + 3 })
      weights = try reshape(ordered, Shape([inputs, count * kernel.shape[1]] + window))
    }
    let pads = try window.indices.map { axis -> [Int] in
      guard let taps = window[axis].constant else {
        throw TenonError(
          "shape-mismatch", "convolution_transposed: the kernel's window must have known sizes")
      }
      let reach = (taps - 1) * dilation[axis]
      return [reach - padding[axis][0], reach - padding[axis][1] + outputPadding[axis]]
    }
    let digits = window.indices.map(String.init).joined()
    let result = try graph.apply1(
      Convolution(
        axes: "nc\(digits)_io\(digits)->nc\(digits)", strides: strides.map { _ in 1 },
        padding: pads, inputDilation: strides, kernelDilation: dilation,
        reversal: strides.map { _ in true }, featureGroups: groups), [input, weights],
      site: CallSite())
    guard operands.count == 3 else { return [result] }
    return [try result + operands[2].alongAxis(1, of: result)]
  }

  public static var samples: Samples {
    Samples(elements: ElementType.floats + [.i32]) { element in
      func one(_ input: Shape, _ kernel: Shape, _ op: ConvolutionTransposed, _ bias: Shape? = nil)
        -> Samples.Case
      {
        Samples.Case(
          op, ([input, kernel] + (bias.map { [$0] } ?? [])).map { TensorType(element, $0) })
      }
      return [
        one(
          [1, 2, 4], [2, 3, 3],
          ConvolutionTransposed(
            strides: [2], padding: [[1, 1]], dilation: [1], outputPadding: [1], groups: 1), [3]),
        one(
          [2, 1, 3, 3], [1, 2, 2, 2],
          ConvolutionTransposed(
            strides: [1, 2], padding: [[0, 0], [0, 1]], dilation: [1, 1], outputPadding: [0, 0],
            groups: 1)),
        one(
          [1, 4, 3, 2], [4, 2, 2, 2],
          ConvolutionTransposed(
            strides: [2, 1], padding: [[0, 0], [1, 0]], dilation: [1, 2], outputPadding: [0, 0],
            groups: 2), [4]),
        one(
          [1, 1, 2, 2, 2], [1, 1, 2, 2, 2],
          ConvolutionTransposed(
            strides: [1, 1, 2], padding: [[0, 0], [0, 0], [0, 0]], dilation: [1, 1, 1],
            outputPadding: [0, 0, 0], groups: 1)),
      ]
    }
  }

  public static var examples: [Example] {
    [
      Example(
        ConvolutionTransposed(
          strides: [2], padding: [[0, 0]], dilation: [1], outputPadding: [0], groups: 1),
        [Tensor.shaped([1, 2, 3], [1, 1, 3]), Tensor.shaped([1, 10, 100], [1, 1, 3])],
        gives: [Tensor.shaped([1, 10, 102, 20, 203, 30, 300], [1, 1, 7])],
        source: "PyTorch documentation, torch.nn.ConvTranspose1d: by hand")
    ]
  }
}
