import TenonTensor

/// Checks a pass by what small entries compute before and after it on the same random values.
struct EntryVerifier {
  /// By entry, its results on each trial; nil where it cannot be evaluated or is too large.
  private var known: [String: [[Tensor]]] = [:]

  /// Entries of more nodes, or with more elements in all values, are not evaluated.
  static let nodeLimit = 4_000
  static let elementLimit = 1 << 16
  /// A run of more steps, as of an endless loop, is given up.
  static let stepLimit = 20_000

  private let precision: PassOptions.Precision

  init(_ graph: Graph, _ precision: PassOptions.Precision) {
    self.precision = precision
    for entry in graph.entries { known[entry.name] = EntryVerifier.results(graph, entry) }
  }

  /// Compares with what the entries computed before, and remembers what they compute now.
  ///
  /// - Throws: `wrong-pass` with the first element that differs.
  mutating func check(_ graph: Graph) throws {
    for entry in graph.entries {
      let results = EntryVerifier.results(graph, entry)
      if let before = known[entry.name], let results {
        for (old, new) in zip(before, results) {
          guard let difference = Difference(old, new, isExact: false, precision) else { continue }
          throw TenonError.wrongPass(entry.name, difference.description)
        }
      }
      known[entry.name] = results
    }
  }

  private static func results(_ graph: Graph, _ entry: Entry) -> [[Tensor]]? {
    let regions = graph.regions(under: entry.region)
    guard regions.reduce(0, { $0 + graph.nodes($1).count }) <= nodeLimit else { return nil }
    let types = graph.arguments(entry.region).map { graph.type($0) }
    guard types.allSatisfy({ $0.tensor != nil }) else { return nil }
    guard let sizing = EditSizing.first(symbolsOf: types, graph) else { return nil }
    var elements = 0
    for region in regions {
      let values =
        graph.arguments(region) + graph.nodes(region).flatMap { graph.results($0) }
      for value in values {
        guard let shape = graph.type(value).tensor?.shape, let sizes = sizing.shape(shape) else {
          return nil
        }
        elements = Dimension.clamp(elements + RowMajor.count(sizes))
      }
    }
    guard elements <= elementLimit else { return nil }
    let interpreter = Interpreter(graph, sizes: sizing.sizesByName)
    interpreter.limitSteps(stepLimit)
    var trials: [[Tensor]] = []
    for trial in 0..<2 {
      var samples = EditSamples(seed: UInt64(trial), isSpecial: trial == 1)
      do {
        let arguments = try types.map { type in
          try samples.tensor(type.tensor!.element, sizing.shape(type.tensor!.shape)!)
        }
        trials.append(try interpreter.evaluate(entry.region, arguments))
      } catch {
        return nil
      }
    }
    return trials
  }
}

extension Interpreter {
  /// Gives up a run after `limit` nodes.
  func limitSteps(_ limit: Int) {
    var steps = 0
    observer = { _, _ in
      steps += 1
      if steps > limit {
        throw TenonError("step-limit", "the run takes more than \(limit) steps")
      }
    }
  }
}

extension EditSizing {
  /// The first choice of numbers for the symbols of types that recording allows.
  static func first(symbolsOf types: [ValueType], _ graph: Graph) -> EditSizing? {
    candidates(types.compactMap { $0.tensor?.shape }, graph).first
  }

  var sizesByName: [String: Int] {
    var sizes: [String: Int] = [:]
    for (symbol, size) in symbols { sizes[symbol.name] = size }
    return sizes
  }
}
