import TenonFormats
import TenonGraph
import TenonOps
import TenonTensor

/// A graph as recorded, and the values that its variables had: what a `.tenon` file holds.
///
/// The file is a valid safetensors file. Its metadata hold the version of the form
/// (`tenon.format`), the graph's text (`tenon.graph`) and, for readers of the header alone, a line
/// for each entry (`tenon.entries`); its tensors are the variables' values under the variables'
/// names and the literals that the text names. Strings, types under 8 bits and `complex128` are
/// stored as `U8`; the graph says what they are.
public struct SavedGraph {
  public let graph: Graph
  /// The values in the file, in the order of the graph's variables; a variable without one has
  /// the value that the entry `initialize` gives.
  public let variables: [(name: String, value: Tensor)]

  public init(graph: Graph, variables: [(name: String, value: Tensor)] = []) {
    self.graph = graph
    self.variables = variables
  }

  /// The version of the form that is written; all versions up to it are read.
  public static let formatVersion = 1

  static let formatKey = "tenon.format"
  static let graphKey = "tenon.graph"
  static let entriesKey = "tenon.entries"
}

extension SavedGraph {
  /// Reads a `.tenon` file. Nothing in it is run.
  ///
  /// - Parameters:
  ///   - catalog: the ops that the graph may use; older versions of them are brought up to date.
  ///   - access: whether tensors are lent from the mapped file or copied.
  /// - Throws: `file-read`; `safetensors` or `json` where it is no safetensors file; `saved-graph`
  ///   where it holds no graph, a newer form, or tensors that do not fit the graph; `graph-text`;
  ///   `unknown-op` with all ops that the catalogue lacks.
  public static func load(
    path: String, catalog: OpCatalog = .standard, access: SafetensorsFile.Access = .mapped
  ) throws -> SavedGraph {
    try TenonError.inContext("while loading \(path)") {
      try read(try SafetensorsFile(path: path, access: access), catalog)
    }
  }

  /// Reads what a `.tenon` file holds.
  ///
  /// - Throws: as `load`.
  static func read(_ file: SafetensorsFile, _ catalog: OpCatalog) throws -> SavedGraph {
    guard let version = file.metadata(formatKey) else { throw TenonError.noSavedGraph(formatKey) }
    guard version == "\(formatVersion)" else { throw TenonError.newerForm(version) }
    guard let text = file.metadata(graphKey) else { throw TenonError.noSavedGraph(graphKey) }
    var literals: [String: Tensor] = [:]
    let graph = try Graph(parsing: text, catalog: catalog) { name, type, shape in
      if let known = literals[name], known.elementType == type, known.shape == shape {
        return known
      }
      let literal = try StoredTensor.restored(file.tensor(named: name), type, shape, name)
      literals[name] = literal
      return literal
    }
    let names = Set(file.names)
    var values: [(name: String, value: Tensor)] = []
    var used = Set(literals.keys)
    for variable in graph.variables where names.contains(variable.name) {
      let stored = try file.tensor(named: variable.name)
      values.append((variable.name, try StoredTensor.restored(stored, as: variable)))
      used.insert(variable.name)
    }
    for name in file.names where !used.contains(name) { throw TenonError.unusedTensor(name) }
    return SavedGraph(graph: graph, variables: values)
  }
}

extension Graph {
  /// Writes the graph as recorded, and values of its variables, as a `.tenon` file. The path holds
  /// either the old file or all of the new one, whatever happens meanwhile.
  ///
  /// - Parameter variables: values by variable; those left out are initialized when the graph is
  ///   run.
  /// - Throws: `saved-graph` for a value that is no variable's or does not fit, and `file-write`.
  public func save(to path: String, variables: [(name: String, value: Tensor)]? = nil) throws {
    let (tensors, metadata) = try TenonError.inContext("while saving \(path)") {
      try savedParts(variables ?? [])
    }
    try Safetensors.write(tensors: tensors, metadata: metadata, to: path)
  }

  /// What a `.tenon` file with the graph and the values holds.
  func savedParts(_ values: [(name: String, value: Tensor)]) throws -> (
    tensors: [(String, Tensor)], metadata: [(String, String)]
  ) {
    var tensors: [(String, Tensor)] = []
    var given: Set<String> = []
    for (name, value) in values {
      guard let variable = variables.first(where: { $0.name == name }) else {
        throw TenonError.noVariable(name, known: variables.map(\.name))
      }
      guard given.insert(name).inserted else { throw TenonError.variableTwice(name) }
      guard StoredTensor.fits(value.elementType, value.shape, variable) else {
        throw TenonError.unfitValue(variable, value.typeDescription)
      }
      tensors.append((name, try StoredTensor.stored(value, as: variable)))
    }
    let table = LiteralTable(avoiding: variables.map(\.name))
    let text = text(TextOptions(origins: true), literals: table)
    for (name, literal) in table.tensors {
      tensors.append((name, try StoredTensor.stored(literal)))
    }
    let metadata = [
      (SavedGraph.formatKey, "\(SavedGraph.formatVersion)"),
      (SavedGraph.entriesKey, entries.map(summary).joined(separator: "\n")),
      (SavedGraph.graphKey, text),
    ]
    return (tensors, metadata)
  }

  /// `predict(images: f32[batch, 64]) -> (probabilities: f32[batch, 10])`; variables are left out.
  private func summary(_ entry: Entry) -> String {
    func ports(_ bindings: [Binding], _ values: [ValueID]) -> String {
      zip(bindings, values).compactMap { binding, value in
        guard case .port(let name) = binding else { return nil }
        return "\(name): \(type(value))"
      }.joined(separator: ", ")
    }
    let inputs = ports(entry.arguments, arguments(entry.region))
    let outputs = ports(entry.results, results(entry.region))
    return "\(entry.name)(\(inputs)) -> (\(outputs))"
  }
}
