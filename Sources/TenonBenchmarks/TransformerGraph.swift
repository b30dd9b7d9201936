import Tenon

/// A graph of transformer blocks and the gradient of their mean: what the scale of recording and
/// passes is measured on.
struct TransformerGraph {
  let graph = Graph("transformer")

  /// Blocks of attention and a two-layer network, each in a scope of its own, with constants that
  /// all of them share; every fourth block runs its network only where `wide` holds.
  init(blocks: Int) throws {
    let (length, width, heads) = (16, 32, 4)
    let x = try graph.input("x", .f32, Shape([length, width]))
    let isWide = try graph.input("wide", .bool, [])
    let one = try graph.scalar(1.0, .f32)
    let positions = try graph.constant(
      Tensor((0..<length * width).map { Float($0 % 7) }, shape: [length, width]))
    let quarter = try graph.scalar(0.25, .f32)
    var state = x
    var weights: [Value] = []
    for block in 0..<blocks {
      state = try graph.scope("block_\(block)") {
        func weight(_ name: String, _ rows: Int, _ columns: Int) throws -> Value {
          let value = try graph.input("block_\(block)/\(name)", .f32, Shape([rows, columns]))
          weights.append(value)
          return value
        }
        func split(_ value: Value) throws -> Value {
          try transpose(
            reshape(value, Shape([length, heads, width / heads])), [1, 0, 2])
        }
        let normal = try normalized(state + positions, one)
        let query = try split(matmul(normal, weight("query", width, width)))
        let key = try split(matmul(normal, weight("key", width, width)))
        let value = try split(matmul(normal, weight("value", width, width)))
        let scores = try matmul(query, transpose(key, [0, 2, 1])) * 0.35
        let mixed = try matmul(softmax(scores), value)
        let joined = try reshape(transpose(mixed, [1, 0, 2]), Shape([length, width]))
        let attended = try state + matmul(joined, weight("output", width, width))
        let (up, down) = try (
          weight("up", width, 4 * width), weight("down", 4 * width, width)
        )
        func network() throws -> Value {
          let hidden = try relu(matmul(normalized(attended, one), up))
          return try attended + matmul(hidden, down)
        }
        guard block % 4 == 0 else { return try network() }
        return try conditional(
          isWide, onTrue: { [try network()] },
          onFalse: { [try attended * broadcast(quarter, to: attended)] })[0]
      }
    }
    let loss = try mean(state * state)
    try graph.output("loss", loss)
    for (place, slope) in try gradients(of: loss, wrt: weights).enumerated() {
      try graph.output("slope_\(place)", slope)
    }
    graph.finishRecording()
  }

  /// The rows less their mean over their deviation.
  private func normalized(_ x: Value, _ one: Value) throws -> Value {
    let centered = try x - broadcast(mean(x, axes: [-1], keepingAxes: true), to: x)
    let variance = try mean(centered * centered, axes: [-1], keepingAxes: true)
    let scale = try exp(log(variance + 1e-5) * -0.5) * broadcast(one, to: variance)
    return try centered * broadcast(scale, to: x)
  }
}
