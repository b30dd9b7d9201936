import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

/// Windows over images whose pixels lie side by side: whole vectors of them, what is left of a row,
/// and rows at the edges.
@Suite struct WindowTests {
  private static let shapes: [(channels: Int, height: Int, width: Int, window: Int)] = [
    (9, 11, 5, 3), (8, 7, 16, 3), (10, 9, 33, 3), (8, 3, 48, 3), (12, 20, 56, 5), (8, 13, 17, 2),
    (16, 2, 100, 3),
  ]

  /// Small integers, so that sums are exact in any order.
  private static func numbers(_ shape: [Int], _ modulus: Int) throws -> Tensor {
    try Tensor(
      (0..<shape.reduce(1, *)).map { Float($0 * 7 % modulus - modulus / 2) }, shape: shape)
  }

  @Test(arguments: [0, 1, 2])
  func depthwiseConvolutionsAreRight(padding: Int) throws {
    for (channels, height, width, window) in Self.shapes {
      let graph = Graph("windows")
      let shape = [2, channels, height, width]
      let x = try graph.input("x", .f32, Shape(shape.map { Dimension($0) }))
      let weights = try graph.constant(Self.numbers([channels, 1, window, window], 7))
      guard height + 2 * padding >= window, width + 2 * padding >= window else { continue }
      try graph.output("y", relu(conv2d(x, weights, padding: padding, groups: channels)))
      let feeds = ["x": try Self.numbers(shape, 11)]
      let native = try compile(graph).run(feeds)["y"]!
      let meant = try compile(graph, CompileOptions(backend: .reference)).run(feeds)["y"]!
      #expect(native.isIdentical(to: meant), "\(shape) \(window)")
    }
  }

  @Test func poolingIsRight() throws {
    for (channels, height, width, _) in Self.shapes where height >= 3 {
      let graph = Graph("pooling")
      let shape = [1, channels, height, width]
      let x = try graph.input("x", .f32, Shape(shape.map { Dimension($0) }))
      try graph.output(
        "y", maxPool(x, window: [3, 3], strides: [1, 1], padding: [[1, 1], [1, 1]]))
      let feeds = ["x": try Self.numbers(shape, 101)]
      let native = try compile(graph).run(feeds)["y"]!
      let meant = try compile(graph, CompileOptions(backend: .reference)).run(feeds)["y"]!
      #expect(native.isIdentical(to: meant), "\(shape)")
    }
  }

  /// Rows that come from memory are brought near by the stage that reads them again.
  @Test func longRowsAreReadAhead() throws {
    let graph = Graph("rows")
    let x = try graph.input("x", .f32, [2100, 300])
    try graph.output("y", softmax(x))
    let feeds = ["x": try Self.numbers([2100, 300], 17)]
    let native = try compile(graph).run(feeds)["y"]!
    let meant = try compile(graph, CompileOptions(backend: .reference)).run(feeds)["y"]!
    guard case (.floats(let found), .floats(let wanted)) = try (native.elements(), meant.elements())
    else { preconditionFailure("internal: not floats") }
    #expect(zip(found, wanted).allSatisfy { ($0 - $1).magnitude <= 1e-6 * $1 + 1e-30 })
  }
}
