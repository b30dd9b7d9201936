import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct VariableTests {
  static let one = Tensor([Float](repeating: 1, count: 256))

  @Test func variablesNeedAValue() throws {
    let session = try ConcurrencyTests.counter().session()
    expectError(
      "count: variable w f32[256] has no value yet; run the initialize entry or set it"
    ) { try session.run([VariableTests.one]) }
    expectError("variable w f32[256] has no value yet; run the initialize entry or set it") {
      try session.value(of: session.variable("w"))
    }
    expectError("no variable is called `v`\n  variables: w") { try session.variable("v") }
    expectError("variable w f32[256] cannot hold f64[2]") {
      try session.setValue(Tensor([1.0, 2.0]), of: session.variable("w"))
    }
  }

  @Test func entriesShareVariables() throws {
    let store = VariableStore()
    // The initialize entry: w = 2 * c + 1, written at the end of the run.
    var initialize = PlanSketch("initialize")
    let c = initialize.constant("c", VariableTests.one)
    let t = initialize.arena("t", .f32, [256])
    _ = initialize.variable("w", .f32, [256])
    initialize.plan.steps = [PlanSketch.elementwise("affine", [c, t], 256)]
    initialize.plan.variableUpdates = [VariableUpdate(variable: 0, buffer: t)]
    let first = try initialize.session(store: store)
    let train = try ConcurrencyTests.counter().session(store: store)
    _ = try first.run([])
    _ = try train.run([VariableTests.one])
    #expect(try store.value(of: "w").scalars() == [Float](repeating: 4, count: 256))
    try store.setValue(VariableTests.one, of: "w")
    _ = try train.run([VariableTests.one])
    #expect(try first.value(of: first.variable("w")).scalars()[255] == Float(2))

    var other = PlanSketch("other")
    _ = other.variable("w", .f32, [3])
    expectError("other: variable w f32[3] is already f32[256]") {
      try other.session(store: store)
    }
    expectError("no variable is called `v`\n  variables: w") { try store.value(of: "v") }
  }

  @Test func plansMayInitializeInPlace() throws {
    var sketch = PlanSketch("initialize")
    let w = sketch.variable("w", .f32, [256])
    let c = sketch.constant("c", VariableTests.one)
    sketch.plan.steps = [PlanSketch.elementwise("affine", [c, w], 256)]
    sketch.plan.variablesWrittenInPlace = [0]
    sketch.plan.variablesInitialized = [0]
    let session = try sketch.session()
    _ = try session.run([])
    #expect(try session.store.value(of: "w").scalars()[7] == Float(3))
  }

  /// Fails after its first step where x is told to; otherwise w += x.
  static func failing(inPlace: Bool) throws -> Session {
    var sketch = PlanSketch("train")
    let x = sketch.input("x", .f32, [256])
    let trips = sketch.input("trips", .i32, Shape.scalar)
    let w = sketch.variable("w", .f32, [256])
    let n = sketch.arena("n", .i32, Shape.scalar)
    let goesOn = sketch.arena("goes_on", .bool, Shape.scalar)
    let sum = inPlace ? w : sketch.arena("sum", .f32, [256])
    sketch.plan.steps = [
      Step(.copy(from: w, to: sum), label: "copy"),
      PlanSketch.elementwise("add_in_place", [sum, x], 256),
      Step(.copy(from: trips, to: n), label: "copy"),
      Step(
        .loop(
          condition: [PlanSketch.kernel("is_positive", [n, goesOn])], predicate: goesOn,
          body: [PlanSketch.kernel("decrement", [n])], maximumTrips: 2), label: "while"),
    ]
    if inPlace {
      sketch.plan.steps.removeFirst()
      sketch.plan.variablesWrittenInPlace = [0]
    } else {
      sketch.plan.variableUpdates = [VariableUpdate(variable: 0, buffer: sum)]
    }
    let session = try sketch.session()
    try session.setValue(VariableTests.one, of: session.variable("w"))
    return session
  }

  @Test func aFailedRunLeavesVariablesAsTheyWere() throws {
    let session = try VariableTests.failing(inPlace: false)
    _ = try session.run([VariableTests.one, Tensor(Int32(2))])
    expectError("train: loop while did not end within its maximum of 2 trips") {
      try session.run([VariableTests.one, Tensor(Int32(3))])
    }
    #expect(try session.store.value(of: "w").scalars() == [Float](repeating: 2, count: 256))
    _ = try session.run([VariableTests.one, Tensor(Int32(0))])
    #expect(try session.store.value(of: "w").scalars() == [Float](repeating: 3, count: 256))
  }

  @Test func aFailedRunInPlaceBreaksTheSession() throws {
    let session = try VariableTests.failing(inPlace: true)
    _ = try session.run([VariableTests.one, Tensor(Int32(2))])
    let cancellation = Cancellation()
    cancellation.cancel()
    // Nothing has begun, so nothing is broken.
    expectError("train: the run was cancelled") {
      try session.run(
        [VariableTests.one, Tensor(Int32(1))], options: RunOptions(cancellation: cancellation))
    }
    #expect(try session.store.value(of: "w").scalars()[0] == Float(2))
    expectError("train: loop while did not end within its maximum of 2 trips") {
      try session.run([VariableTests.one, Tensor(Int32(3))])
    }
    expectError(
      """
      train: the session is broken: a run failed while it was writing variables; set them again
        variables: w
      """
    ) { try session.run([VariableTests.one, Tensor(Int32(0))]) }
    expectError(
      "variable w f32[256] is broken: a run failed while it was writing it; set it again"
    ) { try session.store.value(of: "w") }
    try session.setValue(VariableTests.one, of: session.variable("w"))
    _ = try session.run([VariableTests.one, Tensor(Int32(0))])
    #expect(try session.store.value(of: "w").scalars()[0] == Float(2))
  }

  @Test func preparedValuesFollowTheirVariables() throws {
    var sketch = PlanSketch("predict")
    let w = sketch.variable("w", .f32, [256])
    let packed = sketch.prepared("packed", .f32, [256])
    let times = sketch.prepared("times", .i32, [1])
    let y = sketch.output("y", .f32, [256])
    let count = sketch.output("count", .i32, [1])
    sketch.plan.prepare = [
      PlanSketch.elementwise("affine", [w, packed], 256),
      PlanSketch.elementwise("count_elements", [times], 1),
    ]
    sketch.plan.steps = [
      PlanSketch.elementwise("affine", [packed, y], 256),
      Step(.copy(from: times, to: count), label: "copy"),
    ]
    let session = try sketch.session()
    try session.setValue(VariableTests.one, of: session.variable("w"))
    for _ in 0..<3 {
      let results = try session.run([])
      #expect(try results[0].scalars() == [Float](repeating: 7, count: 256))
      #expect(try results[1].scalars() == [Int32(1)])
    }
    try session.setValue(
      Tensor([Float](repeating: 2, count: 256)), of: session.variable("w"))
    for _ in 0..<3 {
      let results = try session.run([])
      #expect(try results[0].scalars() == [Float](repeating: 11, count: 256))
      #expect(try results[1].scalars() == [Int32(2)])
    }
  }
}
