import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

/// Products and convolutions of a few hundred shapes: tiny, odd, prime, skinny, of one row, and on
/// either side of the blocks that kernels are made of. The numbers are small integers, so that sums
/// are exact in any order.
@Suite struct ShapeSweepTests {
  private static let sizes = [
    1, 2, 3, 5, 7, 13, 16, 17, 31, 33, 48, 63, 64, 65, 97, 127, 128, 129, 200, 257,
  ]

  @Test func productsAreRight() throws {
    var random = SplitMix(seed: 7)
    var batch = CompilationBatch()
    var cases: [(shape: [Int], isConstant: Bool, isTransposed: Bool, program: Int)] = []
    while cases.count < 220 {
      let shape = (0..<3).map { _ in Self.sizes[random.below(Self.sizes.count)] }
      guard shape.reduce(1, *) <= 1 << 20 else { continue }
      let (isConstant, isTransposed) = (random.below(2) == 0, random.below(2) == 0)
      let graph = Graph("product")
      let a = try graph.input("a", .f32, [Dimension(shape[0]), Dimension(shape[1])])
      let other = isTransposed ? [shape[2], shape[1]] : [shape[1], shape[2]]
      let b =
        isConstant
        ? try graph.constant(Self.numbers(other))
        : try graph.input("b", .f32, Shape(other.map { Dimension($0) }))
      try graph.output("y", matmul(a, isTransposed ? transpose(b, [1, 0]) : b))
      cases.append((shape, isConstant, isTransposed, try batch.add(graph, CompileOptions())))
    }
    batch.compileKernels()
    for one in cases {
      let (m, k, n) = (one.shape[0], one.shape[1], one.shape[2])
      let a = Self.numbers([m, k])
      let b = Self.numbers(one.isTransposed ? [n, k] : [k, n])
      let result = try batch.program(one.program).run(
        one.isConstant ? ["a": a] : ["a": a, "b": b])["y"]!
      let (x, y) = (a.floats, b.floats)
      var expected = [Float](repeating: 0, count: m * n)
      for i in 0..<m {
        for j in 0..<n {
          var sum: Float = 0
          for l in 0..<k {
            let place = one.isTransposed ? j * k + l : l * n + j
            sum += x[i * k + l] * y[place]
          }
          expected[i * n + j] = sum
        }
      }
      #expect(result.floats == expected, "\(one)")
    }
  }

  private struct Convolution {
    var input, outputs, height, width, window, stride, padding, groups: Int
  }

  @Test func convolutionsAreRight() throws {
    var random = SplitMix(seed: 11)
    var batch = CompilationBatch()
    var cases: [(shape: Convolution, program: Int)] = []
    while cases.count < 120 {
      let channels = [1, 2, 3, 5, 8, 16, 17, 32, 48]
      let groups = [1, 1, 1, 2, 0][random.below(5)]
      var shape = Convolution(
        input: channels[random.below(channels.count)],
        outputs: channels[random.below(channels.count)], height: 1 + random.below(19),
        width: 1 + random.below(19), window: [1, 2, 3, 3, 5, 7][random.below(6)],
        stride: 1 + random.below(2), padding: random.below(3), groups: groups)
      if groups == 0 { (shape.groups, shape.outputs) = (shape.input, shape.input) }
      guard shape.input % shape.groups == 0, shape.outputs % shape.groups == 0,
        min(shape.height, shape.width) + 2 * shape.padding >= shape.window
      else { continue }
      let graph = Graph("convolution")
      let x = try graph.input(
        "x", .f32,
        [1, Dimension(shape.input), Dimension(shape.height), Dimension(shape.width)])
      let weights = try graph.constant(
        Self.numbers([
          shape.outputs, shape.input / shape.groups, shape.window, shape.window,
        ]))
      try graph.output(
        "y",
        conv2d(
          x, weights, stride: shape.stride, padding: shape.padding, groups: shape.groups))
      var options = CompileOptions()
      options.passes.precision = .strict
      cases.append((shape, try batch.add(graph, options)))
    }
    batch.compileKernels()
    for one in cases {
      let s = one.shape
      let x = Self.numbers([1, s.input, s.height, s.width])
      let result = try batch.program(one.program).run(["x": x])["y"]!
      #expect(result.floats == Self.convolved(x.floats, s), "\(s)")
    }
  }

  private static func convolved(_ x: [Float], _ s: Convolution) -> [Float] {
    let (inner, outer) = (s.input / s.groups, s.outputs / s.groups)
    let w = numbers([s.outputs, inner, s.window, s.window]).floats
    let rows = (s.height + 2 * s.padding - s.window) / s.stride + 1
    let columns = (s.width + 2 * s.padding - s.window) / s.stride + 1
    var result: [Float] = []
    for o in 0..<s.outputs {
      for row in 0..<rows {
        for column in 0..<columns {
          var sum: Float = 0
          for c in 0..<inner {
            let channel = o / outer * inner + c
            for p in 0..<s.window {
              let y = row * s.stride + p - s.padding
              guard 0..<s.height ~= y else { continue }
              for q in 0..<s.window {
                let z = column * s.stride + q - s.padding
                guard 0..<s.width ~= z else { continue }
                let a: Int = (channel * s.height + y) * s.width + z
                let b: Int = ((o * inner + c) * s.window + p) * s.window + q
                sum += x[a] * w[b]
              }
            }
          }
          result.append(sum)
        }
      }
    }
    return result
  }

  /// Integers from -3 to 3 that do not repeat along any size of the sweep.
  private static func numbers(_ shape: [Int]) -> Tensor {
    let count = shape.reduce(1, *)
    let numbers = (0..<count).map { (place: Int) -> Float in
      let mixed: Int = place &* 7919 + place / 11
      return Float(mixed % 7 - 3)
    }
    return try! Tensor(numbers, shape: shape)
  }
}

extension Tensor {
  fileprivate var floats: [Float] { try! scalars(as: Float.self) }
}
