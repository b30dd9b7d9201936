import TenonGraph
import TenonOps
import TenonTensor

/// A function of a gate, as the recurrent operators name it.
struct RecurrentActivation {
  /// In lower case, without parameters.
  let name: String
  let record: (Value) throws -> Value

  /// Each direction's functions, in the operator's order.
  ///
  /// - Throws: `model-node` for a function that is not known or missing.
  static func all(_ node: ONNXNode, _ defaults: [String], directions: Int) throws
    -> [[RecurrentActivation]]
  {
    let given = try node.strings("activations") ?? []
    let names =
      given.isEmpty ? [[String]](repeating: defaults, count: directions).flatMap { $0 } : given
    let count = defaults.count
    try node.require(
      names.count == count * directions,
      "activations must name \(count * directions) functions, given \(names.count)")
    var alphas = try (node.floats("activation_alpha") ?? [])[...]
    var betas = try (node.floats("activation_beta") ?? [])[...]
    let all = try names.map { try one($0.lowercased(), &alphas, &betas, node) }
    return (0..<directions).map { Array(all[$0 * count..<($0 + 1) * count]) }
  }

  /// A function with its parameters, which are taken from the lists in order.
  private static func one(
    _ name: String, _ alphas: inout ArraySlice<Double>, _ betas: inout ArraySlice<Double>,
    _ node: ONNXNode
  ) throws -> RecurrentActivation {
    func made(_ record: @escaping (Value) throws -> Value) -> RecurrentActivation {
      RecurrentActivation(name: name, record: record)
    }
    switch name {
    case "relu": return made { try relu($0) }
    case "sigmoid": return made { try sigmoid($0) }
    case "softplus": return made { try softplus($0) }
    case "softsign": return made { try softsign($0) }
    case "tanh": return made { try tanh($0) }
    case "affine":
      let (alpha, beta) = (alphas.popFirst() ?? 1, betas.popFirst() ?? 0)
      return made { try $0 * alpha + beta }
    case "elu":
      let alpha = alphas.popFirst() ?? 1
      return made { try elu($0, alpha: alpha) }
    case "hardsigmoid":
      let (alpha, beta) = (alphas.popFirst() ?? 0.2, betas.popFirst() ?? 0.5)
      return made { try hardSigmoid($0, alpha: alpha, beta: beta) }
    case "leakyrelu":
      let alpha = alphas.popFirst() ?? 0.01
      return made { try leakyRelu($0, slope: alpha) }
    case "scaledtanh":
      let (alpha, beta) = (alphas.popFirst() ?? 1, betas.popFirst() ?? 1)
      return made { try tanh($0 * beta) * alpha }
    case "thresholdedrelu":
      let alpha = alphas.popFirst() ?? 1
      return made {
        try select(greaterOrEqual($0, alpha), $0, $0.filled(0, site: CallSite()))
      }
    default: throw node.fail("activation \(name) is not known")
    }
  }
}
