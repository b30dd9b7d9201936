import TenonGraph
import TenonTensor

extension ReduceWindow {
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let combiner = try? RegionExpressions.combiner(site.regions[0], of: site.graph).get()
    guard site.operands.count == 2, let combiner else { throw TenonError.noGradient(Self.name) }
    switch combiner {
    case .sum: return try sumGradient(site)
    case .maximum: return try extremeGradient(site, isMaximum: true)
    case .minimum: return try extremeGradient(site, isMaximum: false)
    default: throw TenonError.noGradient("reduce_window with this combiner")
    }
  }

  /// Each element's gradient is the sum of those of the windows that it lies in: windows over the
  /// result's gradient (Dumoulin and Visin, "A guide to convolution arithmetic", section 4).
  private func sumGradient(_ site: GradientSite) throws -> [Value?] {
    let (x, gradient, graph) = (site.operands[0], site.gradient, site.graph)
    var gradients: [Value?] = [nil, nil]
    if site.wanted[0] {
      let pads = try x.shape.indices.map { axis -> [Int] in
        let reach = (windowDimensions[axis] - 1) * windowDilations[axis]
        let isPlain = reach == 0 && windowStrides[axis] == 1 && baseDilations[axis] == 1
        if isPlain && padding[axis] == [0, 0] { return [0, 0] }
        guard let size = x.shape[axis].constant, let steps = gradient.shape[axis].constant else {
          throw TenonError(
            "no-gradient",
            "reduce_window: the gradient needs known sizes, axis \(axis) is \(x.shape[axis])")
        }
        let low = reach - padding[axis][0]
        let spread = { (size: Int, step: Int) in size == 0 ? 0 : (size - 1) * step + 1 }
        let produced = spread(steps, windowStrides[axis]) + low - reach
        return [low, spread(size, baseDilations[axis]) - produced]
      }
      let zero = try graph.scalar(0, x.elementType, site: CallSite())
      gradients[0] = try graph.apply1(
        ReduceWindow(
          windowDimensions: windowDimensions, windowStrides: baseDilations,
          baseDilations: windowStrides, windowDilations: windowDilations, padding: pads),
        [gradient, zero], regions: [graph.combiner(Add(), x.elementType)], site: CallSite())
    }
    if site.wanted[1] {
      // How often the initial value is in each window: once, and for all padding.
      let one = try graph.scalar(1, x.elementType, site: CallSite())
      let counts = try graph.apply1(
        self, [x.filled(0, site: CallSite()), one],
        regions: [graph.combiner(Add(), x.elementType)], site: CallSite())
      gradients[1] = try sum(gradient * counts)
    }
    return gradients
  }

  /// The first of a window's extreme elements takes its gradient.
  private func extremeGradient(_ site: GradientSite, isMaximum: Bool) throws -> [Value?] {
    let (x, initial, graph) = (site.operands[0], site.operands[1], site.graph)
    let count = x.shape.elementCount
    let places = try reshape(graph.iota(.i64, [count]), x.shape)
    let nowhere = try graph.scalar(-1, .i64, site: CallSite())
    let region = try graph.extremeWithPlace(x.elementType, isMaximum: isMaximum)
    let winners = try graph.apply(
      self, [x, places, initial, nowhere], regions: [region], site: CallSite())[1]
    var gradients: [Value?] = [nil, nil]
    if site.wanted[0] {
      let flat = try scatter(
        x.filled(0, site: CallSite(), shape: [count]),
        reshape(winners, [winners.shape.elementCount]),
        reshape(site.gradient, [winners.shape.elementCount]), by: .add)
      gradients[0] = try reshape(flat, x.shape)
    }
    if site.wanted[1] {
      let zero = try site.gradient.filled(0, site: CallSite())
      gradients[1] = try sum(select(less(winners, 0), site.gradient, zero))
    }
    return gradients
  }
}

extension Graph {
  /// A region that combines pairs of a value and its place into the pair of the larger (smaller)
  /// value, of equal ones and of NaN the first.
  func extremeWithPlace(
    _ element: ElementType, isMaximum: Bool, place: ElementType = .i64, isLast: Bool = false
  ) throws -> RegionID {
    let types: [ValueType] = [.tensor(element, .scalar), .tensor(place, .scalar)]
    return try recordClosedRegion(types + types) { values in
      let (x, i, y, j) = (values[0], values[1], values[2], values[3])
      var isBetter = isMaximum ? try greater(y, x) : try less(y, x)
      if isLast { isBetter = try or(isBetter, equal(y, x)) }
      if element.isFloat {
        let isFirstNaN = try and(notEqual(y, y), equal(x, x))
        isBetter = try and(or(isBetter, isFirstNaN), equal(x, x))
      }
      return [try select(isBetter, y, x), try select(isBetter, j, i)]
    }
  }
}

extension Value {
  /// A number in the value's element type and another shape.
  func filled(_ number: some Scalar, site: CallSite, shape: Shape) throws -> Value {
    try graph.apply1(
      BroadcastInDim(shape: shape, dimensions: []),
      [graph.scalar(number, elementType, site: site)], site: site)
  }
}
