import TenonGraph
import TenonOps
import TenonTensor

/// Small networks with what models have: what must hold of every graph is asserted on all of them.
public struct TestNetwork: Sendable, CustomStringConvertible {
  public let name: String
  /// Numbers for bound symbols.
  public let sizes: [String: Int]
  private let body: @Sendable (Graph) throws -> Void

  /// The network in a fresh graph.
  public func record() throws -> Graph {
    let graph = Graph(name)
    try body(graph)
    graph.finishRecording()
    return graph
  }

  public var description: String { name }

  private init(
    _ name: String, sizes: [String: Int] = [:], _ body: @escaping @Sendable (Graph) throws -> Void
  ) {
    self.name = name
    self.sizes = sizes
    self.body = body
  }

  public static let all: [TestNetwork] = [
    perceptron, classifier, transformer, recurrent, decoder, loops, branches, dropping, quantized,
    sparse,
  ]
}

extension TestNetwork {
  /// Two layers, trained: entries that share variables.
  private static let perceptron = TestNetwork("perceptron", sizes: ["batch": 3]) { graph in
    let up = try graph.variable("up") { graph in
      try graph.randomNormal(.f32, [4, 8], stream: RandomStream(seed: 1, name: "up"))
    }
    let down = try graph.variable("down") { graph in
      try broadcast(graph.scalar(0.5, .f32), to: [8, 2])
    }
    func scores(_ x: Value) throws -> Value {
      try matmul(tanh(matmul(x, up.read())), down.read())
    }
    let batch = Dimension(.bound("batch"))
    try graph.entry("train") {
      let x = try graph.input("x", .f32, [batch, 4])
      let labels = try graph.input("labels", .i32, [batch])
      let loss = try mean(crossEntropy(scores(x), labels: labels))
      let weights = try [up.read(), down.read()]
      for (variable, slope) in zip([up, down], try gradients(of: loss, wrt: weights)) {
        try variable.assign(variable.read() - slope * 0.1)
      }
      try graph.output("loss", loss)
    }
    try graph.entry("predict") {
      try graph.output("classes", argMax(scores(graph.input("x", .f32, [batch, 4]))))
    }
  }

  /// Convolutions with constant weights, inference normalization and pooling.
  private static let classifier = TestNetwork("classifier") { graph in
    func weight(_ sizes: [Int], _ phase: Int) throws -> Value {
      try graph.constant(
        Tensor((0..<RowMajor.count(sizes)).map { Float(($0 + phase) % 11) / 8 - 0.5 }, shape: sizes)
      )
    }
    var x = try graph.input("images", .f32, [2, 3, 8, 8])
    for (place, (inputs, outputs)) in [(3, 4), (4, 8)].enumerated() {
      x = try conv2d(x, weight([outputs, inputs, 3, 3], place), padding: 1)
      x = try batchNorm(
        x, scale: weight([outputs], 1) + 1, bias: weight([outputs], 2), mean: weight([outputs], 3),
        variance: weight([outputs], 4) + 1)
      x = try maxPool(relu(x), window: [2, 2], strides: [2, 2])
    }
    x = try reshape(globalAveragePool(x), [2, 8])
    try graph.output("scores", softmax(matmul(x, weight([8, 5], 5))))
  }

  private static let transformer = TestNetwork("transformer") { graph in
    try TransformerSketch(blocks: 2).record(into: graph)
  }

  /// An LSTM over time, and its gradient.
  private static let recurrent = TestNetwork("recurrent") { graph in
    let x = try graph.input("x", .f32, [5, 2, 3])
    let inputWeight = try graph.input("inputWeight", .f32, [16, 3])
    let stateWeight = try graph.input("stateWeight", .f32, [16, 4])
    let states = try lstm(x, inputWeight: inputWeight, stateWeight: stateWeight).0
    let loss = try sum(states * states)
    try graph.output("loss", loss)
    for slope in try gradients(of: loss, wrt: [inputWeight, stateWeight]) {
      try graph.output("slope \(slope.shape)", slope)
    }
  }

