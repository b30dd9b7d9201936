import TenonGraph
import TenonOps
import TenonTensor

/// A decoder shaped like GPT-2 (Radford et al., 2019) with a key and value cache, small enough for
/// tests: learned positions, blocks of attention and a GELU network with layer norm before each, and
/// logits by the transposed embedding.
///
/// The entry `decode` takes `tokens` i64[1, length] and for each block `past_key` and `past_value`
/// f32[1, heads, past, depth]; it gives the logits of the last token, its likeliest successor, and
/// the caches with the tokens' own keys and values at their end.
public struct DecoderSketch {
  public var blocks = 2
  public var width = 24
  public var heads = 3
  public var vocabulary = 61
  public var positions = 256
  /// How many tokens are given at once, and how many came before.
  public var length = Dimension(.running("length", maximum: 8))
  public var past = Dimension(.running("past", maximum: 248))

  public init() {}

  /// The names of the cache's inputs and of the outputs that follow them.
  public var caches: [(past: String, present: String)] {
    (0..<blocks).flatMap { block in
      ["key", "value"].map { ("past_\($0)_\(block)", "present_\($0)_\(block)") }
    }
  }

  /// The shape of a cache of so many positions.
  public func cacheShape(_ positions: Int) -> [Int] { [1, heads, positions, width / heads] }

  public func record() throws -> Graph {
    let graph = Graph("decoder")
    try graph.entry("decode") {
      let table = try weight(graph, "tokens", [vocabulary, width])
      let places = try weight(graph, "positions", [positions, width])
      let tokens = try graph.input("tokens", .i64, [1, length])
      var caches: [Value] = []
      for (name, _) in self.caches {
        caches.append(
          try graph.input(name, .f32, [1, Dimension(heads), past, Dimension(width / heads)]))
      }
      let first = try graph.size(past)
      let place = try graph.iota(.i64, [1, length], dimension: 1)
      var x = try embedding(table, tokens) + embedding(places, place + broadcast(first, to: place))
      var presents: [Value] = []
      for block in 0..<blocks {
        try graph.scope("block_\(block)") {
          let pair = (key: caches[2 * block], value: caches[2 * block + 1])
          let name = "block_\(block)"
          let (attended, key, value) = try mixed(
            graph, name, normalized(graph, "\(name)/first_norm", x), pair)
          x = try x + attended
          presents += [key, value]
          let inner = try dense(
            graph, "\(name)/expand", normalized(graph, "\(name)/second_norm", x), width, 4 * width)
          x =
            try x
            + dense(graph, "\(name)/contract", gelu(inner, isApproximate: true), 4 * width, width)
        }
      }
      let last = try slice(normalized(graph, "last_norm", x), axis: 1, from: length - 1)
      let logits = try matmul(reshape(last, [1, Dimension(width)]), transpose(table, [1, 0]))
      try graph.output("logits", logits)
      try graph.output("next", argMax(logits))
      for ((_, name), value) in zip(self.caches, presents) { try graph.output(name, value) }
    }
    return graph
  }

  private func weight(_ graph: Graph, _ name: String, _ shape: [Int]) throws -> Value {
    try graph.variable(name) {
      try $0.randomUniform(
        .f32, Shape(shape.map { Dimension($0) }), in: -0.4..<0.4,
        stream: RandomStream(seed: 7, name: name))
    }.read()
  }

  private func normalized(_ graph: Graph, _ name: String, _ x: Value) throws -> Value {
    try layerNorm(
      x, scale: weight(graph, "\(name)/scale", [width]) + 1,
      bias: weight(graph, "\(name)/bias", [width]))
  }

  private func dense(
    _ graph: Graph, _ name: String, _ x: Value, _ inputs: Int, _ outputs: Int
  ) throws -> Value {
    try linear(
      x, weight(graph, "\(name)/weight", [outputs, inputs]),
      bias: weight(graph, "\(name)/bias", [outputs]))
  }

  private func mixed(
    _ graph: Graph, _ name: String, _ x: Value, _ past: (key: Value, value: Value)
  ) throws -> (Value, Value, Value) {
    let joined = try dense(graph, "\(name)/project", x, width, 3 * width)
    let depth = width / heads
    let parts = try (0..<3).map { part in
      let piece = try slice(
        joined, axis: 2, from: Dimension(part * width), to: Dimension((part + 1) * width))
      return try transpose(
        reshape(piece, [1, length, Dimension(heads), Dimension(depth)]), [0, 2, 1, 3])
    }
    let (result, key, value) = try attention(
      query: parts[0], key: parts[1], value: parts[2], past: past)
    let rows = try reshape(transpose(result, [0, 2, 1, 3]), [1, length, Dimension(width)])
    return (try dense(graph, "\(name)/output", rows, width, width), key, value)
  }
}
