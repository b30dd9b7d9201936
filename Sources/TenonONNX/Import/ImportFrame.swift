/// What a graph's nodes see beside names: the operator sets in force and, inside a function, the
/// attributes of the call.
struct ImportFrame {
  /// Versions by domain, `""` for `ai.onnx`.
  var versions: [String: Int]
  var attributes: [String: ONNXAttributeProto] = [:]
  /// The functions being expanded, outermost first.
  var calls: [FunctionKey] = []

  init(_ sets: [ONNXOperatorSetIdProto]) {
    versions = [:]
    for set in sets { versions[canonical(domain: set.domain)] = Int(set.version) }
  }

  func version(_ domain: String) -> Int? { versions[canonical(domain: domain)] }
}

/// A function of a model, as nodes name it.
struct FunctionKey: Hashable {
  let domain: String
  let name: String
  let overload: String

  init(_ node: ONNXNodeProto) {
    self.init(canonical(domain: node.domain), node.opType, node.overload)
  }

  init(_ function: ONNXFunctionProto) {
    self.init(canonical(domain: function.domain), function.name, function.overload)
  }

  private init(_ domain: String, _ name: String, _ overload: String) {
    self.domain = domain
    self.name = name
    self.overload = overload
  }
}

/// `ai.onnx` and the empty name are one domain.
func canonical(domain: String) -> String { domain == "ai.onnx" ? "" : domain }
