import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct OutputBufferTests {
  static let n = Symbol.running("n", maximum: 8)

  /// `y` is twice `x` and one.
  static func session(threads: Int = 2) throws -> Session {
    var sketch = PlanSketch("affine", symbols: [n])
    let x = sketch.input("x", .f32, [Dimension(n)])
    let y = sketch.output("y", .f32, [Dimension(n)])
    sketch.plan.steps = [PlanSketch.elementwise("affine", [x, y], Dimension(n), tile: 2)]
    return try sketch.session(threads: threads)
  }

  static let x = Tensor([Float(1), 2, 3])

  @Test func resultsAreWrittenToTheCallersMemory() throws {
    let session = try OutputBufferTests.session()
    var y = [Float](repeating: -1, count: 5)
    try y.withUnsafeMutableBufferPointer { elements in
      let buffer = try OutputBuffer(elements, shape: [3])
      try session.run([OutputBufferTests.x], into: [buffer])
      #expect(Array(elements) == [3, 5, 7, -1, -1])
      try session.run(["x": Tensor([Float(4), 5, 6])], into: ["y": buffer])
    }
    #expect(y == [9, 11, 13, -1, -1])
  }

  @Test func laterRunsLeaveIt() throws {
    let session = try OutputBufferTests.session()
    var y = [Float](repeating: -1, count: 3)
    try y.withUnsafeMutableBufferPointer { elements in
      try session.run([OutputBufferTests.x], into: [OutputBuffer(elements, shape: [3])])
      let fresh = try session.run([Tensor([Float(7), 8, 9])])
      #expect(try fresh[0].scalars(as: Float.self) == [15, 17, 19])
    }
    #expect(y == [3, 5, 7])
  }

  @Test func executablesThatCannotWriteThereCopy() throws {
    let copying = Copying(session: try OutputBufferTests.session())
    var y = [Float](repeating: -1, count: 3)
    try y.withUnsafeMutableBufferPointer { elements in
      try copying.run([OutputBufferTests.x], into: [OutputBuffer(elements, shape: [3])])
      #expect(Array(elements) == [3, 5, 7])
      let short = try OutputBuffer(elements, shape: [2])
      expectError("affine: output y f32[n] is [3] in this run, given a buffer of [2]") {
        try copying.run([OutputBufferTests.x], into: [short])
      }
    }
  }

  @Test func wrongBuffersAreNamed() throws {
    let session = try OutputBufferTests.session()
    let x = OutputBufferTests.x
    var y = [Float](repeating: -1, count: 8)
    try y.withUnsafeMutableBytes { bytes in
      let whole = try OutputBuffer(.f32, shape: [3], bytes: bytes)
      expectError("affine: gives 1 outputs, given 2 buffers\n  outputs: y f32[n]") {
        try session.run([x], into: [whole, whole])
      }
      expectError("affine: no output is called `z`\n  outputs: y f32[n]") {
        try session.run(["x": x], into: ["y": whole, "z": whole])
      }
      expectError("affine: the buffer of output y is missing; give y f32[n]") {
        try session.run(["x": x], into: [:])
      }
      let integers = try OutputBuffer(.i32, shape: [3], bytes: bytes)
      expectError("affine: output y is f32, given a buffer of i32[3]") {
        try session.run([x], into: [integers])
      }
      let four = try OutputBuffer(.f32, shape: [4], bytes: bytes)
      expectError("affine: output y f32[n] is [3] in this run, given a buffer of [4]") {
        try session.run([x], into: [four])
      }
      let column = try OutputBuffer(.f32, shape: [3, 1], bytes: bytes)
      expectError("affine: output y f32[n] is [3] in this run, given a buffer of [3, 1]") {
        try session.run([x], into: [column])
      }
      expectError("output buffer: f32[9] needs 36 bytes, given 32") {
        try OutputBuffer(.f32, shape: [9], bytes: bytes)
      }
      expectError("output buffer: strings have no bytes; run without buffers") {
        try OutputBuffer(.string, shape: [1], bytes: bytes)
      }
    }
    #expect(y == [Float](repeating: -1, count: 8))
  }

  @Test func sharedMemoryIsNamed() throws {
    var sketch = PlanSketch("two")
    let x = sketch.input("x", .f32, [4])
    let y = sketch.output("y", .f32, [4])
    let z = sketch.output("z", .f32, [4])
    sketch.plan.steps = [
      Step(.copy(from: x, to: y), label: "copy"), Step(.copy(from: x, to: z), label: "copy"),
    ]
    let session = try sketch.session()
    let x4 = Tensor([Float(1), 2, 3, 4])
    var memory = [Float](repeating: 0, count: 8)
    try memory.withUnsafeMutableBytes { bytes in
      func buffer(_ from: Int) throws -> OutputBuffer {
        try OutputBuffer(
          .f32, shape: [4], bytes: UnsafeMutableRawBufferPointer(rebasing: bytes[from...]))
      }
      expectError("two: the buffer of output z shares memory with output y") {
        try session.run([x4], into: [buffer(0), buffer(12)])
      }
      let ofInput = try OutputBuffer(
        .f32, shape: [4],
        bytes: UnsafeMutableRawBufferPointer(start: x4.storage.bytes, count: 16))
      expectError("two: the buffer of output z shares memory with input x") {
        try session.run([x4], into: [buffer(0), ofInput])
      }
      try session.run([x4], into: [buffer(0), buffer(16)])
    }
    #expect(memory == [1, 2, 3, 4, 1, 2, 3, 4])
  }

  @Test func sizesThatOnlyTheRunTellsAreRefused() throws {
    let session = try RunningSizeTests.reading(threads: 1)
    let inputs = [
      try Tensor([Float](repeating: 0, count: 8334), shape: [8334]), Tensor([Int16(0)]),
      Tensor(Int64(2)),
    ]
    var memory = [Float](repeating: 0, count: 8)
    try memory.withUnsafeMutableBufferPointer { elements in
      let buffer = try OutputBuffer(elements, shape: [2])
      expectError(
        "reading: only the run can tell the sizes of output y f32[floordiv(n, 3) + m*n]; "
          + "run without buffers"
      ) { try session.run(inputs, into: [buffer]) }
    }
  }
}

/// A session behind the protocol's own copy of results.
private struct Copying: Executable {
  let session: Session
  var name: String { session.name }
  var inputs: [PlanPort] { session.inputs }
  var outputs: [PlanPort] { session.outputs }
  var variables: [PlanPort] { session.variables }
  var report: ExecutionReport { session.report }

  func run(_ inputs: [Tensor], options: RunOptions) throws -> [Tensor] {
    try session.run(inputs, options: options)
  }
  func value(of variable: VariableHandle) throws -> Tensor { try session.value(of: variable) }
  func setValue(_ value: Tensor, of variable: VariableHandle) throws {
    try session.setValue(value, of: variable)
  }
}
