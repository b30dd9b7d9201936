import TenonGraph
import TenonOps
import TenonTensor

/// A graph's entries as lines, values numbered in order of appearance: what passes leave, for
/// assertions.
struct Listing {
  private let graph: Graph
  private var names: [ValueID: String] = [:]
  private var lines: [String] = []

  static func of(_ graph: Graph) -> [String] {
    graph.finishRecording()
    var listing = Listing(graph: graph)
    for entry in graph.entries {
      for (binding, value) in zip(entry.arguments, graph.arguments(entry.region)) {
        listing.names[value] = "%\(graph.describe(binding))"
      }
      listing.add(entry.region, indent: "")
      for (binding, value) in zip(entry.results, graph.results(entry.region)) {
        listing.lines.append("\(graph.describe(binding)) = \(listing.name(value))")
      }
    }
    return listing.lines
  }

  private init(graph: Graph) { self.graph = graph }

  private mutating func name(_ value: ValueID) -> String {
    if let name = names[value] { return name }
    let name = "%\(names.count { $0.value.dropFirst().allSatisfy(\.isNumber) })"
    names[value] = name
    return name
  }

  private mutating func add(_ region: RegionID, indent: String) {
    for node in graph.nodes(region) {
      let operands = graph.operands(node).map { name($0) }
      let results = graph.results(node).map { name($0) }
      let op = graph.op(node)
      let attributes = op.attributes
      var text = "\(indent)\(results.joined(separator: ", ")) = \(type(of: op).name)"
      if !attributes.isEmpty {
        let parts = zip(attributes.names, attributes.values).map { "\($0): \(Self.text($1))" }
        text += "<\(parts.joined(separator: ", "))>"
      }
      text += "(\(operands.joined(separator: ", ")))"
      let types = graph.results(node).map { graph.type($0).description }
      lines.append(text + " " + types.joined(separator: ", "))
      for inner in graph.regions(node) {
        for value in graph.arguments(inner) { _ = name(value) }
        lines.append(
          indent + "  {" + graph.arguments(inner).map { name($0) }.joined(separator: ", "))
        add(inner, indent: indent + "  ")
        lines.append(
          indent + "  } " + graph.results(inner).map { name($0) }.joined(separator: ", "))
      }
    }
  }

  private static func text(_ value: AttributeValue) -> String {
    switch value {
    case .none: "none"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let value): value
    case .elementType(let value): "\(value)"
    case .dimension(let value): "\(value)"
    case .literal(let value):
      (try? value.tensor.elements()).map {
        switch $0 {
        case .floats(let values): "\(values)"
        case .integers(let values): "\(values)"
        }
      } ?? "?"
    case .array(let values): "[\(values.map(text).joined(separator: ", "))]"
    }
  }
}

extension PassContext {
  /// A context for tests, with the ops of the standard catalogue.
  convenience init(testing graph: Graph, options: PassOptions = PassOptions()) {
    self.init(graph, target: Target(.generic), catalog: .standard, options: options)
  }
}
