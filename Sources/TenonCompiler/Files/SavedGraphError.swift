import TenonGraph
import TenonTensor

extension TenonError {
  static func noSavedGraph(_ key: String) -> TenonError {
    TenonError(
      "saved-graph",
      "saved graph: the file is a safetensors file without a graph: its metadata lack `\(key)`")
  }

  static func newerForm(_ version: String) -> TenonError {
    TenonError(
      "saved-graph",
      "saved graph: the form `\(version.prefix(20))` cannot be read: this build knows forms up to "
        + "\(SavedGraph.formatVersion)")
  }

  static func unusedTensor(_ name: String) -> TenonError {
    TenonError(
      "saved-graph",
      "saved graph: the tensor \(name) is no variable's and no literal's of the graph")
  }

  static func noVariable(_ name: String, known: [String]) -> TenonError {
    TenonError(
      "saved-graph", "saved graph: the graph has no variable \(name)",
      details: ["variables: " + (known.isEmpty ? "none" : known.joined(separator: ", "))])
  }

  static func variableTwice(_ name: String) -> TenonError {
    TenonError("saved-graph", "saved graph: variable \(name) is given two values")
  }

  static func unfitValue(_ variable: VariableRecord, _ given: String) -> TenonError {
    TenonError(
      "saved-graph",
      "saved graph: variable \(variable.name) holds \(variable.type), not \(given)")
  }

  static func unsizedVariable(_ variable: VariableRecord) -> TenonError {
    TenonError(
      "saved-graph",
      "saved graph: variable \(variable.name) holds \(variable.type): a value of that element type "
        + "can be saved only where all sizes are numbers")
  }

  static func unfitBytes(
    _ name: String, _ type: ElementType, _ shape: [Int], _ stored: Tensor
  ) -> TenonError {
    TenonError(
      "saved-graph",
      "saved graph: tensor \(name) should be the bytes of \(TensorType(type, Shape(shape))), "
        + "found \(stored.typeDescription)")
  }
}
