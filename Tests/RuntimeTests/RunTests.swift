import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct RunTests {
  /// affine, then sums of tiles, then their sum.
  static func chain(_ count: Int, tile: Int) -> PlanSketch {
    var sketch = PlanSketch("chain")
    let x = sketch.input("x", .f32, Shape([count]))
    let y = sketch.output("y", .f32, Shape([count]))
    let tiles = (count + tile - 1) / tile
    let sums = sketch.arena("sums", .f32, Shape([tiles]))
    let sum = sketch.output("sum", .f32, Shape.scalar)
    sketch.plan.steps = [
      PlanSketch.elementwise("affine", [x, y], Dimension(count), tile: tile),
      PlanSketch.elementwise("partial_sums", [y, sums], Dimension(count), tile: tile),
      PlanSketch.kernel("ordered_sum", [sums, sum], sizes: [Dimension(tiles)]),
    ]
    return sketch
  }

  @Test func stepsRunInOrder() throws {
    let session = try RunTests.chain(1000, tile: 64).session()
    let results = try session.run([Tensor((0..<1000).map { Float($0) })])
    #expect(try results[0].scalars(as: Float.self) == (0..<1000).map { Float(2 * $0 + 1) })
    #expect(try results[1].scalar(as: Float.self) == 1_000_000)
  }

  @Test func everyThreadCountGivesTheSameBits() throws {
    let numbers = Tensor(unevenNumbers(10_000))
    let sketch = RunTests.chain(10_000, tile: 48)
    let reference = try sketch.session(threads: 1).run([numbers])
    for threads in 2...4 {
      let session = try sketch.session(threads: threads)
      for _ in 0..<200 {
        let results = try session.run([numbers])
        #expect(results[0].isIdentical(to: reference[0]))
        #expect(results[1].isIdentical(to: reference[1]))
      }
    }
  }
}
