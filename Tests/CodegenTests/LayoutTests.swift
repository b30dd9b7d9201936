import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

@Suite struct LayoutTests {
  static func matmul(_ test: ContractionTests.Case) -> KernelGroup {
    ContractionTests.group(test).0
  }

  @Test func columnsOfAContractionAreBlocked() {
    let scheduler = Scheduler(target: Target(.avx512))
    func layouts(_ lhs: String, _ rhs: String, _ sizes: [Character: Int]) -> [String] {
      let group = LayoutTests.matmul(
        ContractionTests.Case(lhs: lhs, rhs: rhs, result: "mn", sizes: sizes))
      return scheduler.preferredLayouts(group).map { $0?.description ?? "-" }
    }
    #expect(layouts("mk", "kn", ["m": 28, "n": 128, "k": 33]) == ["-", "{1/32,0,32:1}"])
    #expect(layouts("mk", "nk", ["m": 28, "n": 128, "k": 33]) == ["-", "{0/32,1,32:0}"])
    #expect(layouts("mk", "kn", ["m": 40, "n": 10, "k": 33]) == ["-", "-"])
    #expect(
      scheduler.preferredLayouts(KernelCompilerTests.sum([70])).map { $0 == nil } == [true, true])
  }

  @Test func convolutionsKeepTheDepthsOrder() {
    let group = LayoutTests.matmul(
      ContractionTests.Case(
        lhs: "nHWc", rhs: "ocpq", result: "nhwo",
        sizes: ["n": 1, "c": 6, "h": 7, "w": 9, "o": 64, "p": 3, "q": 3]))
    let layouts = Scheduler(target: Target(.avx512)).preferredLayouts(group)
    #expect(layouts.map { $0?.description ?? "-" } == ["-", "{0/32,2,3,1,32:0}"])
  }

  @Test(arguments: NativeRun.targets)
  func packedInputsGiveTheSameResult(target: Target) throws {
    let test = ContractionTests.Case(
      lhs: "mk", rhs: "nk", result: "mn", sizes: ["m": 40, "n": 70, "k": 33])
    let plain = LayoutTests.matmul(test)
    let scheduler = Scheduler(target: target)
    let layout = try #require(scheduler.preferredLayouts(plain)[1])
    let packing = KernelGroup.packing(plain.inputs[1], as: layout)
    var blocked = plain
    blocked.inputs[1].layout = layout
    #expect(scheduler.preferredLayouts(blocked).allSatisfy { $0 == nil })
    let inputs = try ContractionTests.inputs(plain, [:])
    let kernels = try KernelCompiler(target: target, cache: NativeRun.cache)
      .compile([plain, packing, blocked])
    #expect(kernels[2].schedule.hasSuffix("panels in place"))
    #expect(kernels[2].scratchBytes == 0)
    let expected = try NativeRun.run(kernels[0], inputs: inputs, outputs: plain.outputs)
    let packed = try NativeRun.run(kernels[1], inputs: [inputs[1]], outputs: packing.outputs)
    let found = try NativeRun.run(
      kernels[2], inputs: [inputs[0], packed[0]], outputs: blocked.outputs)
    #expect(found[0].isIdentical(to: expected[0]))
  }
}
