import TenonGraph
import TenonOps
import TenonTensor

extension Graph {
  /// Makes variables constants: entries read the values given instead. Entries that write one of
  /// them, and `initialize`, are dropped.
  ///
  /// - Throws: `unknown-variable` for a name the graph does not have, `assigned-type` for a value
  ///   that does not fit.
  func freeze(_ values: [String: Tensor]) throws {
    if values.isEmpty { return }
    for name in values.keys.sorted() {
      guard let variable = variables.first(where: { $0.name == name }) else {
        throw TenonError.unknownVariable(name, known: variables.map(\.name))
      }
      let value = values[name]!
      guard value.elementType == variable.type.element, Shape(value.shape) == variable.type.shape
      else { throw TenonError.frozenType(variable, value) }
    }
    func isFrozen(_ binding: Binding) -> Bool {
      guard case .variable(let id) = binding else { return false }
      return values[variables[id.index].name] != nil
    }
    var kept: [Entry] = []
    for var entry in entries where !entry.results.contains(where: isFrozen) {
      var forward: [ValueID: ValueID] = [:]
      var constants: [NodeID] = []
      let arguments = self.arguments(entry.region)
      for (argument, binding) in zip(arguments, entry.arguments) where isFrozen(binding) {
        let (value, nodes) = try recordDetached(
          in: entry.region, origin: origins.leaf(text: describe(binding)), scope: .root
        ) { try constant(values[describe(binding)]!) }
        forward[argument] = value.id
        constants += nodes
      }
      let places = entry.arguments.indices.filter { !isFrozen(entry.arguments[$0]) }
      for node in nodes(entry.region) {
        for position in 0..<operandCount(node) {
          if let value = forward[operand(node, position)] { setOperand(node, position, value) }
        }
      }
      setNodes(entry.region, constants + nodes(entry.region))
      setResults(entry.region, results(entry.region).map { forward[$0] ?? $0 })
      setArguments(entry.region, places.map { arguments[$0] })
      entry.arguments = places.map { entry.arguments[$0] }
      kept.append(entry)
    }
    setEntries(kept)
  }
}
