import TenonGraph
import TenonTensor

/// A convolution (cross-correlation) over any number of spatial axes, as StableHLO defines it.
///
/// `padding` has a low and a high amount for each spatial axis and may be negative; padding and the
/// holes of dilation are zeros that are multiplied (by an infinity they give NaN). `axes` says
/// which axis is what: see `ConvolutionAxes`. `algorithm` lets kernels round differently.
public struct Convolution: PrimitiveOp {
  public static let name = "convolution"
  public static let signature = Signature(["input", "kernel"])
  public let axes: String
  public let strides: [Int]
  public let padding: [[Int]]
  public let inputDilation: [Int]
  public let kernelDilation: [Int]
  public let reversal: [Bool]
  public let featureGroups: Int
  public let batchGroups: Int
  public let result: ElementType?
  public let algorithm: Algorithm?

  /// How kernels may compute the sums in the place of term by term.
  public enum Algorithm: String, Hashable, Sendable, Codable {
    /// F(4x4, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016):
    /// 36 products for the 16 results of a tile in the place of 144, with errors of about 1e-5 of
    /// the results' scale. An infinity makes the results of its tiles NaN. For two spatial axes,
    /// channels first, windows of 3 x 3 without strides, dilation or groups.
    case winograd
  }

  public init(
    axes: String, strides: [Int], padding: [[Int]], inputDilation: [Int]? = nil,
    kernelDilation: [Int]? = nil, reversal: [Bool]? = nil, featureGroups: Int = 1,
    batchGroups: Int = 1, result: ElementType? = nil, algorithm: Algorithm? = nil
  ) {
    self.axes = axes
    self.strides = strides
    self.padding = padding
    self.inputDilation = inputDilation ?? strides.map { _ in 1 }
    self.kernelDilation = kernelDilation ?? strides.map { _ in 1 }
    self.reversal = reversal ?? strides.map { _ in false }
    self.featureGroups = featureGroups
    self.batchGroups = batchGroups
    self.result = result
    self.algorithm = algorithm
  }

  /// The same, computed by another algorithm.
  public func computed(by algorithm: Algorithm) -> Convolution {
    Convolution(
      axes: axes, strides: strides, padding: padding, inputDilation: inputDilation,
      kernelDilation: kernelDilation, reversal: reversal, featureGroups: featureGroups,
      batchGroups: batchGroups, result: result, algorithm: algorithm)
  }

  /// Whether it is one of two spatial axes and windows of 3 x 3, channels first, without strides,
  /// dilation, reversal or groups: what Winograd's algorithm computes.
  public func slides3x3(over kernel: Shape) -> Bool {
    axes == "nc01_oi01->nc01" && kernel.rank == 4 && kernel[2] == 3 && kernel[3] == 3
      && (strides + inputDilation + kernelDilation + [featureGroups, batchGroups])
        .allSatisfy { $0 == 1 }
      && !reversal.contains(true)
  }

