import TenonGraph
import TenonTensor

extension TenonError {
  static let noModelGraph = TenonError(
    "model-file", "the file holds no graph; is it an ONNX model?")

  static func operatorSet(_ version: Int64, newest: Int) -> TenonError {
    TenonError(
      "operator-set",
      "the model asks for version \(version) of the operator set ai.onnx; versions 1 to \(newest) "
        + "are known: export the model for one of them")
  }

  static func unsupportedOperators(_ found: [UnsupportedONNXOperator]) -> TenonError {
    TenonError(
      "unsupported-operators",
      "\(found.count == 1 ? "an operator is" : "\(found.count) operators are") not "
        + "supported; `tenon ops --onnx` lists those that are",
      details: found.map(\.description))
  }

  static func noModelInput(_ name: String, _ known: [String]) -> TenonError {
    TenonError(
      "model-input", "the model has no input \(name) to bind by value",
      details: ["inputs: \(known.joined(separator: ", "))"])
  }

  static func inputKind(_ name: String) -> TenonError {
    TenonError("model-input", "input \(name) must be a tensor; sequences and maps are not read")
  }

  static func inputElement(_ name: String, _ number: Int) -> TenonError {
    TenonError("model-input", "input \(name) has the element type \(number), which is not known")
  }

  static func unknownRank(_ name: String) -> TenonError {
    TenonError(
      "model-input",
      "input \(name) has no declared shape; import the model for given inputs, or bind it by value")
  }

  static func negativeSize(_ name: String, _ axis: Int, _ size: Int64) -> TenonError {
    TenonError("model-input", "input \(name) has the size \(size) on axis \(axis); sizes are >= 0")
  }

  static func feedElement(_ name: String, _ wanted: ElementType, _ given: ElementType)
    -> TenonError
  {
    TenonError("model-input", "input \(name) takes \(wanted), given \(given)")
  }

  static func feedShape(_ name: String, _ wanted: Shape, _ given: [Int]) -> TenonError {
    TenonError(
      "model-input",
      "input \(name) takes the shape \(wanted), given \(Shape(given.map { Dimension($0) }))")
  }

  static func sizeConflict(_ name: String, _ given: Int, _ fed: Int, input: String) -> TenonError {
    TenonError("model-input", "size \(name) is \(given), but input \(input) has \(fed) there")
  }

  static func unknownSize(_ name: String, _ known: [String]) -> TenonError {
    TenonError(
      "model-input", "no input of the model has a size called \(name)",
      details: ["named sizes: " + (known.isEmpty ? "none" : known.joined(separator: ", "))])
  }

  static let noModelOutputs = TenonError("model-output", "the model has no outputs")

  static func missingModelOutput(_ name: String) -> TenonError {
    TenonError("model-output", "output \(name) is given by no node")
  }

  static func emptyOptionalOutput(_ name: String) -> TenonError {
    TenonError("model-output", "output \(name) is an optional without a value")
  }

  static func undefinedName(_ name: String, _ op: String) -> TenonError {
    TenonError("model-node", "\(op): reads \(name), which no input, initializer or node gives")
  }

  static func givenTwice(_ name: String) -> TenonError {
    TenonError("model-node", "\(name) is given twice; names of a graph are unique")
  }

  static func missingResult(_ op: String, _ position: Int, _ name: String) -> TenonError {
    TenonError("model-node", "\(op): output \(position) (\(name)) is not supported")
  }

  static func circle(_ nodes: [String]) -> TenonError {
    TenonError(
      "model-node", "nodes read each other in a circle",
      details: [nodes.prefix(8).joined(separator: ", ") + (nodes.count > 8 ? ", …" : "")])
  }

  static func recursiveFunction(_ name: String) -> TenonError {
    TenonError("model-function", "function \(name) calls itself")
  }

  static func functionInputs(_ name: String, _ wanted: Int, _ given: Int) -> TenonError {
    TenonError("model-function", "function \(name) takes \(wanted) inputs, given \(given)")
  }

  static func missingFunctionOutput(_ output: String, _ name: String) -> TenonError {
    TenonError("model-function", "function \(name): output \(output) is given by no node")
  }

  static func bodyInputs(_ name: String, _ wanted: Int, _ given: Int) -> TenonError {
    TenonError("model-node", "subgraph \(name) takes \(wanted) inputs, given \(given)")
  }
}

extension UnsupportedONNXOperator: CustomStringConvertible {
  /// `NonMaxSuppression (ai.onnx 11) in 2 nodes: nms_1, nms_2; nearest: …`.
  var description: String {
    let set = domain.isEmpty ? "ai.onnx" : domain
    let shown = nodes.prefix(4).joined(separator: ", ") + (nodes.count > 4 ? ", …" : "")
    let uses = nodes.count == 1 ? "node \(shown)" : "\(nodes.count) nodes: \(shown)"
    let text = "\(name) (\(set) \(version.map(String.init) ?? "?")) in \(uses)"
    return nearest.map { "\(text); nearest: \($0)" } ?? text
  }
}
