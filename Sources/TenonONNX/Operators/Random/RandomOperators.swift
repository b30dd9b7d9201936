import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Random numbers. A stream is keyed by the attribute `seed` and the node's name, so that a model
  /// gives the same numbers in every run.
  static let random: [ONNXOperator] = [
    ONNXOperator("Bernoulli", since: [15, 22]) { node in
      let x = try node.input(0)
      let uniform = try node.graph.randomUniform(.f32, x.shape, stream: node.stream)
      let isOne = try less(uniform, convert(x, to: .f32))
      return try convert(isOne, to: node.elementType("dtype") ?? x.elementType)
    },
    multinomial,
    ONNXOperator("RandomNormal", since: [1, 22]) { node in
      try node.normal(node.elementType("dtype") ?? .f32, node.shapeAttribute())
    },
    ONNXOperator("RandomNormalLike", since: [1, 22]) { node in
      let x = try node.input(0)
      return try node.normal(node.elementType("dtype") ?? x.elementType, x.shape)
    },
    ONNXOperator("RandomUniform", since: [1, 22]) { node in
      try node.uniform(node.elementType("dtype") ?? .f32, node.shapeAttribute())
    },
    ONNXOperator("RandomUniformLike", since: [1, 22]) { node in
      let x = try node.input(0)
      return try node.uniform(node.elementType("dtype") ?? x.elementType, x.shape)
    },
  ]

  /// `Multinomial`: for each row of log-probabilities `sample_size` classes, each the place of the
  /// largest sum of a log-probability and Gumbel noise.
  private static let multinomial = ONNXOperator("Multinomial", since: [7, 22]) { node in
    let x = try node.input(0)
    try node.require(x.rank == 2, "the input must have rank 2")
    let count = try node.integer("sample_size", default: 1)
    try node.require(count >= 1, "sample_size must be at least 1, given \(count)")
    let shape = Shape([x.shape[0], Dimension(count), x.shape[1]])
    let logs = try node.graph.apply1(
      BroadcastInDim(shape: shape, dimensions: [0, 2]), [convert(x, to: .f32)], site: CallSite())
    let uniform = try node.graph.randomUniform(.f32, shape, stream: node.stream)
    // 1 - u lies over 0.
    let noise = try -log(-log1p(-uniform))
    let index = try node.elementType("dtype") ?? .i32
    return try node.graph.apply1(
      ArgMax(axis: 2, index: index), [logs + noise], site: CallSite())
  }
}

extension ONNXNode {
  /// The stream of the node's random numbers.
  var stream: RandomStream {
    get throws {
      // Of `Dropout` the seed is an integer, of all others a float.
      let seed: UInt64 =
        attribute("seed")?.type == .int
        ? UInt64(bitPattern: Int64(try integer("seed", default: 0)))
        : try float("seed").map { UInt64(Float($0).bitPattern) } ?? 0
      return RandomStream(seed: seed, name: NodeOrder.name(proto))
    }
  }

  fileprivate func shapeAttribute() throws -> Shape {
    guard let sizes = try integers("shape") else { throw fail("attribute shape is missing") }
    try require(sizes.allSatisfy { $0 >= 0 }, "sizes must not be negative, given \(sizes)")
    return Shape(sizes)
  }

  fileprivate func uniform(_ element: ElementType, _ shape: Shape) throws -> Value {
    let low = try float("low", default: 0)
    let high = try float("high", default: 1)
    try require(low < high, "low must be under high, given \(low) and \(high)")
    return try graph.randomUniform(element, shape, in: low..<high, stream: stream)
  }

  fileprivate func normal(_ element: ElementType, _ shape: Shape) throws -> Value {
    try graph.randomNormal(
      element, shape, mean: float("mean", default: 0), deviation: float("scale", default: 1),
      stream: stream)
  }
}
