import TenonGraph
import TenonTensor

extension DraftBuilder {
  /// Where a block's value must end: a variable, what a loop carries, what a branch gives.
  struct Slot: Hashable {
    var destination: Int
    var value: Int
  }

  /// A loop that runs while a condition holds. What it carries lies in buffers that begin as copies
  /// of the operands; the condition and the body read them where they are.
  mutating func appendLoop(
    _ node: NodeID, _ loop: TenonGraph.Loop, _ operands: [Int], to steps: inout [PlanDraft.Step]
  ) throws {
    guard case .whileTrue(let carried, let maximumTrips) = loop else {
      try appendScan(node, loop, operands, to: &steps)
      return
    }
    let regions = Array(graph.regions(node))
    var buffers = operands
    for position in 0..<carried {
      let value = graph.result(node, position)
      let buffer = addBuffer(PlanDraft.Buffer(name(value), try tensorType(value), .arena))
      buffers[position] = buffer
      bufferOf[value] = buffer
      steps.append(
        PlanDraft.Step(
          .copy(from: operands[position], to: buffer), label: "copy", origin: graph.origin(node)))
    }
    depth += 1
    defer { depth -= 1 }
    bindArguments(regions[0], buffers)
    var condition = try self.steps(of: regions[0])
    let predicate = bufferOf[graph.results(regions[0])[0]]!
    order(&condition)
    updateInPlace(&condition, keeping: [predicate])
    bindArguments(regions[1], buffers)
    var body = try self.steps(of: regions[1])
    let results = graph.results(regions[1]).map { bufferOf[$0]! }
    let slots = (0..<carried).map { Slot(destination: buffers[$0], value: results[$0]) }
    try finish(&body, slots)
    steps.append(
      PlanDraft.Step(
        .loop(condition: condition, predicate: predicate, body: body, maximumTrips: maximumTrips),
        label: label(node), origin: graph.origin(node), node: node))
  }

  /// One of several regions: each ends with its results in the same buffers.
  mutating func appendBranch(
    _ node: NodeID, _ operands: [Int], to steps: inout [PlanDraft.Step]
  ) throws {
    if graph.regions(node).count == 1 {
      // There is nothing to choose.
      let region = graph.regions(node).first!
      bindArguments(region, Array(operands.dropFirst()))
      steps += try self.steps(of: region)
      for (value, inner) in zip(graph.results(node), graph.results(region)) {
        bufferOf[value] = bufferOf[inner]
      }
      noteWithoutStep(node)
      return
    }
    let results = try addResults(of: node)
    depth += 1
    defer { depth -= 1 }
    var branches: [[PlanDraft.Step]] = []
    for region in graph.regions(node) {
      bindArguments(region, Array(operands.dropFirst()))
      var branch = try self.steps(of: region)
      let values = graph.results(region).map { bufferOf[$0]! }
      try finish(&branch, zip(results, values).map { Slot(destination: $0, value: $1) })
      branches.append(branch)
    }
    // A true predicate takes the first region, and counts as 1.
    if draft.buffers[operands[0]].type.element == .bool { branches.reverse() }
    steps.append(
      PlanDraft.Step(
        .branch(selector: operands[0], branches: branches), label: label(node),
        origin: graph.origin(node), node: node))
  }

  mutating func bindArguments(_ region: RegionID, _ buffers: [Int]) {
    for (argument, buffer) in zip(graph.arguments(region), buffers) { bufferOf[argument] = buffer }
  }

  /// Ends a nested block: values go to their slots, directly where they can.
  mutating func finish(_ block: inout [PlanDraft.Step], _ slots: [Slot]) throws {
    var ends = slots.map {
      DraftVerifier.End(name: draft.buffers[$0.destination].name, buffer: $0.value)
    }
    let verifier = verifier(block, ends)
    let unbound = bind(slots, in: block, alsoKept: [])
    let values = slots.map(\.value)
    order(&block)
    try verifier?.check("order-steps", draft, block, ends)
    updateInPlace(&block, keeping: values)
    try verifier?.check("update-in-place", draft, block, ends)
    block += copies(to: unbound)
    for (place, slot) in slots.enumerated() { ends[place].buffer = slot.destination }
    try verifier?.check("copy-results", draft, block, ends)
  }

  /// Copies that move values to their slots as if all at once.
  private mutating func copies(to slots: [Slot]) -> [PlanDraft.Step] {
    let destinations = Set(slots.map { draft.root($0.destination).buffer })
    var first: [PlanDraft.Step] = []
    var second: [PlanDraft.Step] = []
    for slot in slots {
      var source = slot.value
      let isOverwritten = slots.count > 1 && destinations.contains(draft.root(source).buffer)
      if isOverwritten {
        source = appendCopy(of: source, to: &first)
      }
      second.append(
        PlanDraft.Step(.copy(from: source, to: slot.destination), label: "copy", origin: .none))
    }
    return first + second
  }
}
