import Tenon

/// Two convolutions and a linear layer: 8x8 grey levels to ten scores.
struct Network {
  let first: Convolution2D
  let second: Convolution2D
  let scores: Linear

  init(_ graph: Graph) throws {
    first = try Convolution2D(
      graph, "first", inputs: 1, outputs: 16, kernel: (3, 3), padding: 1, seed: 1)
    second = try Convolution2D(
      graph, "second", inputs: 16, outputs: 32, kernel: (3, 3), stride: 2, padding: 1, seed: 1)
    scores = try Linear(graph, "scores", inputs: 32 * 4 * 4, outputs: 10, seed: 1)
  }

  var variables: [Variable] { first.variables + second.variables + scores.variables }

  /// f32[batch, 1, 8, 8] to f32[batch, 10].
  func callAsFunction(_ images: Value) throws -> Value {
    let edges = try relu(first(images))
    let shapes = try relu(second(edges))
    let flat = try reshape(shapes, [images.shape[0], 32 * 4 * 4])
    return try scores(flat)
  }
}
