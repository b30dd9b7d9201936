import TenonGraph
import TenonTensor

/// Checks that plan passes leave what an entry computes: after each, every step reads what it read
/// before, and outputs, variables and carried values end with what they ended with.
struct DraftVerifier {
  /// Something that a block must end with.
  struct End {
    /// `output y`, `variable w`.
    var name: String
    /// The buffer that holds it at the end.
    var buffer: Int
    /// The variable's own buffer, where it is one.
    var variable: Int?
  }

  private let table = ContentTable()
  private let first: DraftWalk
  private let contents: [Int]
  private let line: (OriginID) -> String?

  /// - Parameter line: a user's line, for messages.
  init(
    _ draft: PlanDraft, _ block: [PlanDraft.Step], _ ends: [End],
    line: @escaping (OriginID) -> String?
  ) {
    self.line = line
    let first = DraftWalk(draft, block, table)
    self.first = first
    contents = ends.map { first.contents($0.buffer) }
  }

  /// - Parameter isPlanned: whether arena buffers have their offsets.
  /// - Throws: `wrong-plan-pass`, naming the pass and the first step that reads something else.
  func check(
    _ pass: String, _ draft: PlanDraft, _ block: [PlanDraft.Step], _ ends: [End],
    isPlanned: Bool = false
  ) throws {
    let walk = DraftWalk(draft, block, table, since: first, isPlanned: isPlanned)
    func text(_ buffer: Int) -> String { "b\(buffer) (\(draft.buffers[buffer].name))" }
    func fail(_ difference: String, at step: PlanDraft.Step?) -> TenonError {
      .wrongPlanPass(pass, draft.name, difference, at: step.flatMap { line($0.origin) })
    }
    func writing(_ read: DraftWalk.Read) -> (text: String, step: PlanDraft.Step?) {
      guard let (visit, buffer) = read.writer else { return ("before any step wrote it", nil) }
      let step = walk.visits[visit].step
      return ("after \(self.text(step)) wrote \(text(buffer)) there", step)
    }
    if let (step, difference) = DraftVerifier.unsteady(draft, block, ends) {
      throw fail("\(self.text(step)) \(difference)", at: step)
    }
    if let (step, old, new) = walk.overwriting {
      throw fail(
        "\(self.text(step)) writes \(text(new)) over \(text(old)), which it still reads", at: step)
    }
    if let (step, read) = firstOtherRead(walk) {
      throw fail("\(self.text(step)) reads \(text(read.buffer)) \(writing(read).text)", at: step)
    }
    for (end, before) in zip(ends, contents) {
      let read = walk.read(end.buffer)
      if read.contents == before { continue }
      let (text, step) = writing(read)
      throw fail("\(end.name) is taken from b\(end.buffer) \(text)", at: step)
    }
  }

  /// The first step that reads something else than before.
  private func firstOtherRead(_ walk: DraftWalk) -> (step: PlanDraft.Step, read: DraftWalk.Read)? {
    var known: [[Int]: [DraftWalk.Read]] = [:]
    for (key, visit) in DraftVerifier.keyed(first.visits) { known[key] = visit.reads }
    for (key, visit) in DraftVerifier.keyed(walk.visits) {
      for (read, old) in zip(visit.reads, known[key] ?? []) where read.contents != old.contents {
        return (visit.step, read)
      }
    }
    return nil
  }

  /// The first step that makes prepared values differ between runs, and how: a prepare step that
  /// reads what runs give or change, or another that writes what is prepared.
  private static func unsteady(_ draft: PlanDraft, _ block: [PlanDraft.Step], _ ends: [End]) -> (
    step: PlanDraft.Step, difference: String
  )? {
    func root(_ buffer: Int) -> Int { draft.root(buffer).buffer }
    func text(_ buffer: Int) -> String { "b\(buffer) (\(draft.buffers[buffer].name))" }
    var changed = Set(block.flatMap(\.writes).map(root))
    for case let (variable?, buffer) in ends.map({ ($0.variable, $0.buffer) })
    where variable != buffer {
      changed.insert(variable)
    }
    var prepared: Set<Int> = []
    for step in draft.prepare {
      for buffer in step.reads {
        let isSteady =
          switch draft.buffers[root(buffer)].place {
          case .constant: true
          case .variable: !changed.contains(root(buffer))
          default: prepared.contains(root(buffer))
          }
        if !isSteady { return (step, "runs once but reads \(text(buffer)), which runs change") }
      }
      prepared.formUnion(step.writes.map(root))
    }
    for step in block {
      if let buffer = step.writes.first(where: { prepared.contains(root($0)) }) {
        return (step, "writes \(text(buffer)), which is prepared once")
      }
    }
    return nil
  }

  /// Visits that write, each with what it writes, what it copies, and how often it came before;
  /// passes may drop copies.
  private static func keyed(_ visits: [DraftWalk.Visit]) -> [(key: [Int], visit: DraftWalk.Visit)] {
    var counts: [[Int]: Int] = [:]
    return visits.compactMap { visit in
      guard visit.step.blocks.isEmpty, let output = visit.step.writes.first else { return nil }
      var key = [output]
      if case .copy(let source, _) = visit.step.kind { key.append(source) }
      counts[key, default: 0] += 1
      return (key + [counts[key]!], visit)
    }
  }

  private func text(_ step: PlanDraft.Step) -> String {
    "step \(step.label)" + (line(step.origin).map { " at \($0)" } ?? "")
  }
}

extension TenonError {
  fileprivate static func wrongPlanPass(
    _ pass: String, _ entry: String, _ difference: String, at line: String?
  ) -> TenonError {
    TenonError(
      "wrong-plan-pass",
      "plan pass \(pass): entry \(entry) computes something else after it; correct the pass",
      details: [difference], location: line)
  }
}