  package var places: ConvolutionAxes {
    guard let places = ConvolutionAxes(axes) else {
      preconditionFailure("internal: convolution axes \(axes)")
    }
    return places
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (input, kernel) = (try site.tensor(0), try site.tensor(1))
    try site.requireFactors(result)
    try site.require(
      !input.element.isStorageOnly && input.element != .bool, "element-type",
      "is not defined for \(input.element)")
    guard let places = ConvolutionAxes(axes) else {
      throw site.fail("attribute", "axes \"\(axes)\" must read like nc01_oi01->nc01")
    }
    let rank = places.inputSpatial.count
    try site.require(
      input.rank == rank + 2 && kernel.rank == rank + 2, "shape-mismatch",
      "axes \(axes) need operands of rank \(rank + 2)")
    try site.require(
      [strides.count, padding.count, inputDilation.count, kernelDilation.count, reversal.count]
        .allSatisfy { $0 == rank } && padding.allSatisfy { $0.count == 2 },
      "attribute",
      "strides, padding, dilations and reversal need one entry for each of \(rank) axes")
    try site.require(
      (strides + inputDilation + kernelDilation + [featureGroups, batchGroups])
        .allSatisfy { $0 > 0 }, "attribute", "strides, dilations and groups must be at least 1")
    try site.require(
      featureGroups == 1 || batchGroups == 1, "attribute",
      "feature groups and batch groups exclude each other")
    try site.require(
      algorithm == nil || slides3x3(over: kernel.shape), "attribute",
      "winograd needs axes nc01_oi01->nc01 and windows of 3 x 3 without strides, dilation or groups"
    )
    let features = input.shape[places.inputFeature]
    let outputs = kernel.shape[places.kernelOutput]
    try site.requireDivisible(
      features, by: Dimension(featureGroups), "shape-mismatch",
      "\(features) input features do not divide into \(featureGroups) groups")
    try site.requireDivisible(
      outputs, by: Dimension(featureGroups * batchGroups), "shape-mismatch",
      "\(outputs) output features do not divide into \(featureGroups * batchGroups) groups")
    try site.requireDivisible(
      input.shape[places.inputBatch], by: Dimension(batchGroups), "shape-mismatch",
      "a batch of \(input.shape[places.inputBatch]) does not divide into \(batchGroups) groups")
    let expected = features.floorDivided(by: Dimension(featureGroups))
    try site.requireEqual(
      kernel.shape[places.kernelInput], expected, "shape-mismatch",
      "the kernel takes \(kernel.shape[places.kernelInput]) input features, the input has \(expected)"
        + (featureGroups > 1 ? " a group" : ""))
    var shape = [Dimension](repeating: 0, count: rank + 2)
    shape[places.outputBatch] =
      input.shape[places.inputBatch].floorDivided(by: Dimension(batchGroups))
    shape[places.outputFeature] = outputs
    for axis in 0..<rank {
      let size = dilated(input.shape[places.inputSpatial[axis]], inputDilation[axis])
      let window = dilated(kernel.shape[places.kernelSpatial[axis]], kernelDilation[axis])
      let padded = size + Dimension(padding[axis][0] + padding[axis][1])
      let steps = (padded - window).floorDivided(by: Dimension(strides[axis])) + 1
      shape[places.outputSpatial[axis]] = steps.constant.map { Dimension(max(0, $0)) } ?? steps
    }
    return [.tensor(result ?? input.element, Shape(shape))]
  }

