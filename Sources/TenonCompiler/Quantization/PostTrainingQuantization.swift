import TenonGraph
import TenonOps
import TenonTensor

/// Static quantization of a trained model to 8 bits: inputs of contractions become u8 with one scale
/// and zero point, from the range that samples show; constant weights become i8 with a scale for each
/// output channel and no zero point (B. Jacob et al., "Quantization and Training of Neural Networks
/// for Efficient Integer-Arithmetic-Only Inference", 2018). What is inserted is `quantize` and
/// `dequantize`, which the passes turn into contractions of integers.
public struct PostTrainingQuantization {
  /// Layers whose relative error is larger stay in f32.
  public var maximumError: Double
  /// How the model is compiled to see ranges and errors; `frozen` holds the variables' values.
  public var options: CompileOptions

  public init(maximumError: Double = 0.1, options: CompileOptions = CompileOptions()) {
    self.maximumError = maximumError
    self.options = options
  }

  /// The graph with one entry, its variables constants, and its layers on integers; and what that
  /// costs in accuracy.
  ///
  /// - Parameter samples: inputs by name, as the model will meet them; a few dozen are enough.
  /// - Throws: `unknown-entry`; `quantize` without samples, for an entry without contractions of
  ///   f32 with constant weights, and where a range is not finite; and what compiling and running
  ///   throw.
  public func apply(to graph: Graph, entry name: String, samples: [[String: Tensor]]) throws -> (
    graph: Graph, report: QuantizationReport
  ) {
    guard !samples.isEmpty else { throw TenonError.noSamples() }
    let plain = graph.copy()
    guard let entry = plain.entry(name) else {
      throw TenonError.unknownEntry(name, known: plain.entries.map(\.name))
    }
    plain.setEntries([entry])
    try plain.freeze(options.frozen)
    let region = entry.region
    let layers = plain.nodes(region).compactMap { QuantizableLayer(plain, $0) }
    guard !layers.isEmpty else { throw TenonError.noLayers(name) }
    let ranges = try ranges(of: layers, plain, name, samples)
    let errors = try errors(of: layers, ranges, plain, name, samples)
    let chosen = layers.indices.filter { errors[$0] <= maximumError }
    let quantized = plain.copy()
    try quantized.quantize(chosen.map { (layers[$0], ranges[$0]) }, in: region)
    let report = QuantizationReport(
      layers: layers.indices.map { place in
        let layer = layers[place]
        return QuantizationReport.Layer(
          name: plain.origins.primaryLine(plain.origin(layer.node)) ?? "layer \(place)",
          op: type(of: plain.op(layer.node)).name, weights: layer.weights.shape,
          range: ranges[place].low...ranges[place].high, error: errors[place],
          isQuantized: errors[place] <= maximumError)
      }, outputs: try outputErrors(plain, quantized, name, samples), sampleCount: samples.count,
      maximumError: maximumError)
    return (quantized, report)
  }

  private func ranges(
    of layers: [QuantizableLayer], _ graph: Graph, _ entry: String, _ samples: [[String: Tensor]]
  ) throws -> [ActivationRange] {
    var ranges = layers.map { _ in ActivationRange(low: .infinity, high: -.infinity) }
    let seen = try observe(graph, entry, layers) { layer, copy in
      let input = Value(copy, layer.input)
      return [try minimum(input, axes: nil), try maximum(input, axes: nil)]
    }
    for sample in samples {
      for (place, values) in try seen(sample).enumerated() {
        ranges[place].low = min(ranges[place].low, Float(values[0]))
        ranges[place].high = max(ranges[place].high, Float(values[1]))
        guard values.allSatisfy(\.isFinite) else {
          let line = graph.origins.primaryLine(graph.origin(layers[place].node))
          throw TenonError.notFinite("the inputs of the layer at \(line ?? "place \(place)")")
        }
      }
    }
    return ranges
  }

