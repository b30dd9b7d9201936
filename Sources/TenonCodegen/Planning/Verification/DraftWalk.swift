import TenonGraph

/// Follows the steps of a draft and notes what each reads and what memory holds at the end. Loops
/// are followed twice.
struct DraftWalk {
  /// What a step read or wrote, for comparing with another walk of the same steps.
  struct Visit {
    var step: PlanDraft.Step
    var reads: [Read]
  }

  struct Read {
    var buffer: Int
    /// What was packed, where a kernel reads it in the layout in which it was packed.
    var contents: Int
    /// What wrote there last: a visit, and the buffer it wrote.
    var writer: (visit: Int, buffer: Int)?
  }

  private let draft: PlanDraft
  private let table: ContentTable
  /// By buffer, the root it had before any plan pass; later buffers have their present one.
  private let roots: [Int]
  /// Whether arena buffers lie at their planned offsets; else each root is apart.
  private let isPlanned: Bool
  /// By original root, whether steps of the block as it was first write it: it then holds nothing
  /// before they do.
  let isOwn: [Bool]
  private var memory = DraftMemory()
  /// By original root, whether some step wrote it.
  private var isWritten: [Bool]
  private(set) var visits: [Visit] = []
  /// The first kernel that overwrites what it must not, and with what.
  private(set) var overwriting: (step: PlanDraft.Step, old: Int, new: Int)?

  init(
    _ draft: PlanDraft, _ block: [PlanDraft.Step], _ table: ContentTable,
    since first: DraftWalk? = nil, isPlanned: Bool = false
  ) {
    self.draft = draft
    self.table = table
    self.isPlanned = isPlanned
    let known = first?.roots ?? []
    roots = draft.buffers.indices.map { $0 < known.count ? known[$0] : draft.root($0).buffer }
    isWritten = [Bool](repeating: false, count: draft.buffers.count)
    var isOwn = [Bool](repeating: false, count: draft.buffers.count)
    for buffer in (draft.prepare + block).flatMap(\.writes) { isOwn[roots[buffer]] = true }
    if let first { isOwn.replaceSubrange(..<known.count, with: first.isOwn) }
    self.isOwn = isOwn
    follow(draft.prepare)
    follow(block)
  }

  /// What a buffer holds now.
  func contents(_ buffer: Int) -> Int {
    let root = roots[buffer]
    guard let range = range(buffer) else { return table.number(.undefined, [], bytes: 0) }
    let space = draft.root(buffer).buffer
    // A buffer that took another's memory may hold what was there.
    if isOwn[root], !isWritten[root], !isGiven(root),
      space == root || memory.pieces(in: range).isEmpty
    {
      return table.number(.undefined, [], bytes: range.bytes.count)
    }
    let whole = draft.buffers[space].byteCount
    let first = self.range(space)?.bytes.lowerBound ?? 0
    let initial = table.number(.initial, [space], bytes: whole)
    return memory.read(range, table) { bytes in
      table.part(of: initial, bytes.lowerBound - first..<bytes.upperBound - first)
    }
  }

  /// What a buffer holds now, and what wrote it last.
  func read(_ buffer: Int) -> Read {
    let last = range(buffer).flatMap { range in
      memory.pieces(in: range).max { $0.step < $1.step }
    }
    return Read(
      buffer: buffer, contents: contents(buffer), writer: last.map { ($0.step, $0.buffer) })
  }

  /// Whether the buffer holds something before any step.
  private func isGiven(_ buffer: Int) -> Bool {
    switch draft.buffers[buffer].place {
    case .constant, .variable, .input: true
    case .arena, .output, .prepared, .alias: false
    }
  }

  private func range(_ buffer: Int) -> MemoryRange? {
    if isPlanned { return draft.range(buffer) }
    let (root, offset) = draft.root(buffer)
    let bytes = draft.buffers[buffer].byteCount
    return bytes > 0 ? MemoryRange(space: .other(root), bytes: offset..<offset + bytes) : nil
  }

  // MARK: Steps

  private mutating func follow(_ block: [PlanDraft.Step]) {
    for step in block { follow(step) }
  }