  /// The size with `dilation - 1` holes between elements.
  private func dilated(_ size: Dimension, _ dilation: Int) -> Dimension {
    if size == 0 || dilation == 1 { return size }
    return (size - 1) * Dimension(dilation) + 1
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let (input, kernel) = (operands[0], operands[1])
    let places = self.places
    let outputFeatures = kernel.shape[places.kernelOutput]
    let groupInputs = kernel.shape[places.kernelInput]
    let batches = input.shape[places.inputBatch] / batchGroups
    let inputStrides = RowMajor.strides(input.shape)
    let kernelStrides = RowMajor.strides(kernel.shape)
    let window = places.kernelSpatial.map { kernel.shape[$0] }
    /// Offsets of the elements multiplied; nil for an input element that is padding, a zero.
    func pairs(_ index: [Int]) -> [(Int?, Int)] {
      let feature = index[places.outputFeature]
      let featureGroup = feature / (outputFeatures / featureGroups)
      let batchGroup = feature / (outputFeatures / batchGroups)
      let batch = batchGroup * batches + index[places.outputBatch]
      var found: [(Int?, Int)] = []
      RowMajor.forEachIndex(window) { tap in
        var at = batch * inputStrides[places.inputBatch]
        var weight = feature * kernelStrides[places.kernelOutput]
        var isPadding = false
        for axis in window.indices {
          let step = reversal[axis] ? window[axis] - 1 - tap[axis] : tap[axis]
          let place =
            index[places.outputSpatial[axis]] * strides[axis] + tap[axis] * kernelDilation[axis]
            - padding[axis][0]
          let size = input.shape[places.inputSpatial[axis]]
          if place < 0 || place % inputDilation[axis] != 0 || place / inputDilation[axis] >= size {
            isPadding = true
          }
          at += place / inputDilation[axis] * inputStrides[places.inputSpatial[axis]]
          weight += step * kernelStrides[places.kernelSpatial[axis]]
        }
        for channel in 0..<groupInputs {
          let source = featureGroup * groupInputs + channel
          let offset = at + source * inputStrides[places.inputFeature]
          found.append(
            (isPadding ? nil : offset, weight + channel * kernelStrides[places.kernelInput]))
        }
      }
      return found
    }
    switch (try input.elements(), try kernel.elements()) {
    case (.floats(let x), .floats(let y)):
      var values: [Double] = []
      RowMajor.forEachIndex(site.resultShapes[0]) {
        values.append(pairs($0).reduce(0) { $0 + ($1.0.map { x[$0] } ?? 0) * y[$1.1] })
      }
      return [try site.result(0, .floats(values))]
    case (.integers(let x), .integers(let y)):
      var values: [Int64] = []
      RowMajor.forEachIndex(site.resultShapes[0]) {
        values.append(pairs($0).reduce(0) { $0 &+ ($1.0.map { x[$0] } ?? 0) &* y[$1.1] })
      }
      return [try site.result(0, .integers(values))]
    default: preconditionFailure("internal: operands of two kinds")
    }
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    let (input, kernel, output) = (site.operands[0], site.operands[1], site.results[0])
    let places = self.places
    let rank = strides.count
    let window = places.kernelSpatial.map { kernel.shape[$0] }
    let groupInputs = kernel.shape[places.kernelInput]
    let outputs = kernel.shape[places.kernelOutput]
    let extents: (Int) -> Dimension? = { axis in
      axis < output.rank
        ? output.shape[axis]
        : axis == output.rank ? groupInputs : window[axis - output.rank - 1]
    }
    let channel = IndexExpression.axis(output.rank)
    let feature = IndexExpression.axis(places.outputFeature)
    var at = input.shape.indices.map { _ in IndexExpression(0) }
    var weight = kernel.shape.indices.map { _ in IndexExpression(0) }
    var guards: [Guard] = []
    weight[places.kernelOutput] = feature
    weight[places.kernelInput] = channel
    at[places.inputFeature] = channel
    if featureGroups > 1 {
      let group = feature.floorDivided(
        by: outputs.floorDivided(by: Dimension(featureGroups)), extents: extents)
      at[places.inputFeature] = group * groupInputs + channel
    }
    at[places.inputBatch] = .axis(places.outputBatch)
    if batchGroups > 1 {
      let group = feature.floorDivided(
        by: outputs.floorDivided(by: Dimension(batchGroups)), extents: extents)
      at[places.inputBatch] = group * output.shape[places.outputBatch] + .axis(places.outputBatch)
    }
    for axis in 0..<rank {
      let tap = IndexExpression.axis(output.rank + 1 + axis)
      weight[places.kernelSpatial[axis]] =
        reversal[axis] ? IndexExpression(window[axis] - 1) - tap : tap
      let size = input.shape[places.inputSpatial[axis]]
      var place =
        IndexExpression.axis(places.outputSpatial[axis]) * Dimension(strides[axis])
        + tap * Dimension(kernelDilation[axis]) + Dimension(-padding[axis][0])
      if inputDilation[axis] > 1 {
        guards.append(.within(place, (size - 1) * Dimension(inputDilation[axis]) + 1))
        guards.append(.multiple(place, of: inputDilation[axis]))
        place = place.floorDivided(by: Dimension(inputDilation[axis]), extents: extents)
      } else if !place.isWithin(size, extents: extents) {
        guards.append(.within(place, size))
      }
      at[places.inputSpatial[axis]] = place
    }
    var compute = Compute.contraction(
      axes: output.shape.dimensions, over: [groupInputs] + window, element: output.element
    ) { program in
      let zero =
        guards.isEmpty
        ? nil
        : input.element.isFloat && input.element.bitWidth < 32
          ? program.convert(program.constant(0, .f32), to: input.element)
          : program.constant(0, input.element)
      let element = program.load(0, input.element, at, guards: guards, fill: zero)
      return (element, program.load(1, kernel.element, weight))
    }
    compute.reduction?.allowsWinograd = algorithm == .winograd
    return .compute(compute)
  }

