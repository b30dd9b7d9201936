import TenonGraph
import TenonOps
import TenonTensor

/// Records the blocks of a transformer with a loss and its gradients, for tests and figures of
/// scale: shared constants, name scopes and composites as a model has them.
public struct TransformerSketch {
  public var blocks: Int
  public var tokens = 8
  public var width = 16
  public var heads = 2

  public init(blocks: Int) { self.blocks = blocks }

  /// Records into a fresh graph; outputs the loss and the gradient of every weight.
  public func record() throws -> Graph {
    let graph = Graph("transformer")
    try record(into: graph)
    graph.finishRecording()
    return graph
  }

  /// Records into a graph that is open.
  func record(into graph: Graph) throws {
    var weights: [Value] = []
    let tokens = try graph.input("tokens", .f32, Shape([self.tokens, width]))
    let mask = try graph.input("mask", .f32, Shape([heads, self.tokens, self.tokens]))
    var x = tokens
    for block in 0..<blocks {
      x = try graph.scope("block_\(block)") {
        func weight(_ name: String, _ shape: Shape) throws -> Value {
          let value = try graph.input("block_\(block)/\(name)", .f32, shape)
          weights.append(value)
          return value
        }
        let wide = 4 * width
        let attended = try graph.scope("attention") {
          try attention(
            normalized(x, weight("scale_1", [Dimension(width)])), mask,
            try ["q", "k", "v", "o"].map { try weight($0, Shape([width, width])) })
        }
        let y = try x + attended
        return try graph.scope("mlp") {
          let inner = try matmul(
            normalized(y, weight("scale_2", [Dimension(width)])),
            weight("up", Shape([width, wide])))
          return try y + matmul(relu(inner), weight("down", Shape([wide, width])))
        }
      }
    }
    let loss = try mean(x * x)
    try graph.output("loss", loss)
    for (weight, gradient) in zip(weights, try gradients(of: loss, wrt: weights)) {
      try graph.output("d " + graph.name(weight.id)!, gradient)
    }
  }

  private func normalized(_ x: Value, _ scale: Value) throws -> Value {
    let centered = try x - broadcast(mean(x, axes: [-1], keepingAxes: true), to: x)
    let variance = try mean(centered * centered, axes: [-1], keepingAxes: true)
    let deviation = try exp(log(variance + 1e-5) * 0.5)
    return try centered / broadcast(deviation, to: x) * broadcast(scale, to: x)
  }

  private func attention(_ x: Value, _ mask: Value, _ weights: [Value]) throws -> Value {
    let size = width / heads
    func split(_ value: Value) throws -> Value {
      try transpose(reshape(value, Shape([tokens, heads, size])), [1, 0, 2])
    }
    let query = try split(matmul(x, weights[0]))
    let key = try split(matmul(x, weights[1]))
    let value = try split(matmul(x, weights[2]))
    let scores = try matmul(query, transpose(key, [0, 2, 1])) * 0.25 + mask
    let mixed = try matmul(softmax(scores), value)
    let joined = try reshape(transpose(mixed, [1, 0, 2]), Shape([tokens, width]))
    return try matmul(joined, weights[3])
  }
}
