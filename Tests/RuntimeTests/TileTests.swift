import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct TileTests {
  @Test(arguments: [1, 2, 4], [1, 2, 7, 64, 1001]) func everyTileRunsOnce(threads: Int, tiles: Int)
    throws
  {
    var sketch = PlanSketch("once")
    let zero = sketch.constant("zero", try Tensor(.i32, shape: [3 * tiles]) { _ in })
    let y = sketch.output("y", .i32, [Dimension(3 * tiles)])
    let z = sketch.output("z", .i32, [Dimension(3 * tiles)])
    let count = PlanSketch.elementwise("count_elements", [y], Dimension(3 * tiles), tile: 3)
    var beside = PlanSketch.elementwise("count_elements", [z], Dimension(3 * tiles), tile: 3)
    beside.barrierBefore = false
    sketch.plan.steps =
      [
        Step(.copy(from: zero, to: y), label: "copy"),
        Step(.copy(from: zero, to: z), label: "copy"),
      ]
      + (0..<20).flatMap { _ in [count, beside] }
    let session = try sketch.session(threads: threads)
    for _ in 0..<10 {
      for result in try session.run([]) {
        #expect(try result.scalars() == [Int32](repeating: 20, count: 3 * tiles))
      }
    }
  }

  @Test(arguments: [2, 3]) func aLateThreadsTilesAreTakenOver(threads: Int) throws {
    var sketch = PlanSketch("late")
    let zero = sketch.constant("zero", Tensor(Int32(0)))
    let isDone = sketch.output("is_done", .bool, Shape.scalar)
    let count = sketch.output("count", .i32, Shape.scalar)
    sketch.plan.steps = [
      Step(.copy(from: zero, to: count), label: "copy"),
      PlanSketch.kernel("wait_for_others", [isDone, count], sizes: [15], tiles: 16),
    ]
    let session = try sketch.session(threads: threads)
    for _ in 0..<20 { #expect(try session.run([])[0].scalar(as: Bool.self)) }
  }

  @Test func threadsHaveScratchOfTheirOwn() throws {
    var sketch = PlanSketch("scratch")
    let x = sketch.input("x", .f32, [10_000])
    let y = sketch.output("y", .f32, [10_000])
    sketch.plan.scratchBytesPerThread = 40 * 4
    sketch.plan.steps = [PlanSketch.elementwise("through_scratch", [x, y], 10_000, tile: 40)]
    let x1 = Tensor(unevenNumbers(10_000))
    for threads in 1...4 {
      let session = try sketch.session(threads: threads)
      for _ in 0..<50 { #expect(try session.run([x1])[0].isIdentical(to: x1)) }
    }
  }

  @Test func shortPhasesRunOnOneThread() throws {
    var sketch = RunTests.chain(1000, tile: 64)
    for index in sketch.plan.steps.indices {
      sketch.plan.steps[index].cost = Step.Cost(flops: 10, bytes: 10)
    }
    let results = try sketch.session(threads: 2).run([Tensor((0..<1000).map { Float($0) })])
    #expect(try results[1].scalar(as: Float.self) == 1_000_000)
  }

  @Test func runsMayUseFewerThreads() throws {
    let session = try RunTests.chain(1000, tile: 16).session(threads: 4)
    let x = Tensor((0..<1000).map { Float($0) })
    for threads in [1, 2, 3, 4, 9, 0] {
      let results = try session.run([x], options: RunOptions(threads: threads))
      #expect(try results[1].scalar(as: Float.self) == 1_000_000)
    }
  }

  @Test func floatingPointModesOfTheCallerDoNotMatter() throws {
    var sketch = PlanSketch("subnormal")
    let x = sketch.input("x", .f32, [1000])
    let sums = sketch.output("sums", .f32, [100])
    sketch.plan.steps = [PlanSketch.elementwise("partial_sums", [x, sums], 1000, tile: 10)]
    let session = try sketch.session()
    let tiny = Tensor([Float](repeating: .leastNonzeroMagnitude, count: 1000))
    let saved = FloatingPointMode.flushToZero()
    defer { FloatingPointMode.restore(saved) }
    for threads in [1, 2] {
      let results = try session.run([tiny], options: RunOptions(threads: threads))
      let bits = try results[0].scalars(as: Float.self).map(\.bitPattern)
      #expect(bits == [UInt32](repeating: 10, count: 100))
    }
    #expect(FloatingPointMode.isFlushingToZero)
  }
}