  public static var samples: Samples {
    Samples { element in
      func one(_ input: Shape, _ kernel: Shape, _ op: Convolution) -> Samples.Case {
        Samples.Case(op, [TensorType(element, input), TensorType(element, kernel)])
      }
      let plane = "nc01_oi01->nc01"
      return [
        one(
          [1, 2, 5, 5], [3, 2, 3, 3],
          Convolution(axes: plane, strides: [1, 1], padding: [[0, 0], [1, 1]])),
        one(
          [2, 1, 6], [2, 1, 3], Convolution(axes: "nc0_oi0->nc0", strides: [2], padding: [[1, 0]])),
        one(
          [1, 5, 4, 2], [3, 2, 2, 3],
          Convolution(axes: "n01c_01io->n01c", strides: [1, 2], padding: [[1, -1], [0, 1]])),
        one(
          [1, 4, 5, 4], [6, 2, 2, 2],
          Convolution(axes: plane, strides: [2, 1], padding: [[0, 1], [0, 0]], featureGroups: 2)),
        one(
          [1, 2, 3, 3], [2, 2, 2, 2],
          Convolution(
            axes: plane, strides: [1, 1], padding: [[1, 1], [2, 1]], inputDilation: [2, 3],
            kernelDilation: [2, 1], reversal: [true, false])),
        one(
          [4, 2, 3, 3], [4, 2, 2, 2],
          Convolution(axes: plane, strides: [1, 1], padding: [[0, 0], [0, 0]], batchGroups: 2)),
        one(
          [1, 1, 3, 3, 2], [2, 1, 2, 2, 1],
          Convolution(
            axes: "nc012_oi012->nc012", strides: [1, 1, 1], padding: [[0, 0], [1, 0], [0, 0]])),
        one(
          [0, 1, 3, 3], [1, 1, 2, 2],
          Convolution(axes: plane, strides: [1, 1], padding: [[0, 0], [0, 0]])),
        one([2, 3], [4, 3], Convolution(axes: "nc_oi->nc", strides: [], padding: [])),
        one(
          [1, 4, 6, 9], [5, 4, 3, 3],
          Convolution(
            axes: plane, strides: [1, 1], padding: [[0, 1], [1, 1]], algorithm: .winograd)),
        one(
          [1, 3, 1, 19], [17, 3, 1, 3],
          Convolution(axes: plane, strides: [1, 1], padding: [[0, 0], [1, 1]])),
      ]
    }
  }
}

/// A convolution of `input` with `kernel` (cross-correlation), channels first: see `Convolution`.
///
/// - Parameters:
///   - padding: low and high amounts for each spatial axis; none by default.
///   - axes: `nc01_oi01->nc01` and so on; channels first by default.
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func convolution(
  _ input: Value, _ kernel: Value, strides: [Int]? = nil, padding: [[Int]]? = nil,
  dilation: [Int]? = nil, groups: Int = 1, axes: String? = nil, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let rank = max(0, input.rank - 2)
  return try input.graph.apply1(
    Convolution(
      axes: axes ?? ConvolutionAxes.channelsFirst(rank),
      strides: strides ?? [Int](repeating: 1, count: rank),
      padding: padding ?? [[Int]](repeating: [0, 0], count: rank),
      inputDilation: [Int](repeating: 1, count: rank), kernelDilation: dilation,
      reversal: [Bool](repeating: false, count: rank), featureGroups: groups), [input, kernel],
    site: CallSite(fileID: fileID, line: line))
}
