import TenonFormats
import TenonGraph
import TenonOps
import TenonRuntime
import TenonTensor
import TenonTestKit
import Testing

@testable import TenonCompiler

/// Plan files that are damaged, hostile or for another machine, and graphs that no plan file holds.
@Suite struct PlanFileRefusalTests {
  private func refusal(
    _ target: Target = Target(.generic), _ bytes: () throws -> [UInt8]
  ) -> String {
    do {
      _ = try PlanFileTests.read(try bytes(), target)
      return "accepted"
    } catch { return "\(error)" }
  }

  /// What reading says of the sound file with one piece of its plan's text replaced.
  private func refusal(_ old: String, _ new: String) throws -> String {
    let file = try PlanFile(PlanFileTests.everyKind())
    return refusal {
      try PlanFileTests.file(file) { PlanFileTests.replacing(old, by: new, in: $0) }
    }
  }

  /// The sound file with its metadata changed.
  private func metadata(_ change: (inout [(String, String)]) -> Void) throws -> String {
    var (tensors, metadata) = try PlanFile(PlanFileTests.everyKind()).parts()
    change(&metadata)
    return refusal { try Safetensors.bytes(tensors: tensors, metadata: metadata) }
  }

  @Test func headers() throws {
    #expect(
      try metadata { $0.remove(at: 0) }
        == "plan file: it holds no plan: its metadata lack `tenon.plan-format`")
    #expect(
      try metadata { $0[0].1 = "3\n" }
        == "plan file: it is of form `3?`, and this Tenon reads form 2; compile the model again")
    #expect(
      try metadata { $0[1].1 = "riscv64" }
        == "plan file: it is for `riscv64` processors, and this one is "
        + "\(Target.hostArchitecture); compile the model here")
    #expect(
      try metadata { $0.remove(at: 2) }
        == "plan file: it holds no plan: its metadata lack `tenon.digest`")
    #expect(
      try metadata { $0.remove(at: 3) }
        == "plan file: it holds no plan: its metadata lack `tenon.plan`")
    #expect(
      try metadata { $0[3].1 += " " }
        == "plan file: it is damaged: its digest is not that of its plan and objects; "
        + "compile the model again")
    let bytes = try PlanFile(PlanFileTests.everyKind()).bytes()
    #expect(
      refusal { Array(bytes.dropLast()) }
        == "safetensors data: tensor `object.0` ends at byte 16 of the data, which holds 15; "
        + "the file is cut short")
  }

  @Test func targets() throws {
    var plan = try PlanFileTests.everyKind()
    plan.target = "avx512+vnni"
    let bytes = try PlanFile(plan).bytes()
    var machine = Target(.avx512)
    #expect(
      refusal(machine) { bytes }
        == "plan file: it is for `avx512+vnni`, and this machine has avx512; compile the model with "
        + "`--target avx512`")
    #expect(
      refusal(Target(.avx2)) { bytes }
        == "plan file: it is for `avx512+vnni`, and this machine has avx2; compile the model with "
        + "`--target avx2`")
    machine.hasByteDotProduct = true
    #expect(refusal(machine) { bytes } == "accepted")
    plan.target = "sse9"
    let unknown = try PlanFile(plan).bytes()
    #expect(
      refusal { unknown }
        == "plan file: it is damaged: it is for the unknown target `sse9`; compile the model again")
  }

  @Test func tensors() throws {
    let file = try PlanFile(PlanFileTests.everyKind())
    let (tensors, metadata) = try file.parts()
    func changed(_ change: (inout [(String, Tensor)]) -> Void) -> String {
      var tensors = tensors
      change(&tensors)
      return refusal { try Safetensors.bytes(tensors: tensors, metadata: metadata) }
    }
    #expect(
      changed { $0.remove(at: 0) }
        == "safetensors data: there is no tensor `constant.0`\n"
        + "  tensors: constant.1, object.0, object.1")
    #expect(
      changed { $0[0].1 = Tensor([1, 2] as [Float]) }
        == "plan file: it is damaged: constant w should be f32[3], found f32[2]; "
        + "compile the model again")
    #expect(
      changed { $0.append(("more", Tensor(1 as Float))) }
        == "plan file: it is damaged: it holds 5 tensors, and the plan has 2 objects and 2 "
        + "constants; compile the model again")
    #expect(
      changed { $0[2].1 = Tensor([1, 2, 3] as [Float]) }
        == "plan file: it is damaged: object.0 should be bytes, found f32[3]; "
        + "compile the model again")
    func withStore(_ count: Int) -> String {
      changed {
        $0.insert((PlanFile.preparedName, Tensor([Int64](repeating: 0, count: count))), at: 0)
      }
    }
    #expect(
      withStore(7)
        == "plan main \"quoted\" is damaged: its prepared store should be 64 bytes of i64, found "
        + "i64[7]")
    #expect(
      withStore(8)
        == "plan main \"quoted\" is damaged: it has a prepared store and prepare steps too")
  }

  @Test func texts() throws {
    func expect(
      _ old: String, _ new: String, _ text: String,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      #expect(
        try refusal(old, new) == "plan file: it is damaged: \(text); compile the model again",
        sourceLocation: sourceLocation)
    }
    try expect(
      "\"arena\":128", "\"arena\":-1", "the plan.arena should be a number from 0 to 70368744177664")
    try expect(
      "\"arena\":128", "\"arena\":99999999999999999999",
      "the plan.arena should be a number from 0 to 70368744177664")
    try expect("\"arena\":128", "\"area\":128", "the plan lacks `arena`")
    try expect("\"arena\":128", "\"arena\":128,\"more\":1", "the plan has unknown members")
    try expect(
      "\"f32\",[\"n\"]", "\"f31\",[\"n\"]", "the plan.inputs[0][1] should be an element type")
    try expect("\"f32\",[\"n\"]", "\"f32\",[-1]", "the plan.inputs[0][2][0] should not be negative")
    try expect(
      "\"f32\",[\"n\"]", "\"f32\",[9999999,9999999]",
      "the plan.inputs[0] has sizes that no memory holds")
    try expect("\"arena\",64", "\"arene\",64", "the plan.buffers[3][3] should be a place")
    try expect(
      "\"copy\":[1,5]", "\"cope\":[1,5]",
      "the plan.steps[2].body[0].branches[0][0] should be a step")
    try expect(
      "\"copy\":[1,5]", "\"copy\":[1]",
      "the plan.steps[2].body[0].branches[0][0].copy should be a list of 2")
    try expect(
      "\"size\":\"m\"", "\"size\":\"k\"", "the plan.steps[1].size should be a running symbol")
    try expect(
      "\"barrier\":false", "\"barrier\":0", "the plan.steps[0].barrier should be true or false")
    let unclosed = try refusal("\"symbols\":[", "\"symbols\":[[")
    #expect(unclosed == "the plan: invalid JSON at byte 83: expected `,` or `]`")
    let unknown = try refusal("\"tiles\":\"", "\"tiles\":\"q*")
    #expect(
      unknown
        == "dimension `q*floordiv(n + 1, 2)`: there is no symbol `q`; declare it first\n"
        + "  in the plan.steps[0].tiles of the plan file")
    #expect(
      try refusal("\"host\":0", "\"host\":1")
        == "plan main \"quoted\" is damaged: step sort calls host function 1, not there")
    #expect(
      try refusal("\"arena\":128", "\"arena\":0")
        == "plan main \"quoted\" is damaged: buffer b3 (t) takes 32 bytes where there are -64")
  }

  @Test func deepNesting() throws {
    var plan = try PlanFileTests.everyKind()
    for _ in 0..<26 {
      plan.steps = [
        Step(
          .loop(condition: [], predicate: BufferID(6), body: plan.steps, maximumTrips: nil),
          label: "while")
      ]
    }
    #expect(throws: TenonError.self) { try PlanFile(plan) }
    do { _ = try PlanFile(plan) } catch {
      #expect(
        "\(error)"
          == "plan file: plan main \"quoted\" nests loops and branches deeper than the 24 that a "
          + "file holds")
    }
  }

  @Test func graphs() throws {
    func refusal(_ graph: Graph, _ entry: String) -> String {
      do {
        _ = try compilePlan(graph, entry: entry, CompileOptions(sizes: ["batch": 2]))
        return "accepted"
      } catch { return "\(error)" }
    }
    let graph = try SavedGraphTests.classifier()
    #expect(
      refusal(graph, "train")
        == "compile: entry train writes variables, and a plan file keeps none; name an entry that "
        + "only computes")
    #expect(
      refusal(graph, "absent")
        == "the graph has no entry absent\n  entries: initialize, train, predict")
    #expect(refusal(graph, "predict") == "accepted")
  }

  /// Mutated plans are refused or give a plan that says the same when it is written again.
  @Test func mutants() throws {
    let file = try PlanFile(PlanFileTests.everyKind())
    let sound = try file.bytes()
    let used = (sound[8...].lastIndex(of: UInt8(ascii: "}")) ?? 8) + 1
    var random = SplitMix(seed: 7)
    var loaded = 0
    for round in 0..<500 {
      let bytes: [UInt8]
      if round % 4 == 0 {
        var mutant = sound
        for _ in 0..<(1 + random.below(3)) {
          let place = random.below(min(used, mutant.count))
          switch random.below(4) {
          case 0: mutant[place] ^= UInt8(1 << random.below(8))
          case 1: mutant.remove(at: place)
          case 2: mutant.insert(UInt8(random.below(256)), at: place)
          default: mutant.removeLast(random.below(mutant.count / 2))
          }
        }
        bytes = mutant
      } else {
        bytes = try PlanFileTests.file(file) { Self.mutated($0, &random) }
      }
      guard let mutant = try? PlanFileTests.read(bytes) else { continue }
      loaded += 1
      let again = try PlanFileTests.read(try mutant.bytes())
      #expect(again.plan.description == mutant.plan.description)
    }
    #expect(loaded > 0)
    #expect(loaded < 500)
  }

  private static func mutated(_ text: String, _ random: inout SplitMix) -> String {
    var bytes = Array(text.utf8)
    let words = [
      "0", "-1", "7", "70368744177664", "9223372036854775807", "\"n\"", "\"floordiv(n, 0)\"",
      "\"n*n*n\"", "[]", "{}", "null", "true", "\"f32\"", "[[", "\"alias\"", "1e3",
    ].map { Array($0.utf8) }
    for _ in 0..<(1 + random.below(3)) {
      let place = random.below(bytes.count)
      // A number in the place of another keeps most texts readable.
      guard random.below(4) > 0,
        let digit = bytes[place...].firstIndex(where: { $0 >= 0x30 && $0 <= 0x39 })
      else {
        bytes.replaceSubrange(
          place..<min(bytes.count, place + random.below(6)), with: words[random.below(words.count)])
        continue
      }
      let end = bytes[digit...].firstIndex { $0 < 0x30 || $0 > 0x39 } ?? bytes.endIndex
      bytes.replaceSubrange(
        digit..<end,
        with: random.below(3) == 0
          ? words[random.below(words.count)] : Array("\(random.below(12))".utf8))
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
