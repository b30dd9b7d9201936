import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators of `com.microsoft` that exporters, optimizers and quantizers write.
  static let contrib: [ONNXOperator] =
    contribFused + contribNormalizations + contribAttention + contribQuantized

  /// An operator of `com.microsoft` with one result.
  static func contrib(
    _ name: String, _ record: @escaping @Sendable (ONNXNode) throws -> Value
  ) -> ONNXOperator {
    ONNXOperator(name, domain: microsoft, since: [1], record)
  }

  /// An operator of `com.microsoft` with several results.
  static func contrib(
    many name: String, _ record: @escaping @Sendable (ONNXNode) throws -> [Value]
  ) -> ONNXOperator {
    ONNXOperator(many: name, domain: microsoft, since: [1], record)
  }

  private static let contribFused: [ONNXOperator] = [
    contrib("FusedConv") { node in
      var result = try node.convolved(
        node.input(0), node.input(1), bias: node.optionalInput(2))
      if let more = try node.optionalInput(3) {
        result = try result + TenonOps.broadcast(more, to: result)
      }
      return try node.activated(result, node.floats("activation_params") ?? [])
    },
    contrib("FusedGemm") { node in
      let result = try node.gemm(node.input(0), node.input(1), node.optionalInput(2))
      let parameters = try ["activation_alpha", "activation_beta", "activation_gamma"].map {
        try node.float($0)
      }
      return try node.activated(result, parameters.compactMap { $0 })
    },
    contrib("FusedMatMul") { node in
      func operand(_ position: Int, _ side: String) throws -> Value {
        var x = try node.input(position)
        try node.require(x.rank >= 2, "inputs must have rank 2 or more")
        if try node.flag("transBatch\(side)") {
          x = try transpose(x, Array(1..<x.rank - 1) + [0, x.rank - 1])
        }
        guard try node.flag("trans\(side)") else { return x }
        return try transpose(x, Array(0..<x.rank - 2) + [x.rank - 1, x.rank - 2])
      }
      let product = try matmul(operand(0, "A"), operand(1, "B"))
      let alpha = try node.float("alpha", default: 1)
      return alpha == 1 ? product : try product * alpha
    },
  ]

  private static let contribNormalizations: [ONNXOperator] = [
    contrib(many: "EmbedLayerNormalization", embedded),
    ONNXOperator(many: "SimplifiedLayerNormalization", since: [1], simplified),
    contrib(many: "SimplifiedLayerNormalization", simplified),
    contrib(many: "SkipLayerNormalization") { node in
      let sum = try node.skipped(bias: 4)
      let results = try node.layerNormalization(
        sum, scale: node.input(2), bias: node.optionalInput(3),
        epsilon: node.float("epsilon", default: 1e-12))
      return results + [sum]
    },
    contrib(many: "SkipSimplifiedLayerNormalization") { node in
      let sum = try node.skipped(bias: 3)
      let scale = try node.input(2)
      let result = try node.inOneType(sum, [scale]) {
        try rmsNorm($0, scale: $1[0], epsilon: node.float("epsilon", default: 1e-12))
      }
      try node.require(
        !node.wants(1) && !node.wants(2), "mean and inverse root as results are not supported")
      return [result, result, result, sum]
    },
  ]

  /// `SimplifiedLayerNormalization`: by the root of the mean square.
  private static let simplified: @Sendable (ONNXNode) throws -> [Value] = { node in
    try node.require(!node.wants(1), "the inverse root as a result is not supported")
    return [try node.rootMeanSquareNormalization(node.input(0), scale: node.input(1))]
  }

  /// `EmbedLayerNormalization`: the sum of the embeddings of words, places and segments, normalized.
  private static let embedded: @Sendable (ONNXNode) throws -> [Value] = { node in
    let words = try node.input(0)
    try node.require(words.rank == 2, "input_ids must be (batch, length)")
    try node.require(
      node.integer("mask_index_type", default: 0) == 0 || !node.wants(1),
      "mask_index_type must be 0 where mask_index is read")
    var sum = try embedding(node.input(2), words)
    let places =
      try node.optionalInput(8)
      ?? words.graph.iota(.i64, words.shape, dimension: 1)
    let repeated = try TenonOps.broadcast(places, to: words.shape)
    sum = try sum + embedding(node.input(3), repeated)
    if let segments = try node.optionalInput(1), let table = try node.optionalInput(4) {
      sum = try sum + embedding(table, segments)
    }
    let result = try node.layerNormalization(
      sum, scale: node.input(5), bias: node.input(6),
      epsilon: node.float("epsilon", default: 1e-12))[0]
    var lengths = try words.graph.scalar(0, .i32).repeated(to: [words.shape[0]])
    if let mask = try node.optionalInput(7) {
      lengths = try TenonOps.sum(convert(mask, to: .i32), axes: [1])
    }
    return [result, lengths, sum]
  }
}

extension ONNXNode {
  /// Inputs 0 and 1 and a bias, added.
  fileprivate func skipped(bias position: Int) throws -> Value {
    let x = try input(0)
    let sum = try x + TenonOps.broadcast(input(1), to: x)
    guard let bias = try optionalInput(position) else { return sum }
    return try sum + TenonOps.broadcast(bias, to: sum)
  }

  /// The value through the function that the attribute `activation` names.
  fileprivate func activated(_ x: Value, _ parameters: [Double]) throws -> Value {
    func parameter(_ place: Int, _ standard: Double) -> Double {
      place < parameters.count ? parameters[place] : standard
    }
    switch try string("activation", default: "") {
    case "": return x
    case "Relu": return try relu(x)
    case "Sigmoid": return try sigmoid(x)
    case "Tanh": return try tanh(x)
    case "LeakyRelu": return try leakyRelu(x, slope: parameter(0, 0.01))
    case "Elu": return try elu(x, alpha: parameter(0, 1))
    case "Softplus": return try softplus(x)
    case "Softsign": return try softsign(x)
    case "Clip":
      return try clamp(x, parameter(0, -.infinity), parameter(1, .infinity))
    case "HardSigmoid":
      return try hardSigmoid(x, alpha: parameter(0, 0.2), beta: parameter(1, 0.5))
    case let other:
      throw fail(
        "activation \(other) is not known; Relu, Sigmoid, Tanh, LeakyRelu, Elu, Softplus, "
          + "Softsign, Clip and HardSigmoid are")
    }
  }
}
