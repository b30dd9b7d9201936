import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct VerificationTests {
  /// Expects a good plan, changed by `damage`, to be refused with `message`.
  func expectDamage(
    _ message: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ damage: (inout Plan) -> Void
  ) {
    var plan = RunTests.chain(1000, tile: 64).plan
    damage(&plan)
    expectError("plan chain is damaged: \(message)", sourceLocation: sourceLocation) {
      try plan.verify()
    }
  }

  @Test func damagedPlansAreRefused() {
    expectDamage("buffer b2 (sums) takes 64 bytes where there are 48") { $0.arenaBytes = 48 }
    expectDamage("buffer b2 (sums) begins at 8, not at a multiple of 64") {
      $0.buffers[2].place = .arena(8)
    }
    expectDamage("buffer b2 (sums) is input 4, not there") { $0.buffers[2].place = .input(4) }
    expectDamage("buffer b2 (sums) is constant 0, not there") {
      $0.buffers[2].place = .constant(0)
    }
    expectDamage("buffer b1 (y) takes 4000 bytes where there are 4") {
      $0.buffers[1].place = .output(1)
    }
    expectDamage("buffer b2 (sums) is an alias of a later buffer") {
      $0.buffers[2].place = .alias(of: BufferID(2), byteOffset: 0)
    }
    expectDamage("buffer b2 (sums) takes 64 bytes where there are 40") {
      $0.buffers[2].place = .alias(of: BufferID(1), byteOffset: 3960)
    }
    expectDamage("kernel affine is of object 1, of 1") { $0.kernels[0].object = 1 }
    expectDamage("step affine calls kernel 99, not there") {
      $0.steps[0].kind = .kernel(99, buffers: [], sizes: [], tiles: 1)
    }
    expectDamage("step affine uses b7, which is not there") {
      $0.steps[0].kind = .kernel(0, buffers: [BufferID(7)], sizes: [], tiles: 1)
    }
    expectDamage("step affine has a size over n, which is not running") {
      $0.steps[0].kind = .kernel(0, buffers: [], sizes: [], tiles: Dimension(.bound("n")))
    }
    expectDamage("step affine reads an integer from buffer b2 (sums), which holds none") {
      $0.steps[0].kind = .branch(selector: BufferID(2), branches: [[]])
    }
    expectDamage(
      "step affine copies 4000 bytes from buffer b0 (x) to buffer b2 (sums), which is smaller"
    ) { $0.steps[0].kind = .copy(from: BufferID(0), to: BufferID(2)) }
    expectDamage("step affine calls host function 0, not there") {
      $0.steps[0].kind = .host(0, buffers: [])
    }
    expectDamage("its prepare steps use buffer b0 (x)") { $0.prepare = [$0.steps[0]] }
    expectDamage("two outputs have one name") { $0.outputs[1].name = "y" }
    expectDamage("no variable 0") { $0.variablesWrittenInPlace = [0] }
    expectDamage("the sizes of its inputs do not give n") {
      let n = Symbol.running("n", maximum: 4)
      $0.runningSymbols = [n]
      $0.inputs.append(
        PlanPort(name: "k", elementType: .f32, shape: [Dimension(n).floorDivided(by: 2)]))
    }
  }

  @Test func goodPlansPass() throws { try RunTests.chain(1000, tile: 64).plan.verify() }
}
