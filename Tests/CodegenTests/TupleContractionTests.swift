import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// Contractions of bytes, of 16-bit integers and of bf16, whose products are summed several at a time.
@Suite struct TupleContractionTests {
  typealias Case = ContractionTests.Case

  /// The machine's targets, with and without an instruction for it, and with tiles.
  static let targets: [Target] =
    NativeRun.targets + machine(\.hasByteDotProduct) + machine(\.hasTileProducts)

  /// The machine's widest target with an instruction, where it has it.
  private static func machine(_ instruction: WritableKeyPath<Target, Bool>) -> [Target] {
    guard Target.host()[keyPath: instruction] else { return [] }
    var target = Target(.avx512)
    target[keyPath: instruction] = true
    return [target]
  }

  static func bytes(
    _ lhs: String, _ rhs: String, _ result: String, _ sizes: [Character: Int],
    _ storage: ElementType = .u8, _ other: ElementType = .i8, stride: Int = 1, dilation: Int = 1,
    groups: Int = 1, running: String = "", level2Bytes: Int = 1 << 20
  ) -> Case {
    Case(
      lhs: lhs, rhs: rhs, result: result, sizes: sizes, element: .i32, storage: storage,
      otherStorage: other, running: running, stride: stride, dilation: dilation, groups: groups,
      level2Bytes: level2Bytes)
  }

  static let cases: [Case] = [
    bytes("mk", "kn", "mn", ["m": 40, "n": 70, "k": 32]),
    bytes("mk", "kn", "mn", ["m": 75, "n": 90, "k": 192]),
    bytes("mk", "nk", "mn", ["m": 14, "n": 130, "k": 96], .i8, .u8),
    bytes("mk", "kn", "mn", ["m": 35, "n": 48, "k": 320], level2Bytes: 2048),
    bytes("mk", "kn", "mn", ["m": 29, "n": 64, "k": 37]),
    bytes("mk", "nk", "mn", ["m": 37, "n": 50, "k": 43], .i8, .u8),
    bytes("km", "kn", "mn", ["m": 31, "n": 10, "k": 63]),
    bytes("mk", "kn", "mn", ["m": 3, "n": 100, "k": 21]),
    bytes("mk", "kn", "mn", ["m": 40, "n": 70, "k": 33], .i16, .i16),
    bytes("mk", "nk", "mn", ["m": 20, "n": 33, "k": 64], .i16, .i16),
    bytes("mk", "kn", "mn", ["m": 25, "n": 50, "k": 24], running: "m"),
    bytes("mk", "kn", "mn", ["m": 25, "n": 50, "k": 23], running: "n"),
    bytes("mk", "kn", "mn", ["m": 45, "n": 60, "k": 397], level2Bytes: 2048),
    bytes("bmk", "bkn", "bmn", ["b": 3, "m": 17, "n": 33, "k": 18]),
    bytes(
      "ncHW", "ocpq", "nohw", ["n": 2, "c": 8, "h": 7, "w": 9, "o": 20, "p": 3, "q": 3]),
    bytes(
      "ncHW", "ocpq", "nohw", ["n": 1, "c": 5, "h": 7, "w": 17, "o": 20, "p": 3, "q": 3],
      stride: 2),
    bytes(
      "ncHW", "ocpq", "nohw", ["n": 1, "c": 3, "h": 9, "w": 19, "o": 16, "p": 7, "q": 7]),
    bytes(
      "ncHW", "ocpq", "nohw", ["n": 1, "c": 6, "h": 9, "w": 11, "o": 15, "p": 3, "q": 2],
      .i16, .i16, dilation: 2),
    bytes("nchw", "oc", "nohw", ["n": 2, "c": 18, "h": 7, "w": 7, "o": 20]),
    bytes(
      "nHWc", "pqco", "nhwo", ["n": 1, "c": 16, "h": 7, "w": 9, "o": 40, "p": 3, "q": 3]),
    bytes(
      "ncHW", "ocpq", "nohw", ["n": 2, "c": 4, "h": 5, "w": 7, "o": 15, "p": 3, "q": 3],
      groups: 3),
  ]

  /// The machine's targets that have an instruction for pairs of bf16.
  static let floatTargets: [Target] =
    machine(\.hasBFloat16DotProduct)
    + machine(\.hasTileProducts).map { target in
      var target = target
      target.hasBFloat16DotProduct = true
      return target
    }

