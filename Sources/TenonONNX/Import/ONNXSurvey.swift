import TenonTensor

/// An operator that an import refuses.
struct UnsupportedONNXOperator {
  /// `""` for `ai.onnx`.
  let domain: String
  let name: String
  /// The version of the operator set that the model asks for; nil where it names none.
  let version: Int?
  /// The nodes that use it, in the model's order.
  let nodes: [String]
  /// What is supported instead, or nil.
  let nearest: String?
}

/// Looks through a model, subgraphs and functions included, for operators that are not known.
struct ONNXSurvey {
  private let model: ONNXModelProto
  private let table: ONNXOperatorTable
  private let functions: [FunctionKey: ONNXFunctionProto]

  init(_ model: ONNXModelProto, _ table: ONNXOperatorTable) {
    self.model = model
    self.table = table
    functions = ONNXSurvey.functions(model)
  }

  static func functions(_ model: ONNXModelProto) -> [FunctionKey: ONNXFunctionProto] {
    Dictionary(model.functions.map { (FunctionKey($0), $0) }, uniquingKeysWith: { $1 })
  }

  /// - Throws: `operator-set` for operator sets newer than any known, `unsupported-operators`.
  func check() throws {
    for set in model.opsetImport where canonical(domain: set.domain).isEmpty {
      guard set.version >= 1, set.version <= ONNXImporter.newestVersion else {
        throw TenonError.operatorSet(set.version, newest: ONNXImporter.newestVersion)
      }
    }
    let found = try unsupported()
    if !found.isEmpty { throw TenonError.unsupportedOperators(found) }
  }

  private struct Use: Hashable {
    let domain: String
    let name: String
    let version: Int?
  }

  func unsupported() throws -> [UnsupportedONNXOperator] {
    var order: [Use] = []
    var nodes: [Use: [String]] = [:]
    var open: [(node: ONNXNodeProto, frame: ImportFrame)] = []
    var visited: Set<FunctionKey> = []
    func push(_ list: [ONNXNodeProto], _ frame: ImportFrame) {
      open += list.reversed().map { ($0, frame) }
    }
    push(model.graph.node, ImportFrame(model.opsetImport))
    while let (node, frame) = open.popLast() {
      for attribute in node.attribute {
        for graph in (attribute.hasG ? [attribute.g] : []) + attribute.graphs {
          push(graph.node, frame)
        }
      }
      let key = FunctionKey(node)
      if let function = functions[key] {
        if visited.insert(key).inserted {
          push(function.node, ImportFrame(function.opsetImport))
        }
        continue
      }
      let version = frame.version(node.domain)
      if let known = table.find(node.opType, domain: node.domain), let version,
        version >= known.since[0]
      {
        continue
      }
      let use = Use(domain: key.domain, name: node.opType, version: version)
      if nodes[use] == nil { order.append(use) }
      nodes[use, default: []].append(NodeOrder.name(node))
    }
    return order.map { use in
      UnsupportedONNXOperator(
        domain: use.domain, name: use.name, version: use.version, nodes: nodes[use]!,
        nearest: nearest(use))
    }
  }

  /// The supported form that comes closest: the same operator of a newer operator set or of another
  /// domain, or another case of its name.
  private func nearest(_ use: Use) -> String? {
    if let known = table.find(use.name, domain: use.domain) {
      if use.version == nil {
        return "the model names no version of the operator set \(name(use.domain))"
      }
      return "\(use.name) of operator set \(known.since[0]) or newer"
    }
    let same = table.operators.first { $0.name.lowercased() == use.name.lowercased() }
    return same.map { "\($0.name) of \(name($0.domain))" }
  }

  private func name(_ domain: String) -> String { domain.isEmpty ? "ai.onnx" : domain }
}
