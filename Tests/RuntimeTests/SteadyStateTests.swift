import Glibc
import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct SteadyStateTests {
  /// A bound instance of a plan with a loop, running sizes and several phases.
  static func instance(threads: Int) throws -> Instance {
    let n = Symbol.running("n", maximum: 5000)
    var sketch = PlanSketch("steady", symbols: [n])
    let x = sketch.input("x", .f32, [Dimension(n)])
    let y = sketch.output("y", .f32, [Dimension(n)])
    let t = sketch.arena("t", .f32, [Dimension(n)])
    let yes = sketch.constant("yes", Tensor(Int32(3)))
    let counter = sketch.arena("counter", .i32, Shape.scalar)
    let goesOn = sketch.arena("goes_on", .bool, Shape.scalar)
    sketch.plan.steps = [
      Step(.copy(from: yes, to: counter), label: "copy"),
      Step(
        .loop(
          condition: [PlanSketch.kernel("is_positive", [counter, goesOn])], predicate: goesOn,
          body: [
            PlanSketch.elementwise("affine", [x, t], Dimension(n)),
            PlanSketch.elementwise("affine", [t, y], Dimension(n)),
            PlanSketch.kernel("decrement", [counter]),
          ], maximumTrips: 10), label: "while"),
    ]
    return try Instance(LoadedPlan(sketch.plan), threads: threads)
  }

  @Test(arguments: [1, 2]) func aBoundInstanceRunsAgainAndAgain(threads: Int) throws {
    let instance = try SteadyStateTests.instance(threads: threads)
    let result = UnsafeMutableRawBufferPointer.allocate(byteCount: 20000, alignment: 64)
    defer { result.deallocate() }
    try instance.bindOutput(0, to: result)
    for count in [4000, 4000, 12, 5000] {
      try instance.bindInput(0, to: Tensor([Float](repeating: 1, count: count)))
      for _ in 0..<3 { try instance.run() }
      #expect(result.bindMemory(to: Float.self)[count - 1] == 7)
      #expect(instance.outputShape(0) == [count])
    }
  }

  // Sanitized kernels touch pages of their own.
  @Test(.enabled(if: getenv("TENON_TEST_KERNEL_FLAGS") == nil))
  func runsTouchNoNewPages() throws {
    let instance = try SteadyStateTests.instance(threads: 1)
    try instance.bindInput(0, to: Tensor([Float](repeating: 1, count: 5000)))
    let result = UnsafeMutableRawBufferPointer.allocate(byteCount: 20000, alignment: 64)
    defer { result.deallocate() }
    try instance.bindOutput(0, to: result)
    let thisThread: Int32 = 1  // RUSAGE_THREAD
    func faults() -> Int {
      var usage = rusage()
      getrusage(thisThread, &usage)
      return usage.ru_minflt
    }
    for _ in 0..<3 { try instance.run() }
    let before = faults()
    for _ in 0..<50 { try instance.run() }
    #expect(faults() == before)
  }

  @Test func sessionsReuseTheMemoryOfResults() throws {
    let session = try RunTests.chain(100_000, tile: 1000).session()
    let x = Tensor(unevenNumbers(100_000))
    func address(_ tensor: Tensor) -> UnsafeMutableRawPointer { tensor.storage.bytes }
    let first = address(try session.run([x])[0])
    #expect(address(try session.run([x])[0]) == first)
    // A result that is held keeps its memory.
    let held = try session.run([x])[0]
    let other = try session.run([x])[0]
    #expect(address(held) != address(other))
    #expect(held.isIdentical(to: other))
  }
}
