import TenonGraph
import TenonTensor

// The gradients of a convolution are convolutions: of the output's gradient with the reversed
// kernel, and of the input with the output's gradient (Dumoulin and Visin, "A guide to convolution
// arithmetic for deep learning", section 4).
extension Convolution {
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (input, kernel) = (site.operands[0], site.operands[1])
    let gradient = try convert(site.gradient, to: input.elementType)
    // Without reversal of a reversed kernel; batch groups as feature groups of a regrouped input.
    let reversed = places.kernelSpatial.enumerated().filter { reversal[$0.offset] }.map(\.element)
    let weights = reversed.isEmpty ? kernel : try reverse(kernel, axes: reversed)
    let plain = Convolution(
      axes: axes, strides: strides, padding: padding, inputDilation: inputDilation,
      kernelDilation: kernelDilation, featureGroups: max(featureGroups, batchGroups))
    let grouped = batchGroups == 1 ? input : try batchesToFeatures(input)
    var gradients: [Value?] = [nil, nil]
    if site.wanted[0] {
      let found = try plain.inputGradient(gradient, grouped, weights)
      gradients[0] = batchGroups == 1 ? found : try featuresToBatches(found, input.shape)
    }
    if site.wanted[1] {
      let found = try plain.kernelGradient(gradient, grouped, weights)
      gradients[1] = reversed.isEmpty ? found : try reverse(found, axes: reversed)
    }
    return gradients
  }

  /// The batch groups beside one another as feature groups: n·g batches of c to n of g·c.
  private func batchesToFeatures(_ input: Value) throws -> Value {
    let (batch, feature) = (places.inputBatch, places.inputFeature)
    let count = Dimension(batchGroups)
    var split = input.shape.dimensions
    split[batch] = split[batch].floorDivided(by: count)
    var merged = split
    merged[feature] = merged[feature] * count
    split.insert(count, at: batch)
    var order = Array(0...input.rank)
    order.remove(at: batch)
    order.insert(batch, at: order.firstIndex(of: feature > batch ? feature + 1 : feature)!)
    return try reshape(transpose(reshape(input, Shape(split)), order), Shape(merged))
  }

  private func featuresToBatches(_ regrouped: Value, _ shape: Shape) throws -> Value {
    let (batch, feature) = (places.inputBatch, places.inputFeature)
    var split = shape.dimensions
    split[batch] = split[batch].floorDivided(by: Dimension(batchGroups))
    split.insert(Dimension(batchGroups), at: feature)
    var order = Array(0...shape.rank)
    order.remove(at: feature)
    order.insert(feature, at: order.firstIndex(of: batch >= feature ? batch + 1 : batch)!)
    return try reshape(transpose(reshape(regrouped, Shape(split)), order), shape)
  }

  private func inputGradient(_ gradient: Value, _ input: Value, _ kernel: Value) throws -> Value {
    let places = self.places
    var (weights, swapped) = (kernel, places)
    if featureGroups > 1 {
      weights = try regrouped(
        kernel, from: places.kernelOutput, to: places.kernelInput, groups: featureGroups)
    }
    (swapped.kernelOutput, swapped.kernelInput) = (places.kernelInput, places.kernelOutput)
    (swapped.inputBatch, swapped.outputBatch) = (places.outputBatch, places.inputBatch)
    (swapped.inputFeature, swapped.outputFeature) = (places.outputFeature, places.inputFeature)
    (swapped.inputSpatial, swapped.outputSpatial) = (places.outputSpatial, places.inputSpatial)
    let pads = try strides.indices.map { axis -> [Int] in
      let size = try known(input, places.inputSpatial[axis])
      let window = try known(kernel, places.kernelSpatial[axis])
      let steps = try known(gradient, places.outputSpatial[axis])
      let reach = (window - 1) * kernelDilation[axis]
      let low = reach - padding[axis][0]
      // The rest of the input's extent, so that the result has exactly its size.
      let produced = (steps - 1) * strides[axis] + 1 + low - reach
      return [low, (size - 1) * inputDilation[axis] + 1 - produced]
    }
    return try gradient.graph.apply1(
      Convolution(
        axes: swapped.text, strides: inputDilation, padding: pads, inputDilation: strides,
        kernelDilation: kernelDilation, reversal: strides.map { _ in true },
        featureGroups: featureGroups), [gradient, weights], site: CallSite())
  }

  private func kernelGradient(_ gradient: Value, _ input: Value, _ kernel: Value) throws -> Value {
    let places = self.places
    var axes = places
    // Features take the place of the batch, the batch is summed over.
    (axes.inputBatch, axes.inputFeature) = (places.inputFeature, places.inputBatch)
    (axes.kernelOutput, axes.kernelInput) = (places.outputFeature, places.outputBatch)
    axes.kernelSpatial = places.outputSpatial
    (axes.outputBatch, axes.outputFeature) = (places.kernelInput, places.kernelOutput)
    axes.outputSpatial = places.kernelSpatial
    let pads = try strides.indices.map { axis -> [Int] in
      let size = (try known(input, places.inputSpatial[axis]) - 1) * inputDilation[axis] + 1
      let window = try known(kernel, places.kernelSpatial[axis])
      let steps = try known(gradient, places.outputSpatial[axis])
      let reach = (steps - 1) * strides[axis] + 1
      let high = (window - 1) * kernelDilation[axis] + reach - size - padding[axis][0]
      return [padding[axis][0], high]
    }
    return try gradient.graph.apply1(
      Convolution(
        axes: axes.text, strides: kernelDilation, padding: pads, inputDilation: inputDilation,
        kernelDilation: strides, batchGroups: featureGroups), [input, gradient],
      site: CallSite())
  }

  /// Moves the group's part of one kernel axis to another: `[g·o, i]` becomes `[o, g·i]`.
  private func regrouped(_ kernel: Value, from: Int, to: Int, groups: Int) throws -> Value {
    let count = Dimension(groups)
    var split = kernel.shape.dimensions
    split[from] = split[from].floorDivided(by: count)
    let own = split[from]
    split.insert(count, at: from)
    var order = Array(0...kernel.rank)
    order.remove(at: from)
    // `to` counts axes of the kernel; one was inserted before those that follow `from`.
    let target = order.firstIndex(of: to > from ? to + 1 : to)!
    order.insert(from, at: target)
    var merged = kernel.shape.dimensions
    merged[from] = own
    merged[to] = merged[to] * count
    return try reshape(transpose(reshape(kernel, Shape(split)), order), Shape(merged))
  }

  private func known(_ value: Value, _ axis: Int) throws -> Int {
    guard let size = value.shape[axis].constant else {
      throw TenonError(
        "no-gradient",
        "convolution: the gradient needs known spatial sizes, axis \(axis) is \(value.shape[axis])")
    }
    return size
  }
}