  /// By layer, the relative error of it alone on integers.
  private func errors(
    of layers: [QuantizableLayer], _ ranges: [ActivationRange], _ graph: Graph, _ entry: String,
    _ samples: [[String: Tensor]]
  ) throws -> [Double] {
    let rangeOf = Dictionary(uniqueKeysWithValues: zip(layers.map(\.node), ranges))
    let seen = try observe(graph, entry, layers) { layer, copy in
      let (x, w) = try layer.quantizedOperands(copy, rangeOf[layer.node]!)
      let rest = copy.operands(layer.node).dropFirst(2).map { Value(copy, $0) }
      let y = Value(copy, copy.result(layer.node))
      let q = try copy.applyAny(copy.op(layer.node), [x, w] + rest, site: CallSite())[0]
      return try [(q - y), y].map { try sum(convert($0 * $0, to: .f64)) }
    }
    var sums = layers.map { _ in [0.0, 0.0] }
    for sample in samples {
      for (place, values) in try seen(sample).enumerated() {
        for (number, value) in values.enumerated() { sums[place][number] += value }
      }
    }
    return sums.map(relativeError)
  }

  private func outputErrors(
    _ plain: Graph, _ quantized: Graph, _ entry: String, _ samples: [[String: Tensor]]
  ) throws -> [QuantizationReport.Output] {
    let programs = try [plain, quantized].map { try compiled($0, entry) }
    var sums: [String: [Double]] = [:]
    let outputs = try programs[0].entry(entry).outputs.map(\.name)
    for sample in samples {
      let results = try programs.map { try $0.run(entry, sample) }
      for name in outputs {
        guard let y = results[0][name], let q = results[1][name], y.elementType.isFloat,
          y.shape == q.shape
        else { continue }
        let (a, b) = (try y.doubles(), try q.doubles())
        for (x, z) in zip(a, b) {
          sums[name, default: [0, 0]][0] += (z - x) * (z - x)
          sums[name, default: [0, 0]][1] += x * x
        }
      }
    }
    return outputs.compactMap { name in
      sums[name].map { QuantizationReport.Output(name: name, error: relativeError($0)) }
    }
  }

  private func relativeError(_ sums: [Double]) -> Double {
    sums[0] == 0 ? 0 : (sums[0] / sums[1]).squareRoot()
  }

  private func compiled(_ graph: Graph, _ entry: String) throws -> Program {
    var options = options
    options.frozen = [:]
    options.entries = [entry]
    return try compile(graph, options)
  }

  /// Runs an entry with numbers of each layer as further outputs.
  private func observe(
    _ graph: Graph, _ name: String, _ layers: [QuantizableLayer],
    _ record: (QuantizableLayer, Graph) throws -> [Value]
  ) throws -> ([String: Tensor]) throws -> [[Double]] {
    let copy = graph.copy()
    var entry = copy.entry(name)!
    var (nodes, results) = (copy.nodes(entry.region), copy.results(entry.region))
    var counts: [Int] = []
    func port(_ place: Int, _ number: Int) -> String { "\u{1}\(place).\(number)" }
    for (place, layer) in layers.enumerated() {
      let (values, new) = try copy.recordDetached(
        in: entry.region, origin: copy.origin(layer.node), scope: copy.scope(layer.node)
      ) { try record(layer, copy) }
      nodes += new
      results += values.map(\.id)
      entry.results += values.indices.map { .port(port(place, $0)) }
      counts.append(values.count)
    }
    copy.setNodes(entry.region, nodes)
    copy.setResults(entry.region, results)
    copy.setEntries([entry])
    let program = try compiled(copy, name)
    return { sample in
      let outputs = try program.run(name, sample)
      return try counts.enumerated().map { place, count in
        try (0..<count).map { try outputs[port(place, $0)]!.doubles()[0] }
      }
    }
  }
}

extension Graph {
  /// Gives layers operands that passed through 8-bit integers.
  fileprivate func quantize(
    _ layers: [(QuantizableLayer, ActivationRange)], in region: RegionID
  ) throws {
    var before: [NodeID: [NodeID]] = [:]
    for (layer, range) in layers {
      let (operands, new) = try recordDetached(
        in: region, origin: origin(layer.node), scope: scope(layer.node)
      ) { try layer.quantizedOperands(self, range) }
      setOperand(layer.node, 0, operands.0.id)
      setOperand(layer.node, 1, operands.1.id)
      before[layer.node] = new
    }
    setNodes(region, nodes(region).flatMap { (before[$0] ?? []) + [$0] })
  }
}

extension TenonError {
  static func noSamples() -> TenonError {
    TenonError("quantize", "there are no samples; ranges are seen on a few dozen real inputs")
  }

  static func noLayers(_ entry: String) -> TenonError {
    TenonError(
      "quantize",
      "entry \(entry) has no matrix product or convolution of f32 with constant weights")
  }
}
