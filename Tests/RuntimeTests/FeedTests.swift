import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct FeedTests {
  static let batch = Symbol.running("batch", maximum: 8)

  static func session() throws -> Session {
    let b = Dimension(batch)
    var sketch = PlanSketch("predict", symbols: [batch])
    _ = sketch.input("x", .f32, [b, 3])
    _ = sketch.input("y", .i64, [b])
    _ = sketch.input("z", .f32, [b * 2 + 1, Dimension.maximum(b, 2)])
    return try sketch.session()
  }

  static let x = try! Tensor([Float](repeating: 0, count: 6), shape: [2, 3])
  static let y = Tensor([Int64(1), 2])
  static let z = try! Tensor([Float](repeating: 0, count: 10), shape: [5, 2])

  @Test func goodFeedsRun() throws {
    let session = try FeedTests.session()
    #expect(try session.run([FeedTests.x, FeedTests.y, FeedTests.z]).isEmpty)
    #expect(try session.run(["x": FeedTests.x, "y": FeedTests.y, "z": FeedTests.z]).isEmpty)
  }

  @Test func wrongNamesAreNamed() throws {
    let session = try FeedTests.session()
    let inputs = "inputs: x f32[batch, 3], y i64[batch], z f32[2*batch + 1, max(2, batch)]"
    expectError("predict: no input is called `w`\n  \(inputs)") {
      try session.run(["x": FeedTests.x, "y": FeedTests.y, "w": FeedTests.z])
    }
    expectError("predict: input y is missing; feed y i64[batch]") {
      try session.run(["x": FeedTests.x, "z": FeedTests.z])
    }
    expectError("predict: takes 3 inputs, given 2\n  \(inputs)") {
      try session.run([FeedTests.x, FeedTests.y])
    }
  }

  @Test func wrongTensorsAreNamed() throws {
    let session = try FeedTests.session()
    func run(x: Tensor = FeedTests.x, y: Tensor = FeedTests.y, z: Tensor = FeedTests.z) throws
      -> [Tensor]
    { try session.run([x, y, z]) }
    func zeros(_ shape: [Int]) throws -> Tensor { try Tensor(.f32, shape: shape) { _ in } }

    expectError(
      "predict: input y must be i64, given i32[2]; use `converted(to: .i64)` first"
    ) { try run(y: Tensor([Int32(1), 2])) }
    expectError("predict: input x must have rank 2 as [batch, 3], given [6]") {
      try run(x: zeros([6]))
    }
    expectError(
      "predict: input x must be [batch, 3], given [2, 4]: size 1 must be 3, not 4"
    ) { try run(x: zeros([2, 4])) }
    expectError(
      "predict: input z must be [2*batch + 1, max(2, batch)], given [5, 3]: "
        + "size 1 must be max(2, batch) = 2, not 3"
    ) { try run(z: zeros([5, 3])) }
    expectError(
      "predict: input z must be [2*batch + 1, max(2, batch)], given [4, 2]: "
        + "no size makes 2*batch + 1 equal 4"
    ) { try run(z: zeros([4, 2])) }
    expectError(
      "predict: input x given [9, 3] makes batch 9, over its maximum 8; declare it with a larger `maximum:`"
    ) { try run(x: zeros([9, 3])) }
    expectError(
      "predict: batch is 2 by input x f32[batch, 3] but 3 by input y i64[batch]"
    ) { try run(y: Tensor([Int64(1), 2, 3])) }
    #expect(try run().isEmpty)
  }

  @Test func portsWithoutMemoryAreNamed() throws {
    var sketch = PlanSketch("pass")
    let x = sketch.input("x", .f32, [4])
    let y = sketch.output("y", .f32, [4])
    sketch.plan.steps = [Step(.copy(from: x, to: y), label: "copy")]
    let instance = try Instance(LoadedPlan(sketch.plan), threads: 1)
    expectError("pass: input x f32[4] has no memory; bind it before the run") {
      try instance.run()
    }
    try instance.bindInput(0, to: Tensor([Float(1), 2, 3, 4]))
    expectError("pass: output y f32[4] has no memory; bind it before the run") {
      try instance.run()
    }
    var numbers = [Float](repeating: 0, count: 4)
    try numbers.withUnsafeMutableBytes { bytes in
      expectError("pass: output y f32[4] needs 16 bytes, given 8") {
        try instance.bindOutput(0, to: UnsafeMutableRawBufferPointer(rebasing: bytes[..<8]))
      }
      try instance.bindOutput(0, to: bytes)
      try instance.run()
    }
    #expect(numbers == [1, 2, 3, 4])
  }
}
