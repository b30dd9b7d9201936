import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// Schedules of contractions asked for in the cost model's place.
@Suite struct ContractionChoiceTests {
  /// Blocks of results for which registers suffice, as clang uses them.
  @Test func rowsOfEachInstructionSet() {
    func rows(_ set: Target.InstructionSet, _ products: ProductCost = .multiplyAdd) -> [Int] {
      (1...4).map { RegisterBlock.mostRows(vectors: $0, Target(set), products) }
    }
    #expect(rows(.avx512) == [30, 14, 9, 6])
    #expect(rows(.avx2) == [14, 6, 4, 2])
    #expect(rows(.avx2, .halves) == [11, 4, 2, 1])
    #expect(rows(.neon) == [28, 13, 8, 6])
  }

  @Test func textIsReadBack() {
    let choices = [
      ContractionChoice(rows: 14, vectors: 2, pieces: 4),
      ContractionChoice(rows: 8, vectors: 3, pieces: 1, depth: 256),
      ContractionChoice(rows: 6, vectors: 4, pieces: 12, panels: 8),
      ContractionChoice(rows: 1, vectors: 8, pieces: 1, depth: 2, panels: 1),
    ]
    for choice in choices { #expect(ContractionChoice(choice.description) == choice) }
    #expect(
      choices[3].description
        == "1 rows x 8 vectors, tiles of 1 pieces, depth in blocks of 2, rows copied for 1 panels")
  }

  @Test(arguments: [
    "", "14 x 2", "14 rows x 2 vectors", "0 rows x 2 vectors, tiles of 4 pieces",
    "-1 rows x 2 vectors, tiles of 4 pieces", "14 rows x 2 vectors, tiles of 4 pieces, ",
    "014 rows x 2 vectors, tiles of 4 pieces",
    "99999999999999999999 rows x 2 vectors, tiles of 4 pieces",
    "14 rows x 2 vectors, tiles of 4 pieces, depth in blocks of 0",
    "14 rows x 2 vectors, tiles of 4 pieces, rows copied for 2 panels, depth in blocks of 3",
    "14 rows x 2 vectors, tiles of 4 pieces, 3, 4, 5",
  ])
  func otherTextIsRefused(text: String) { #expect(ContractionChoice(text) == nil) }

  /// Every choice that tuning measures computes the same, constant operands packed for it.
  @Test(arguments: NativeRun.targets)
  func candidatesAgree(target: Target) throws {
    var groups: [(String, RandomGroup)] = []
    for (number, (test, random)) in try ContractionTests.groups.get().enumerated() {
      guard number % 3 == 0 || target.instructionSet == .avx512 else { continue }
      let fixed = random.group.inputs.indices.map { $0 == 1 }
      let scheduler = Scheduler(target: target)
      guard let kernel = TunableKernel(random.group, isFixed: fixed, scheduler) else { continue }
      let blocks = kernel.otherBlocks(than: kernel.model)
      let cuts = kernel.otherCuts(than: blocks.first ?? kernel.model)
      #expect(Set(blocks + cuts + [kernel.model]).count == blocks.count + cuts.count + 1)
      for (place, choice) in (blocks + cuts).enumerated() where (place + number) % 3 == 0 {
        var asked = random
        asked.group.request = ScheduleRequest(choice, origin: "measured")
        let packed = kernel.packed(for: choice)
        for place in asked.group.inputs.indices where asked.group.inputs[place].layout == nil {
          asked.group.inputs[place].layout = packed.inputs[place].layout
        }
        groups.append(("\(test) by \(choice)", asked))
      }
    }
    #expect(groups.count > 20)
    try RandomGroupTests.check(groups, target, tileWork: 1 << 16)
  }

  @Test func requestsTakeTheModelsPlace() throws {
    let test = ContractionTests.Case(
      lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 64, "n": 128, "k": 48])
    var (group, _) = ContractionTests.group(test)
    let scheduler = Scheduler(target: Target(.avx512))
    #expect(
      scheduler.schedule(group).description
        == "tiles 4 of 1; blocks of 12 or 13 rows x 2 vectors of 16 lanes; packed panels")
    group.request = ScheduleRequest(
      ContractionChoice(rows: 8, vectors: 3, pieces: 2, depth: 16), origin: "pinned by the timings")
    #expect(
      scheduler.schedule(group).description
        == "tiles 4 x 3 of 2 x 1; blocks of 8 rows x 3 vectors of 16 lanes; packed panels; "
        + "depth in blocks of 16; pinned by the timings")
  }

  /// More registers than there are, more pieces than rows, more depth than products.
  @Test(arguments: [
    ContractionChoice(rows: 15, vectors: 2, pieces: 1),
    ContractionChoice(rows: 1, vectors: 9, pieces: 1),
    ContractionChoice(rows: 8, vectors: 2, pieces: 9),
    ContractionChoice(rows: 8, vectors: 2, pieces: 1, depth: 48),
    ContractionChoice(rows: 8, vectors: 2, pieces: 1, panels: 9),
    ContractionChoice(rows: .max, vectors: .max, pieces: .max, depth: .max, panels: .max),
  ])
  func whatDoesNotFitIsLeft(choice: ContractionChoice) throws {
    let test = ContractionTests.Case(
      lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 64, "n": 128, "k": 48])
    var (group, _) = ContractionTests.group(test)
    let scheduler = Scheduler(target: Target(.avx512))
    let model = scheduler.schedule(group)
    group.request = ScheduleRequest(choice, origin: "measured")
    let found = scheduler.schedule(group)
    #expect(found.kernel == model.kernel)
    #expect(
      found.description == model.description
        + "; from the cost model: the timings' \"\(choice)\" does not fit this kernel")
  }

  @Test func keysTellKernelsApart() throws {
    func key(_ sizes: [Character: Int], fixed: Bool, _ target: Target = Target(.avx512)) -> String {
      let (group, _) = ContractionTests.group(
        ContractionTests.Case(lhs: "mk", rhs: "kn", result: "mn", sizes: sizes))
      return TunableKernel(group, isFixed: [false, fixed], Scheduler(target: target))!.key
    }
    let sizes: [Character: Int] = ["m": 64, "n": 128, "k": 48]
    let own = key(sizes, fixed: true)
    #expect(own.hasPrefix("f32[64x48], f32[48x128] fixed -> f32[64x128]; "))
    #expect(own.hasSuffix("; avx512"))
    #expect(own == key(sizes, fixed: true))
    let others = [
      key(sizes, fixed: false), key(["m": 64, "n": 128, "k": 49], fixed: true),
      key(sizes, fixed: true, Target(.avx2)),
    ]
    #expect(Set(others + [own]).count == 4)
  }
}
