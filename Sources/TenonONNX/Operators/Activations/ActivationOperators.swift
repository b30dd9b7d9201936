import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Activations of networks.
  static let activations: [ONNXOperator] = [
    ONNXOperator("Celu", since: [12, 28]) { node in
      try celu(node.input(0), alpha: node.float("alpha", default: 1))
    },
    dropout,
    ONNXOperator("Elu", since: [1, 6, 22]) { node in
      try elu(node.input(0), alpha: node.float("alpha", default: 1))
    },
    ONNXOperator("Gelu", since: [20]) { node in
      switch try node.string("approximate", default: "none") {
      case "none": try gelu(node.input(0))
      case "tanh": try gelu(node.input(0), isApproximate: true)
      case let other: throw node.fail("approximate must be none or tanh, not \(other)")
      }
    },
    ONNXOperator("HardSigmoid", since: [1, 6, 22]) { node in
      try hardSigmoid(
        node.input(0), alpha: node.float("alpha", default: 0.2),
        beta: node.float("beta", default: 0.5))
    },
    unary("HardSwish", since: [14, 22]) { try hardSwish($0) },
    hardmax,
    ONNXOperator("LeakyRelu", since: [1, 6, 16]) { node in
      try leakyRelu(node.input(0), slope: node.float("alpha", default: 0.01))
    },
    logSoftmaxOperator,
    unary("Mish", since: [18, 22]) { try mish($0) },
    parametricRelu,
    unary("Relu", since: [1, 6, 13, 14]) { try relu($0) },
    seluOperator,
    shrink,
    unary("Sigmoid", since: [1, 6, 13]) { try sigmoid($0) },
    softmaxOperator,
    unary("Softplus", since: [1, 22]) { try softplus($0) },
    unary("Softsign", since: [1, 22]) { try softsign($0) },
    ONNXOperator("SwiGLU", since: [28]) { node in
      let (gate, x) = (try node.input(0), try node.input(1))
      return try swish(gate, node.float("alpha", default: 1)) * x
    },
    ONNXOperator("Swish", since: [24]) { node in
      try swish(node.input(0), node.float("alpha", default: 1))
    },
    ONNXOperator("ThresholdedRelu", since: [10, 22]) { node in
      let x = try node.input(0)
      let isOver = try greater(x, node.float("alpha", default: 1))
      return try select(isOver, x, x.filled(0, site: CallSite()))
    },
  ]

  /// Activations that exporters and optimizers write (`com.microsoft`).
  static let fusedActivations: [ONNXOperator] = [
    ONNXOperator("BiasGelu", domain: microsoft, since: [1]) { node in
      let (x, bias) = try node.broadcast(node.input(0), node.input(1))
      return try gelu(x + bias)
    },
    ONNXOperator("FastGelu", domain: microsoft, since: [1]) { node in
      guard let bias = try node.optionalInput(1) else {
        return try gelu(node.input(0), isApproximate: true)
      }
      let (x, repeated) = try node.broadcast(node.input(0), bias)
      return try gelu(x + repeated, isApproximate: true)
    },
    ONNXOperator("Gelu", domain: microsoft, since: [1]) { try gelu($0.input(0)) },
    ONNXOperator("QuickGelu", domain: microsoft, since: [1]) { node in
      try swish(node.input(0), node.float("alpha", default: 1.702))
    },
  ]

  /// `Selu`: with the numbers of the paper, the composite op.
  private static let seluOperator = ONNXOperator("Selu", since: [1, 6, 22]) { node in
    let x = try node.input(0)
    // Version 1 states fewer digits of the same numbers.
    let (alpha, gamma) =
      node.version < 6
      ? (1.6732, 1.0507) : (1.67326319217681884765625, 1.05070102214813232421875)
    let scale = try node.float("gamma", default: gamma)
    let slope = try node.float("alpha", default: alpha)
    if x.elementType != .f64, Float(scale) == 1.050_701, Float(slope) == 1.673_263_2 {
      return try selu(x)
    }
    return try elu(x, alpha: slope) * scale
  }

  /// `Shrink`: elements beyond ±lambd moved toward 0 by the bias, others 0.
  private static let shrink = ONNXOperator("Shrink", since: [9]) { node in
    let input = try node.input(0)
    let limit = try node.float("lambd", default: 0.5)
    let bias = try node.float("bias", default: 0)
    let type = input.elementType
    // The bounds are floats, also beside integers.
    let x = try type.isFloat ? input : convert(input, to: type.bitWidth > 16 ? .f64 : .f32)
    let zero = try x.filled(0, site: CallSite())
    let high = try select(greater(x, limit), x - bias, zero)
    return try convert(select(less(x, -limit), x + bias, high), to: type)
  }

  /// `PRelu`: one slope, one for each index of an axis, or any shape that broadcasts.
  private static let parametricRelu = ONNXOperator("PRelu", since: [1, 6, 7, 9, 16]) { node in
    let x = try node.input(0)
    var slope = try node.input(1)
    if node.version < 7, slope.rank == 1, slope.shape[0] != 1, x.rank > 1 {
      return try prelu(x, slope, axis: 1)
    }
    let wide = slope.shape.indices.filter { slope.shape[$0] != 1 }
    if x.elementType.isFloat, wide.count <= 1, slope.rank <= x.rank {
      let axis = wide.first.map { $0 + x.rank - slope.rank }
      slope = try TenonOps.reshape(slope, wide.first.map { [slope.shape[$0]] } ?? [])
      return try prelu(x, slope, axis: axis ?? 0)
    }
    return try select(
      greater(x, 0), x, x * TenonOps.broadcast(slope, to: x.shape))
  }

  private static func swish(_ x: Value, _ alpha: Double) throws -> Value {
    alpha == 1 ? try silu(x) : try x * sigmoid(x * alpha)
  }

  /// `Dropout`: the input itself, unless a known flag asks for training.
  private static let dropout = ONNXOperator(
    many: "Dropout", since: [1, 6, 7, 10, 12, 13, 22]
  ) { node in
    let x = try node.input(0)
    let type: ElementType = node.version < 10 ? x.elementType : .bool
    let one = try node.graph.scalar(1, type)
    let all = try node.wants(1) ? one.repeated(to: x.shape) : one
    guard node.version >= 12, node.has(2) else {
      try node.require(
        node.version >= 7 || node.flag("is_test"), "training is not supported; set is_test")
      return [x, all]
    }
    let isTraining = try node.constant(2).integers()
    let rate = try node.knownTensor(1)?.doubles().first ?? (node.has(1) ? node.doubles(1)[0] : 0.5)
    if isTraining.first ?? 0 == 0 || rate == 0 { return [x, all] }
    try node.require(rate > 0 && rate < 1, "the ratio must lie between 0 and 1, given \(rate)")
    let isKept = try node.graph.randomBernoulli(
      x.shape, probability: 1 - rate, stream: node.stream)
    let scaled = try x * (1 / (1 - rate))
    return [try select(isKept, scaled, x.filled(0, site: CallSite())), isKept]
  }
}
