import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `Resize`: axis by axis, each result element a weighted sum of a few of the operand's.
  static let resize = ONNXOperator("Resize", since: [10, 11, 13, 18, 19]) { node in
    let isOld = node.version < 11
    return try node.resized(
      scales: node.has(isOld ? 1 : 2) ? node.doubles(isOld ? 1 : 2) : [],
      sizes: !isOld && node.has(3) ? node.sizes(3) : [])
  }

  static let upsample = ONNXOperator("Upsample", since: [1, 7, 9, 10]) { node in
    if node.version >= 9 { return try node.resized(scales: node.doubles(1), sizes: []) }
    if node.version >= 7 { return try node.resized(scales: node.floats("scales") ?? [], sizes: []) }
    let scales = [try node.float("height_scale"), try node.float("width_scale")].compactMap { $0 }
    try node.require(scales.count == 2, "attributes height_scale and width_scale are missing")
    return try node.resized(scales: [1, 1] + scales, sizes: [])
  }
}

extension ONNXNode {
  fileprivate func resized(scales: [Double], sizes: [Dimension]) throws -> Value {
    let x = try input(0)
    let axes = try self.axes(integers("axes") ?? Array(x.shape.indices), rank: x.rank)
    try require(
      (scales.isEmpty ? sizes.count : scales.count) == axes.count
        && (scales.isEmpty || sizes.isEmpty),
      "needs one scale or one size for each of \(axes.count) axes")
    try require(scales.allSatisfy { $0 > 0 && $0 < 1e9 }, "scales must be over 0, given \(scales)")
    let plan = try resizedAxes(x, axes, scales, sizes)
    let isExact = plan.allSatisfy { if case .nearest = $0.value.mode { true } else { false } }
    let wide = x.elementType == .f64 ? ElementType.f64 : .f32
    var result = isExact ? x : try convert(x, to: wide)
    var outside: [(axis: Int, mask: [Bool])] = []
    for (axis, one) in plan.sorted(by: { $0.key < $1.key }) {
      let taps = one.taps
      if taps.isOutside.contains(true) { outside.append((axis, taps.isOutside)) }
      result = try read(result, taps, axis)
    }
    for (axis, mask) in outside {
      let isOutside = try graph.constant(Tensor(mask, shape: [mask.count]))
        .repeated(along: axis, of: result.shape)
      let fill = try graph.scalar(
        float("extrapolation_value", default: 0), isExact ? x.elementType : wide)
      result = try select(isOutside, TenonOps.broadcast(fill, to: result.shape), result)
    }
    return try convert(result, to: x.elementType)
  }

  /// The axes that change.
  private func resizedAxes(
    _ x: Value, _ axes: [Int], _ scales: [Double], _ sizes: [Dimension]
  ) throws -> [Int: ResizeAxis] {
    // Before version 11 an element's place was its index times the scale.
    let coordinates =
      version < 11
      ? "asymmetric"
      : try string("coordinate_transformation_mode", default: "half_pixel")
    try require(
      [
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
        "tf_crop_and_resize",
      ].contains(coordinates), "coordinate_transformation_mode \(coordinates) is not known")
    let isCropped = coordinates == "tf_crop_and_resize"
    let region = isCropped ? try doubles(1) : []
    try require(
      !isCropped || region.count == 2 * axes.count, "roi must have two numbers for each axis")
    let policy = try string("keep_aspect_ratio_policy", default: "stretch")
    var found: [Int: ResizeAxis] = [:]
    var ratios: [Double] = []
    for (position, axis) in axes.enumerated() {
      if sizes.isEmpty ? scales[position] == 1 : sizes[position] == x.shape[axis], !isCropped,
        policy == "stretch"
      {
        continue
      }
      guard let from = x.shape[axis].constant,
        let to = sizes.isEmpty
          ? Int((scales[position] * Double(from)).rounded(.down)) : sizes[position].constant
      else { throw fail("axis \(axis) must have a known size to be resized") }
      try require(
        from > 0 && to >= 0 && to < 1 << 31, "axis \(axis) cannot be resized from \(from) to \(to)")
      let scale = sizes.isEmpty ? scales[position] : Double(to) / Double(from)
      ratios.append(scale)
      found[axis] = ResizeAxis(
        mode: try resizeMode(), coordinates: coordinates,
        isAntialiased: try flag("antialias"), excludesOutside: try flag("exclude_outside"),
        scale: scale, from: from, to: to,
        region: isCropped ? (region[position], region[axes.count + position]) : (0, 1))
    }
    if sizes.isEmpty || policy == "stretch" { return found }
    try require(
      policy == "not_larger" || policy == "not_smaller",
      "keep_aspect_ratio_policy \(policy) is not known")
    let scale = (policy == "not_larger" ? ratios.min() : ratios.max()) ?? 1
    return found.mapValues { axis in
      var axis = axis
      axis.scale = scale
      axis.to = Int((scale * Double(axis.from) + 0.5).rounded(.down))
      return axis
    }
  }

  private func resizeMode() throws -> ResizeAxis.Mode {
    switch try string("mode", default: "nearest") {
    case "nearest":
      let rounding = try string(
        "nearest_mode", default: version < 11 ? "floor" : "round_prefer_floor")
      try require(
        ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"].contains(rounding),
        "nearest_mode \(rounding) is not known")
      return .nearest(rounding)
    case "linear", "bilinear": return .linear
    case "cubic": return .cubic(try float("cubic_coeff_a", default: -0.75))
    case let other: throw fail("mode must be nearest, linear or cubic, not \(other)")
    }
  }

  /// The sum of what the taps read along an axis.
  private func read(_ x: Value, _ taps: ResizeAxis.Taps, _ axis: Int) throws -> Value {
    var total: Value?
    for (position, places) in taps.places.enumerated() {
      let part = try take(x, graph.constant(Tensor(places, shape: [places.count])), axis: axis)
      guard !taps.weights.isEmpty else { return part }
      let weights = try Tensor(taps.weights[position], shape: [places.count])
      let weighted =
        try part
        * graph.constant(weights.converted(to: x.elementType)).repeated(along: axis, of: part.shape)
      total = try total.map { try $0 + weighted } ?? weighted
    }
    return total ?? x
  }
}
