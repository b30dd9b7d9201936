import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct ControlFlowTests {
  /// While `n` is positive: x = 2 * x + 1, n = n - 1.
  static func loop(maximumTrips: Int? = nil, threads: Int = 2) throws -> Session {
    var sketch = PlanSketch("repeat")
    let count = sketch.input("n", .i32, Shape.scalar)
    let x = sketch.input("x", .f32, [300])
    let y = sketch.output("y", .f32, [300])
    let n = sketch.arena("counter", .i32, Shape.scalar)
    let goesOn = sketch.arena("goes_on", .bool, Shape.scalar)
    sketch.plan.steps = [
      Step(.copy(from: count, to: n), label: "copy"),
      Step(.copy(from: x, to: y), label: "copy", barrierBefore: false),
      Step(
        .loop(
          condition: [PlanSketch.kernel("is_positive", [n, goesOn])], predicate: goesOn,
          body: [
            PlanSketch.elementwise("affine", [y, y], 300),
            PlanSketch.kernel("decrement", [n], barrier: false),
          ],
          maximumTrips: maximumTrips),
        label: "while", origins: "Train.swift:12"),
    ]
    return try sketch.session(threads: threads)
  }

  @Test(arguments: [1, 2, 3]) func loopRunsItsBodyWhileThePredicateHolds(threads: Int) throws {
    let session = try ControlFlowTests.loop(threads: threads)
    let x = try Tensor([Float](repeating: 1, count: 300), shape: [300])
    for (trips, expected) in [(0, Float(1)), (1, 3), (5, 63)] {
      let results = try session.run([Tensor(Int32(trips)), x])
      #expect(try results[0].scalars() == [Float](repeating: expected, count: 300))
    }
  }

  @Test func loopOverItsMaximumFails() throws {
    let session = try ControlFlowTests.loop(maximumTrips: 4)
    let x = Tensor([Float](repeating: 1, count: 300))
    #expect(try session.run([Tensor(Int32(4)), x])[0].scalars()[0] == Float(31))
    expectError(
      """
      repeat: loop while did not end within its maximum of 4 trips
        at Train.swift:12
      """
    ) { try session.run([Tensor(Int32(5)), x]) }
    #expect(try session.run([Tensor(Int32(2)), x])[0].scalars()[0] == Float(7))
  }

  @Test(arguments: [1, 2]) func branchFollowsItsSelector(threads: Int) throws {
    var sketch = PlanSketch("choose")
    let selector = sketch.input("which", .i32, Shape.scalar)
    let x = sketch.input("x", .f32, [100])
    let y = sketch.output("y", .f32, [100])
    let t = sketch.arena("t", .f32, [100])
    let affine = { (a: BufferID, b: BufferID) in PlanSketch.elementwise("affine", [a, b], 100) }
    sketch.plan.steps = [
      Step(
        .branch(
          selector: selector,
          branches: [
            [Step(.copy(from: x, to: y), label: "copy")],
            [affine(x, y)],
            [affine(x, t), affine(t, y)],
          ]), label: "case"),
      PlanSketch.elementwise("affine", [y, y], 100),
    ]
    let session = try sketch.session(threads: threads)
    let x1 = Tensor([Float](repeating: 1, count: 100))
    for (selector, expected) in [(0, Float(3)), (1, 7), (2, 15), (3, 15), (-1, 15)] {
      let results = try session.run([Tensor(Int32(selector)), x1])
      #expect(try results[0].scalars() == [Float](repeating: expected, count: 100))
    }
  }

  @Test func loopsNest() throws {
    var sketch = PlanSketch("nest")
    let outer = sketch.input("outer", .i32, Shape.scalar)
    let inner = sketch.input("inner", .i32, Shape.scalar)
    let y = sketch.output("y", .i32, [500])
    let zero = sketch.constant("zero", try Tensor([Int32](repeating: 0, count: 500), shape: [500]))
    let i = sketch.arena("i", .i32, Shape.scalar)
    let j = sketch.arena("j", .i32, Shape.scalar)
    let goesOn = sketch.arena("goes_on", .bool, Shape.scalar)
    func loop(_ counter: BufferID, _ body: [Step]) -> Step {
      Step(
        .loop(
          condition: [PlanSketch.kernel("is_positive", [counter, goesOn])], predicate: goesOn,
          body: body + [PlanSketch.kernel("decrement", [counter])], maximumTrips: nil),
        label: "while")
    }
    sketch.plan.steps = [
      Step(.copy(from: zero, to: y), label: "copy"),
      Step(.copy(from: outer, to: i), label: "copy"),
      loop(
        i,
        [
          Step(.copy(from: inner, to: j), label: "copy"),
          loop(j, [PlanSketch.elementwise("count_elements", [y], 500, tile: 16)]),
        ]),
    ]
    let session = try sketch.session()
    let results = try session.run([Tensor(Int32(7)), Tensor(Int32(9))])
    #expect(try results[0].scalars() == [Int32](repeating: 63, count: 500))
  }

  @Test func stepsWithoutBarriersShareAPhase() throws {
    var sketch = PlanSketch("side by side")
    let x = sketch.input("x", .f32, [640])
    // More steps than one phase holds, of one tile and of many.
    let outputs = (0..<40).map { sketch.output("y\($0)", .f32, [640]) }
    sketch.plan.steps = outputs.enumerated().map { index, y in
      PlanSketch.elementwise(
        "affine", [x, y], 640, tile: index % 3 == 0 ? 640 : 32, barrier: false)
    }
    for threads in 1...4 {
      let session = try sketch.session(threads: threads)
      for result in try session.run([Tensor((0..<640).map { Float($0) })]) {
        #expect(try result.scalars() == (0..<640).map { Float(2 * $0 + 1) })
      }
    }
  }
}
