import Tenon

/// A model as the command reads it from a file.
struct ModelFile {
  var graph: Graph
  /// The values that the file holds for the graph's variables.
  var variables: [String: Tensor]
  /// The inputs of an imported model that were bound by value, which the graph does not take.
  var boundInputs: [String] = []
  /// Whether the sizes given went into the graph when it was recorded.
  private var isImported = false

  /// Reads a model; the kind is told by the file's ending. A model that is imported is recorded for
  /// the sizes and inputs given.
  ///
  /// - Throws: `model-kind` for an ending that is not known, and what reading throws.
  init(path: String, _ feeds: Feeds = Feeds()) throws {
    if path.hasSuffix(".plan") { throw TenonError.planAsModel(path) }
    if path.hasSuffix(".onnx") {
      let imported = try ONNXModel(path: path).graph(
        ONNXImportOptions(
          sizes: feeds.sizes, maximumSizes: feeds.maximumSizes, feeds: feeds.tensors))
      graph = imported.graph
      variables = [:]
      boundInputs = imported.boundInputs
      isImported = true
      return
    }
    if let name = feeds.maximumSizes.keys.sorted().first { throw TenonError.fixedMaximum(name) }
    guard path.hasSuffix(".tenon") else { throw TenonError.modelKind(path) }
    let saved = try SavedGraph.load(path: path, catalog: .standard)
    graph = saved.graph
    variables = Dictionary(
      saved.variables.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// The entry asked for, or the only one that can be run: `initialize` and those that write
  /// variables are not chosen by themselves.
  ///
  /// - Throws: `unknown-entry` or `entry-choice`.
  func entry(_ name: String?) throws -> Entry {
    if let name {
      guard let entry = graph.entry(name) else {
        throw TenonError.noEntry(name, graph.entries.map(\.name))
      }
      return entry
    }
    let runnable = graph.entries.filter { entry in
      entry.results.allSatisfy { if case .port = $0 { true } else { false } }
    }
    guard runnable.count == 1 else { throw TenonError.entryChoice(runnable.map(\.name)) }
    return runnable[0]
  }

  /// Compiles an entry with the variables as constants.
  func compiled(
    _ entry: Entry, sizes: [String: Int], options: CompileOptions = CompileOptions()
  ) throws -> Program {
    var options = options
    options.entries = [entry.name]
    options.sizes = sizes
    let writes = entry.results.contains { if case .variable = $0 { true } else { false } }
    if !writes { options.frozen = variables }
    let program = try compile(graph, options)
    if writes { try program.setValues(variables) }
    return program
  }

  /// The inputs of an entry with their types, in order.
  func inputs(_ entry: Entry) -> [(name: String, type: TensorType)] {
    zip(graph.arguments(entry.region), entry.arguments).compactMap { value, binding in
      guard case .port(let name) = binding else { return nil }
      return (name, graph.tensorType(value))
    }
  }

  /// Sizes for the bound symbols of an entry: those given, and those that the inputs' shapes tell.
  ///
  /// - Throws: `dimension` where the two disagree.
  func sizes(_ entry: Entry, _ feeds: Feeds) throws -> [String: Int] {
    if isImported { return [:] }
    var sizes = feeds.sizes
    for (name, type) in inputs(entry) {
      guard let tensor = feeds.tensors[name], tensor.rank == type.rank else { continue }
      for (dimension, size) in zip(type.shape, tensor.shape) {
        guard let symbol = dimension.symbols.first, dimension == Dimension(symbol),
          !symbol.isRunning
        else { continue }
        if let other = sizes[symbol.name], other != size {
          throw TenonError.dimensionConflict(symbol.name, other, size, input: name)
        }
        sizes[symbol.name] = size
      }
    }
    return sizes
  }

  /// As `sizes`; symbols that nobody gave a number are 1, so that a model can be looked at and
  /// measured without knowing them.
  func chosenSizes(_ entries: [Entry], _ feeds: Feeds) throws -> [String: Int] {
    var sizes: [String: Int] = [:]
    for entry in entries {
      sizes.merge(try self.sizes(entry, feeds)) { first, _ in first }
      for (_, type) in inputs(entry) {
        for symbol in type.shape.symbols where !symbol.isRunning && sizes[symbol.name] == nil {
          sizes[symbol.name] = 1
        }
      }
    }
    return sizes
  }

  /// The tensors that the graph takes: all but those bound by value.
  func inputs(of feeds: Feeds) -> [String: Tensor] {
    feeds.tensors.filter { !boundInputs.contains($0.key) }
  }
}
