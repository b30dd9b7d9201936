import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct StopTests {
  /// A loop that never ends.
  static func endless() throws -> Session {
    var sketch = PlanSketch("endless")
    let x = sketch.input("x", .f32, [300])
    let t = sketch.arena("t", .f32, [300])
    let yes = sketch.constant("yes", Tensor(true))
    sketch.plan.steps = [
      Step(
        .loop(
          condition: [], predicate: yes,
          body: [PlanSketch.elementwise("affine", [x, t], 300)], maximumTrips: nil),
        label: "forever", origins: "Train.swift:40")
    ]
    return try sketch.session()
  }

  static let x = Tensor([Float](repeating: 1, count: 300))

  @Test(arguments: [1, 2]) func theTimeLimitEndsALoop(threads: Int) throws {
    let session = try StopTests.endless()
    let options = RunOptions(threads: threads, timeLimit: .milliseconds(30))
    do {
      _ = try session.run([StopTests.x], options: options)
      Issue.record("the loop ended")
    } catch let error as TenonError {
      #expect(error.code == "time-limit")
      #expect(error.message == "endless: the run took longer than its limit of 0.03 seconds")
      // Which of the loop's steps came next depends on the moment.
      #expect(error.details.count == 1 && error.details[0].hasPrefix("stopped before step "))
    }
  }

  @Test func cancellingEndsALoop() async throws {
    let session = try StopTests.endless()
    let cancellation = Cancellation()
    async let results = session.run([StopTests.x], options: RunOptions(cancellation: cancellation))
    try await Task.sleep(for: .milliseconds(10))
    cancellation.cancel()
    do {
      _ = try await results
      Issue.record("the loop ended")
    } catch let error as TenonError {
      #expect(error.description == "endless: the run was cancelled")
    }
    expectError("endless: the run was cancelled") {
      try session.run([StopTests.x], options: RunOptions(cancellation: cancellation))
    }
  }

  @Test func cancellingTheTaskEndsItsRun() async throws {
    let session = try StopTests.endless()
    let task = Task { try await session.run([StopTests.x]) }
    try await Task.sleep(for: .milliseconds(10))
    task.cancel()
    do {
      _ = try await task.value
      Issue.record("the loop ended")
    } catch let error as TenonError {
      #expect(error.description == "endless: the run was cancelled")
    }
  }

  @Test func aFailingHostFunctionEndsTheRun() throws {
    struct Mishap: Error {}
    var sketch = PlanSketch("hosted")
    let x = sketch.input("x", .f32, [2])
    let y = sketch.output("y", .f32, [2])
    sketch.plan.hostFunctions = ["fail"]
    sketch.plan.steps = [
      Step(.host(0, buffers: [x]), label: "call", origins: "Custom.swift:7"),
      Step(.copy(from: x, to: y), label: "copy"),
    ]
    let plain = try sketch.session(hostFunctions: ["fail": { _ in throw Mishap() }])
    expectError(
      "hosted: host function `fail` failed: Mishap()\n  at Custom.swift:7"
    ) { try plain.run([Tensor([Float(1), 2])]) }
    let worded = try sketch.session(
      hostFunctions: ["fail": { _ in throw TenonError("shape", "custom: no") }])
    expectError("custom: no\n  in step call of hosted") {
      try worded.run([Tensor([Float(1), 2])])
    }
    expectError("plan hosted: no host function is called `fail`; pass it when loading") {
      try sketch.session()
    }
  }

  @Test func hostFunctionsSeePresentSizes() throws {
    let n = Symbol.running("n", maximum: 9)
    var sketch = PlanSketch("hosted", symbols: [n])
    let x = sketch.input("x", .f32, [Dimension(n), 2])
    let y = sketch.output("y", .f32, [2, Dimension(n)])
    sketch.plan.hostFunctions = ["transpose"]
    sketch.plan.steps = [Step(.host(0, buffers: [x, y]), label: "transpose")]
    let session = try sketch.session(
      hostFunctions: [
        "transpose": { operands in
          let (x, y) = (operands[0], operands[1])
          let from = x.bytes.bindMemory(to: Float.self)
          let to = y.bytes.bindMemory(to: Float.self)
          for row in 0..<x.shape[0] {
            for column in 0..<2 { to[column * y.shape[1] + row] = from[row * 2 + column] }
          }
        }
      ])
    let results = try session.run([try Tensor([Float(1), 2, 3, 4, 5, 6], shape: [3, 2])])
    #expect(results[0].shape == [2, 3])
    #expect(try results[0].scalars() == [Float(1), 3, 5, 2, 4, 6])
  }
}