  private mutating func follow(_ step: PlanDraft.Step) {
    switch step.kind {
    case .kernel(let group, let inputs, let outputs):
      checkOverwriting(step, group, inputs, outputs)
      let types = draft.groups[group].inputs
      let reads = zip(inputs, types).map { input, type in
        var read = read(input)
        read.contents = table.unpacked(read.contents, type)
        return read
      }
      run(step, table.kernel(draft.groups[group]), reads, outputs)
    case .host(let function, let inputs, let outputs):
      run(step, [1, function], inputs.map { read($0) }, outputs)
    case .copy(let from, let to):
      let read = read(from)
      visits.append(Visit(step: step, reads: [read]))
      write(to, read.contents)
    case .readSize(_, let from): visits.append(Visit(step: step, reads: [read(from)]))
    case .loop(let condition, let predicate, let body, _): loop(step, condition, predicate, body)
    case .branch(let selector, let branches): branch(step, selector, branches)
    }
  }

  private mutating func run(
    _ step: PlanDraft.Step, _ key: [Int], _ reads: [Read], _ outputs: [Int]
  ) {
    visits.append(Visit(step: step, reads: reads))
    for (place, output) in outputs.enumerated() {
      let words = key + [place] + reads.map(\.contents)
      write(output, table.number(.result, words, bytes: draft.buffers[output].byteCount))
    }
  }

  private mutating func write(_ buffer: Int, _ contents: Int) {
    isWritten[roots[buffer]] = true
    guard let range = range(buffer) else { return }
    memory.write(range, contents, buffer: buffer, step: visits.count - 1)
  }

  private mutating func checkOverwriting(
    _ step: PlanDraft.Step, _ group: Int, _ inputs: [Int], _ outputs: [Int]
  ) {
    guard overwriting == nil else { return }
    for (place, output) in outputs.enumerated() {
      for (position, input) in inputs.enumerated() {
        guard let old = range(input), let new = range(output), old.overlaps(new) else { continue }
        if old == new, draft.groups[group].mayOverwrite(input: position, by: place) { continue }
        overwriting = (step, input, output)
      }
    }
  }

  private mutating func loop(
    _ step: PlanDraft.Step, _ condition: [PlanDraft.Step], _ predicate: Int,
    _ body: [PlanDraft.Step]
  ) {
    var states: [DraftWalk] = []
    var keys: [Int] = []
    for trip in 0..<3 {
      if trip > 0 { follow(body) }
      follow(condition)
      keys.append(contents(predicate))
      states.append(self)
    }
    visits.append(Visit(step: step, reads: [read(predicate)]))
    join(states, keys, writtenBy: condition + body, intactIn: [self])
  }

  private mutating func branch(
    _ step: PlanDraft.Step, _ selector: Int, _ branches: [[PlanDraft.Step]]
  ) {
    let key = contents(selector)
    visits.append(Visit(step: step, reads: [read(selector)]))
    let start = self
    var states: [DraftWalk] = []
    for branch in branches {
      var state = start
      state.visits = visits
      state.overwriting = overwriting
      state.follow(branch)
      (visits, overwriting) = (state.visits, state.overwriting)
      states.append(state)
    }
    memory = start.memory
    join(states, [key], writtenBy: branches.flatMap { $0 }, intactIn: states)
  }

  /// Makes of each buffer that steps inside wrote, and that still holds what they wrote, one of what
  /// it holds in several states.
  private mutating func join(
    _ states: [DraftWalk], _ keys: [Int], writtenBy steps: [PlanDraft.Step],
    intactIn ends: [DraftWalk]
  ) {
    var isSeen: Set<Int> = []
    var joined: [(buffer: Int, contents: Int)] = []
    for buffer in steps.flatMap(\.writes).map({ roots[$0] }) where isSeen.insert(buffer).inserted {
      guard let range = range(buffer),
        ends.allSatisfy({ end in
          !end.isWritten[buffer]
            || end.memory.pieces(in: range).allSatisfy { roots[$0.buffer] == buffer }
        })
      else { continue }
      let held = states.map { $0.contents(buffer) }
      let contents =
        held.allSatisfy { $0 == held[0] }
        ? held[0] : table.number(.choice, keys + held, bytes: range.bytes.count)
      joined.append((buffer, contents))
    }
    for (buffer, contents) in joined { write(buffer, contents) }
  }
}
