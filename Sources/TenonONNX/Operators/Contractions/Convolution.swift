import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `Conv`, over one spatial axis or more.
  static let convolution = ONNXOperator("Conv", since: [1, 11, 22]) { node in
    try node.convolved(node.input(0), node.input(1), bias: node.optionalInput(2))
  }

  /// `ConvTranspose`: what `output_shape` asks for beyond the windows' reach is zeros.
  static let convolutionTransposed = ONNXOperator("ConvTranspose", since: [1, 11, 22]) { node in
    let (x, kernel) = (try node.input(0), try node.input(1))
    try node.requireKernel(x, kernel)
    let window = try node.window(of: kernel)
    let rank = window.count
    if let given = try node.integers("kernel_shape") {
      try node.require(
        given == window, "kernel_shape \(given) differs from the kernel's \(window)")
    }
    let strides = try node.spatial("strides", rank, default: 1)
    let dilation = try node.spatial("dilations", rank, default: 1)
    var outputPadding = try node.spatial("output_padding", rank, default: 0, least: 0)
    let reach = window.indices.map { (window[$0] - 1) * dilation[$0] + 1 }
    let automatic = try node.automaticPadding()
    var wanted = try node.integers("output_shape")
    // Some models give the batch and the channels too.
    if let given = wanted, given.count == rank + 2 { wanted = Array(given.dropFirst(2)) }
    var padding: [[Int]]
    if let wanted, !wanted.isEmpty {
      try node.require(
        wanted.count == rank && wanted.allSatisfy { $0 >= 0 },
        "output_shape must have \(rank) sizes, given \(wanted)")
      padding = []
      for axis in 0..<rank {
        guard let size = x.shape[axis + 2].constant else {
          throw node.fail(
            "output_shape needs the number of \(x.shape[axis + 2]); give that size")
        }
        let total =
          strides[axis] * (size - 1) + outputPadding[axis] + reach[axis] - wanted[axis]
        if total < 0 { outputPadding[axis] -= total }
        // Without SAME_UPPER the larger part comes first.
        let split = automatic == .sameUpper ? automatic : .sameLower
        padding.append(split.split(max(0, total)))
      }
    } else {
      switch automatic {
      case .explicit: padding = try node.explicitPadding(rank)
      case .none: padding = window.map { _ in [0, 0] }
      case .sameUpper, .sameLower:
        padding = (0..<rank).map { axis in
          let total = reach[axis] + outputPadding[axis] - strides[axis]
          if total < 0 { outputPadding[axis] -= total }
          return automatic.split(max(0, total))
        }
      }
    }
    return try x.graph.apply1(
      ConvolutionTransposed(
        strides: strides, padding: padding, dilation: dilation, outputPadding: outputPadding,
        groups: node.integer("group", default: 1)),
      [x, kernel] + (node.optionalInput(2).map { [$0] } ?? []), site: CallSite())
  }

  /// `ConvInteger`.
  static let convolutionOfIntegers = ONNXOperator("ConvInteger", since: [10]) { node in
    try node.integerConvolution(
      node.input(0), node.input(1), zeroPoint: node.optionalInput(2),
      kernelZeroPoint: node.optionalInput(3))
  }

  /// `QLinearConv`: sums of i32, brought to the result's scale, rounded half to even, saturated.
  static let quantizedConvolution = ONNXOperator("QLinearConv", since: [10]) { node in
    var sums = try node.integerConvolution(
      node.input(0), node.input(3), zeroPoint: node.optionalInput(2),
      kernelZeroPoint: node.optionalInput(5))
    if let bias = try node.optionalInput(8) {
      sums = try sums + convert(bias, to: .i32).repeated(to: sums.shape, along: 1)
    }
    let scale = try node.input(1).single(node)
    let kernelScale = try node.input(4)
    let scales = [
      try scale.repeated(to: sums.shape),
      try kernelScale.parameter(of: sums.shape, axis: 1, node),
    ]
    return try node.requantized(sums, scales, node.input(6), node.optionalInput(7))
  }
}

extension ONNXNode {
  fileprivate func requireKernel(_ x: Value, _ kernel: Value) throws {
    try require(
      x.rank >= 3 && kernel.rank == x.rank,
      "the input and the kernel must have one rank, of 3 or more")
  }

  /// A convolution with the node's attributes.
  func convolved(_ x: Value, _ kernel: Value, bias: Value?, result: ElementType? = nil) throws
    -> Value
  {
    try requireKernel(x, kernel)
    let windows = try windows(window(of: kernel), over: Array(x.shape.dropFirst(2)))
    let digits = windows.sizes.indices.map(String.init).joined()
    let product = try x.graph.apply1(
      TenonOps.Convolution(
        axes: "nc\(digits)_oi\(digits)->nc\(digits)", strides: windows.strides,
        padding: windows.padding, kernelDilation: windows.dilation,
        featureGroups: integer("group", default: 1), result: result), [x, kernel],
      site: CallSite())
    guard let bias else { return product }
    return try product + bias.repeated(to: product.shape, along: 1)
  }

  /// The sums of i32 of a convolution of bytes less their zero points. Padding counts as the zero
  /// point.
  func integerConvolution(
    _ x: Value, _ kernel: Value, zeroPoint: Value?, kernelZeroPoint: Value?
  ) throws -> Value {
    try convolved(
      x.difference(zeroPoint, axis: 1, self), kernel.difference(kernelZeroPoint, axis: 0, self),
      bias: nil, result: .i32)
  }
}
