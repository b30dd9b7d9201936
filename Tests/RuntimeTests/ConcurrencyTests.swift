import Glibc
import TenonTensor
import Testing

@testable import TenonRuntime

/// Runs `body(0) ..< body(count)` each on a thread of its own and waits for all.
private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  final class Work: Sendable {
    let index: Int
    let body: @Sendable (Int) -> Void
    init(_ index: Int, _ body: @escaping @Sendable (Int) -> Void) {
      self.index = index
      self.body = body
    }
  }
  let threads = (0..<count).map { index in
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Work(index, body)).toOpaque()
    let failed = pthread_create(
      &thread, nil,
      { context in
        let work = Unmanaged<Work>.fromOpaque(context!).takeRetainedValue()
        work.body(work.index)
        return nil
      }, context)
    precondition(failed == 0)
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
}

@Suite struct ConcurrencyTests {
  @Test func manyThreadsSubmitAtOnce() throws {
    let numbers = Tensor(unevenNumbers(5000))
    let sketch = RunTests.chain(5000, tile: 64)
    let reference = try sketch.session(threads: 1).run([numbers])
    let sessions = try (1...4).map { try sketch.session(threads: $0) }
    let wrong = Monitor(0)
    onThreads(8) { thread in
      for run in 0..<50 {
        let results = try? sessions[(thread + run) % 4].run([numbers])
        let isRight =
          results.map { $0[0].isIdentical(to: reference[0]) && $0[1].isIdentical(to: reference[1]) }
          ?? false
        if !isRight { wrong.withLock { $0 += 1 } }
      }
    }
    #expect(wrong.withLock { $0 } == 0)
  }

  /// w += x for every run.
  static func counter() throws -> PlanSketch {
    var sketch = PlanSketch("count")
    let x = sketch.input("x", .f32, [256])
    let w = sketch.variable("w", .f32, [256])
    sketch.plan.steps = [PlanSketch.elementwise("add_in_place", [w, x], 256, tile: 16)]
    sketch.plan.variablesWrittenInPlace = [0]
    return sketch
  }

  @Test func writersAreAlone() throws {
    let session = try ConcurrencyTests.counter().session()
    let w = try session.variable("w")
    try session.setValue(try Tensor(.f32, shape: [256]) { _ in }, of: w)
    let one = Tensor([Float](repeating: 1, count: 256))
    let torn = Monitor(0)
    onThreads(6) { thread in
      for _ in 0..<40 {
        if thread < 4 {
          _ = try? session.run([one])
        } else if let value = try? session.value(of: w).scalars(as: Float.self) {
          // A reader sees whole runs only.
          if Set(value).count != 1 { torn.withLock { $0 += 1 } }
        }
      }
    }
    #expect(torn.withLock { $0 } == 0)
    #expect(try session.value(of: w).scalars() == [Float](repeating: 160, count: 256))
  }

  @Test func asynchronousRunsTakeTheirTurns() async throws {
    let session = try RunTests.chain(1000, tile: 64).session()
    let numbers = Tensor((0..<1000).map { Float($0) })
    try await withThrowingTaskGroup(of: Float.self) { group in
      for _ in 0..<20 {
        group.addTask { try await session.run(["x": numbers])["sum"]!.scalar() }
      }
      for try await sum in group { #expect(sum == 1_000_000) }
    }
  }

  @Test func hostFunctionsMayRunOtherSessions() throws {
    let inner = try RunTests.chain(1000, tile: 64).session(threads: 2)
    let numbers = Tensor((0..<1000).map { Float($0) })
    var sketch = PlanSketch("outer")
    let x = sketch.input("x", .f32, [300])
    let y = sketch.output("y", .f32, [300])
    let sum = sketch.output("sum", .f32, Shape.scalar)
    sketch.plan.hostFunctions = ["inner"]
    sketch.plan.steps = [
      PlanSketch.elementwise("affine", [x, y], 300, tile: 16),
      Step(.host(0, buffers: [sum]), label: "inner"),
    ]
    let session = try sketch.session(
      threads: 2,
      hostFunctions: [
        "inner": { operands in
          let results = try inner.run([numbers])
          operands[0].bytes.storeBytes(of: try results[1].scalar(as: Float.self), as: Float.self)
        }
      ])
    for _ in 0..<20 {
      let results = try session.run([Tensor([Float](repeating: 1, count: 300))])
      #expect(try results[1].scalar(as: Float.self) == 1_000_000)
    }
  }
}
