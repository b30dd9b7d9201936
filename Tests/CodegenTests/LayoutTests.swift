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
      return scheduler.preferredLayouts(group, mayChange: [false, true])
        .map { $0?.description ?? "-" }
    }
    #expect(layouts("mk", "kn", ["m": 28, "n": 128, "k": 33]) == ["-", "{1/32,0,32:1}"])
    #expect(layouts("mk", "nk", ["m": 28, "n": 128, "k": 33]) == ["-", "{0/32,1,32:0}"])
    #expect(layouts("mk", "kn", ["m": 40, "n": 10, "k": 33]) == ["-", "-"])
    #expect(
      scheduler.preferredLayouts(KernelCompilerTests.sum([70]), mayChange: [true, true])
        == [nil, nil])
  }

  @Test func convolutionsKeepTheDepthsOrder() {
    let group = LayoutTests.matmul(
      ContractionTests.Case(
        lhs: "nHWc", rhs: "ocpq", result: "nhwo",
        sizes: ["n": 1, "c": 6, "h": 7, "w": 9, "o": 64, "p": 3, "q": 3]))
    let layouts = Scheduler(target: Target(.avx512)).preferredLayouts(
      group, mayChange: [false, true])
    #expect(layouts.map { $0?.description ?? "-" } == ["-", "{0/32,2,3,1,32:0}"])
  }

  /// Through channels in blocks the loops go block by block, and in each over the window.
  @Test func weightsLieAsLoopsGoThroughBlocks() {
    let group = LayoutTests.matmul(
      ContractionTests.Case(
        lhs: "ncHW", rhs: "ocpq", result: "nohw",
        sizes: ["n": 1, "c": 32, "h": 14, "w": 14, "o": 64, "p": 3, "q": 3])
    ).inBlocks(of: 8)
    let layouts = Scheduler(target: Target(.avx2)).preferredLayouts(
      group, mayChange: [false, true])
    #expect(layouts.map { $0?.description ?? "-" } == ["-", "{0/8,1/8,2,3,8:1,8:0}"])
  }

  /// Packed operands give the bits that plain ones give.
  @Test(arguments: NativeRun.targets)
  func packedInputsGiveTheSameResult(target: Target) throws {
    let cases = [
      ContractionTests.Case(
        lhs: "mk", rhs: "nk", result: "mn", sizes: ["m": 40, "n": 70, "k": 33]),
      ContractionTests.Case(
        lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 33, "n": 64, "k": 40], element: .f64),
      ContractionTests.Case(
        lhs: "bmk", rhs: "bkn", result: "bmn", sizes: ["b": 2, "m": 21, "n": 100, "k": 17]),
      ContractionTests.Case(
        lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 1, "n": 300, "k": 33]),
      ContractionTests.Case(
        lhs: "nHWc", rhs: "ocpq", result: "nhwo",
        sizes: ["n": 1, "c": 5, "h": 5, "w": 9, "o": 70, "p": 3, "q": 3]),
    ]
    let scheduler = Scheduler(target: target, tileWork: 64)
    let compiler = KernelCompiler(scheduler: scheduler, cache: NativeRun.cache)
    for test in cases {
      let plain = LayoutTests.matmul(test)
      let layouts = scheduler.preferredLayouts(plain, mayChange: plain.inputs.map { _ in true })
      #expect(layouts[1] != nil, "\(test)")
      var blocked = plain
      let inputs = try ContractionTests.inputs(plain, [:])
      var packed = inputs
      for (number, layout) in layouts.enumerated() {
        guard let layout else { continue }
        let packing = KernelGroup.packing(plain.inputs[number], as: layout)
        let kernel = try compiler.compile([packing])[0]
        packed[number] = try NativeRun.run(
          kernel, inputs: [inputs[number]], outputs: packing.outputs)[0]
        #expect(
          try packed[number].isEqual(inputs[number].stored(as: blocked.inputs[number], layout)))
        blocked.inputs[number].layout = layout
      }
      #expect(
        scheduler.preferredLayouts(blocked, mayChange: plain.inputs.map { _ in true })
          .allSatisfy { $0 == nil }, "\(test)")
      let kernels = try compiler.compile([plain, blocked])
      if test.lhs == "mk" { #expect(kernels[1].schedule.hasSuffix("panels in place")) }
      let expected = try NativeRun.run(kernels[0], inputs: inputs, outputs: plain.outputs)
      let found = try NativeRun.run(kernels[1], inputs: packed, outputs: blocked.outputs)
      #expect(found[0].isIdentical(to: expected[0]), "\(test)")
    }
  }
}

extension KernelGroup {
  /// The group with the channels, axis 1, of its first input and its output in blocks.
  func inBlocks(of block: Int) -> KernelGroup {
    guard case .single(.compute(let compute)) = body else { return self }
    var group = self
    group.inputs[0].layout = .blocked(1, by: block, rank: inputs[0].rank)
    group.outputs[0].layout = .blocked(1, by: block, rank: outputs[0].rank)
    let stored = compute.stored(operands: group.inputs, results: group.outputs)
    group.inputs = group.inputs.map(\.stored)
    group.outputs = group.outputs.map(\.stored)
    group.body = .single(.compute(stored))
    return group
  }
}

extension Tensor {
  /// The elements where a layout puts them, with zeros between.
  fileprivate func stored(as type: TensorType, _ layout: Layout) throws -> [LaneNumber] {
    var type = type
    type.layout = layout
    return try stored(as: type).laneNumbers().map { number in
      if case .float(let value) = number, value.isNaN { .float(0) } else { number }
    }
  }

  fileprivate func isEqual(_ numbers: [LaneNumber]) throws -> Bool {
    let own = try laneNumbers()
    return own.count == numbers.count && zip(own, numbers).allSatisfy { $0.agrees(with: $1) }
  }
}