  static func floats(
    _ lhs: String, _ rhs: String, _ result: String, _ sizes: [Character: Int], stride: Int = 1,
    running: String = "", level2Bytes: Int = 1 << 20
  ) -> Case {
    Case(
      lhs: lhs, rhs: rhs, result: result, sizes: sizes, storage: .bf16, running: running,
      stride: stride, level2Bytes: level2Bytes)
  }

  static let floatCases: [Case] = [
    floats("mk", "kn", "mn", ["m": 40, "n": 70, "k": 32]),
    floats("mk", "kn", "mn", ["m": 75, "n": 90, "k": 96]),
    floats("mk", "kn", "mn", ["m": 35, "n": 48, "k": 320], level2Bytes: 4096),
    floats("mk", "nk", "mn", ["m": 29, "n": 64, "k": 37]),
    floats("km", "kn", "mn", ["m": 31, "n": 10, "k": 63]),
    floats("mk", "kn", "mn", ["m": 3, "n": 100, "k": 21]),
    floats("mk", "kn", "mn", ["m": 25, "n": 50, "k": 24], running: "m"),
    floats("mk", "kn", "mn", ["m": 45, "n": 60, "k": 397], level2Bytes: 2048),
    floats("bmk", "bkn", "bmn", ["b": 3, "m": 17, "n": 33, "k": 18]),
    floats(
      "ncHW", "ocpq", "nohw", ["n": 2, "c": 8, "h": 7, "w": 9, "o": 20, "p": 3, "q": 3]),
    floats(
      "ncHW", "ocpq", "nohw", ["n": 1, "c": 3, "h": 9, "w": 19, "o": 16, "p": 7, "q": 7],
      stride: 2),
    floats(
      "nHWc", "pqco", "nhwo", ["n": 1, "c": 16, "h": 7, "w": 9, "o": 40, "p": 3, "q": 3]),
  ]

  @Test(arguments: targets)
  func sumsOfProducts(target: Target) throws { try check(Self.cases, target) }

  @Test(arguments: floatTargets)
  func sumsOfFloats(target: Target) throws { try check(Self.floatCases, target) }

  private func check(_ cases: [Case], _ target: Target) throws {
    for test in cases {
      let (group, sizes) = ContractionTests.group(test)
      var target = target
      target.level2Bytes = test.level2Bytes
      let scheduler = Scheduler(target: target, tileWork: 64)
      let description = scheduler.schedule(group.canonical().group).description
      let width = test.storage!.byteWidth == 2 ? 2 : 4
      #expect(description.contains("dot products of \(width)"), "\(test): \(description)")
      var plain = RandomGroup(group: group, sizes: sizes)
      plain.inputs = try ContractionTests.inputs(group, sizes)
      plain.meant = try GroupReference(group: group, sizes: sizes).run(plain.inputs)
      // Operands as they come, and as the kernel wants them.
      var packed = plain
      let layouts = scheduler.preferredLayouts(group, mayChange: group.inputs.map { _ in true })
      for (number, layout) in layouts.enumerated() where group.inputs[number].shape.isConstant {
        packed.group.inputs[number].layout = layout
      }
      let again = scheduler.preferredLayouts(
        packed.group, mayChange: group.inputs.map { _ in true })
      #expect(again.allSatisfy { $0 == nil }, "\(test)")
      try RandomGroupTests.check(
        [("\(test)", plain), ("\(test) packed", packed)], target, tileWork: 64)
    }
  }

  /// Without an instruction for them, halves of both factors take registers of their own.
  @Test func halvesOfBytesHaveRegisters() {
    let group = ContractionTests.group(
      Self.bytes("mk", "kn", "mn", ["m": 48, "n": 64, "k": 32])
    ).0
    let description = Scheduler(target: Target(.avx2)).schedule(group.canonical().group).description
    #expect(description.contains("blocks of 4 rows x 2 vectors"), "\(description)")
  }

  @Test func operandsArePackedInTuples() {
    func layouts(_ test: Case) -> [String] {
      let group = ContractionTests.group(test).0
      var target = Target(.avx512)
      target.hasByteDotProduct = true
      return Scheduler(target: target)
        .preferredLayouts(group, mayChange: [true, true]).map { $0?.description ?? "-" }
    }
    #expect(
      layouts(Self.bytes("mk", "kn", "mn", ["m": 28, "n": 128, "k": 32]))
        == ["-", "{1/32,0/4,32:1,4:0}"])
    #expect(
      layouts(
        Self.bytes(
          "ncHW", "ocpq", "nohw", ["n": 1, "c": 8, "h": 8, "w": 8, "o": 32, "p": 3, "q": 3]))
        == ["-", "{0,2,3,1/4,4:1}"])
  }
}