  /// One step of attention with a cache of running length.
  private static let decoder = TestNetwork("decoder") { graph in
    let length = Dimension(.running("length", maximum: 8))
    let query = try graph.input("query", .f32, [1, 2, 1, 4])
    let key = try graph.input("key", .f32, [1, 2, 1, 4])
    let value = try graph.input("value", .f32, [1, 2, 1, 4])
    let pastKey = try graph.input("pastKey", .f32, [1, 2, length, 4])
    let pastValue = try graph.input("pastValue", .f32, [1, 2, length, 4])
    let attended = try attention(
      query: query, key: key, value: value, past: (pastKey, pastValue))
    try graph.output("result", attended.result)
    try graph.output("key", attended.key)
    try graph.output("value", attended.value)
  }

  /// A loop that runs until a value is large, and a scan.
  private static let loops = TestNetwork("loops") { graph in
    let x = try graph.input("x", .f32, [4])
    let grown = try whileLoop([x, graph.scalar(0, .i32)]) { state in
      try less(sum(state[0]), 100)
    } body: { state in
      [try state[0] * 2 + 1, try state[1] + 1]
    }
    let rows = try graph.input("rows", .f32, [6, 4])
    let sums = try scan([grown[0]], over: [rows]) { carried, sliced in
      let next = try carried[0] * 0.5 + sliced[0]
      return ([next], [try exp(-next)])
    }
    try graph.output("trips", grown[1])
    try graph.output("last", sums.carried[0])
    try graph.output("all", sums.stacked[0])
  }

  /// Branches with what they read from outside, one of them known when compiling.
  private static let branches = TestNetwork("branches") { graph in
    let x = try graph.input("x", .f32, [3, 4])
    let isLarge = try greater(sum(x), 1)
    let chosen = try conditional(
      isLarge, onTrue: { [try matmul(x, transpose(x, [1, 0]))] },
      onFalse: { [try broadcast(sum(x * x), to: [3, 3])] })[0]
    let known = try conditional(
      graph.constant(Tensor(true)), onTrue: { [try chosen + 1] }, onFalse: { [try chosen - 1] })[0]
    try graph.output("y", known)
    try graph.output("slope", gradients(of: sum(known), wrt: [x])[0])
  }

  /// Random numbers in two places, a barrier, and nodes that nothing uses.
  private static let dropping = TestNetwork("dropping") { graph in
    let x = try graph.input("x", .f32, [4, 16])
    let stream = RandomStream(seed: 1, name: "drop")
    let kept = try dropout(x, rate: 0.5, stream: stream)
    _ = try exp(kept) * 3
    let fenced = try optimizationBarrier([kept * 1, kept + kept])
    try graph.output("y", layerNorm(fenced[0] + fenced[1]))
  }

  /// Weights of 8 bits that are converted when the plan is loaded, and a contraction of integers.
  private static let quantized = TestNetwork("quantized") { graph in
    let x = try graph.input("x", .f32, [4, 64])
    let table = try Tensor((0..<64 * 512).map { Int8($0 % 255 - 127) }, shape: [64, 512])
    let weights = try dequantize(
      graph.constant(table), scale: graph.scalar(0.01, .f32),
      zeroPoint: graph.scalar(3, .i8))
    let hidden = try relu(matmul(x, weights))
    let scale = try graph.scalar(0.25, .f32)
    try graph.output("codes", quantize(hidden, to: .u8, scale: scale))
  }

  /// Rows looked up, sorted and added back.
  private static let sparse = TestNetwork("sparse") { graph in
    let table = try graph.input("table", .f32, [10, 4])
    let places = try graph.input("places", .i32, [6])
    let rows = try embedding(table, places)
    let top = try topK(rows, 2)
    try graph.output("values", top.values)
    try graph.output("table", scatter(table, places, rows * 0.5, by: .add))
    try graph.output("slope", gradients(of: sum(rows * rows), wrt: [table])[0])
  }
}
