import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct PlanTextTests {
  @Test func textShowsTheWholePlan() throws {
    let n = Symbol.running("n", maximum: 9)
    var sketch = PlanSketch("show", symbols: [n])
    sketch.plan.target = "generic"
    sketch.plan.kernels = [KernelReference(object: 0, symbol: "affine", info: "2x + 1")]
    let x = sketch.input("x", .f32, [Dimension(n)])
    let y = sketch.output("y", .f32, [Dimension(n)])
    let w = sketch.variable("w", .i32, [2])
    let c = sketch.constant("c", Tensor(true))
    let t = sketch.arena("t", .f32, [Dimension(n)])
    let p = sketch.prepared("p", .f32, [4])
    sketch.plan.buffers.append(
      PlanBuffer(
        name: "part", place: .alias(of: t, byteOffset: 4), byteCount: 4, elementType: .i32,
        shape: [1], firstStep: 1, lastStep: 2))
    let part = BufferID(6)
    sketch.plan.hostFunctions = ["print"]
    sketch.plan.variablesWrittenInPlace = [0]
    sketch.plan.variableUpdates = [VariableUpdate(variable: 0, buffer: w)]
    sketch.plan.prepare = [Step(.copy(from: w, to: p), label: "pack")]
    let affine = Step(
      .kernel(0, buffers: [x, t], sizes: [Dimension(n), 64], tiles: 1), label: "affine",
      origins: "Show.swift:3", cost: Step.Cost(flops: Dimension(n) * 2, bytes: 8),
      barrierBefore: false)
    sketch.plan.steps = [
      affine,
      Step(.readSize(n, from: part), label: "read"),
      Step(
        .loop(condition: [affine], predicate: c, body: [affine], maximumTrips: 3), label: "while"),
      Step(
        .branch(selector: c, branches: [[], [Step(.copy(from: t, to: y), label: "copy")]]),
        label: "if"),
      Step(.host(0, buffers: [x, y]), label: "call"),
    ]
    try sketch.plan.verify()
    #expect(
      sketch.plan.description == """
        plan show for generic
        symbol n <= 9
        input x f32[n]
        output y f32[n]
        variable w i32[2] written in place
        constant c bool[]
        kernel affine of object 0: 2x + 1
        arena 64, prepared 64, scratch 0
        b0 x f32[n] 36 bytes input x steps 0...0
        b1 y f32[n] 36 bytes output y steps 0...0
        b2 w i32[2] 8 bytes variable w steps 0...0
        b3 c bool[] 1 bytes constant c steps 0...0
        b4 t f32[n] 36 bytes arena+0 steps 0...0
        b5 p f32[4] 16 bytes prepared+0 steps 0...0
        b6 part i32[1] 4 bytes b4+4 steps 1...2
        prepare:
          | pack: copy b2 to b5
        steps:
            affine: affine(b0, b4, n, 64) tiles 1 flops 2*n bytes 8 from Show.swift:3
          | read: n = b6
          | while: while b3 at most 3
            condition
                affine: affine(b0, b4, n, 64) tiles 1 flops 2*n bytes 8 from Show.swift:3
            body
                affine: affine(b0, b4, n, 64) tiles 1 flops 2*n bytes 8 from Show.swift:3
          | if: case b3
            0
            1
              | copy: copy b4 to b1
          | call: host print(b0, b1)
        update w = b2
        """)
  }
}
