import TenonGraph
import TenonRuntime
import TenonTensor

/// Turns an entry of an optimized graph into a plan draft: a buffer for each value, a step for each
/// group, aliases for views, and nested steps for loops and branches.
package struct DraftBuilder {
  let graph: Graph
  let table: LoweringTable
  let groups: GroupBuilder
  var draft: PlanDraft
  /// By value, its buffer.
  var bufferOf: [ValueID: Int] = [:]
  /// Why a backend has no kernel for a group; nil where it has one.
  let refusal: (KernelGroup) -> String?
  let preferredLayouts: PreferredLayouts
  let transformedOperands: TransformedOperands
  let requestedSchedule: RequestedSchedule
  /// What each host function evaluates.
  package private(set) var hostNodes: [NodeID] = []
  /// By buffer, how deep in loops and branches the block is that owns it.
  var depthOf: [Int] = []
  var depth = 0
  /// Buffers that take a destination's memory for its new contents.
  var boundBuffers: Set<Int> = []
  /// Destinations, each with the buffer that takes its memory after all reads of the old value.
  var orderBefore: [(old: Int, new: Int)] = []
  /// Whether each plan pass is checked.
  private var verifies = false
  /// By plan variable, the graph's.
  private var variableIDs: [VariableID] = []
  /// The nodes that read running sizes, and who uses them.
  var sizes: SizeReaders

  private init(
    _ graph: Graph, _ table: LoweringTable, _ groups: GroupBuilder, entry: Entry,
    refusal: @escaping (KernelGroup) -> String?, preferredLayouts: @escaping PreferredLayouts,
    transformedOperands: @escaping TransformedOperands,
    requestedSchedule: @escaping RequestedSchedule
  ) {
    self.graph = graph
    self.table = table
    self.groups = groups
    self.refusal = refusal
    self.preferredLayouts = preferredLayouts
    self.transformedOperands = transformedOperands
    self.requestedSchedule = requestedSchedule
    sizes = SizeReaders(graph, under: [entry.region])
    draft = PlanDraft(entry.name)
  }

  /// The draft of an entry, with all plan passes but those that need kernels.
  ///
  /// - Parameters:
  ///   - refusal: why a backend has no kernel for a group, which then is a host step; nil where it
  ///     has one.
  ///   - preferredLayouts: into which layouts constant operands of a group are packed.
  ///   - transformedOperands: into which forms constant operands of a group are transformed.
  ///   - requestedSchedule: which schedules take the place of the cost model's.
  /// - Throws: `unfit-fusion`, `unsupported-value` for a value that is no tensor.
  package static func draft(
    _ graph: Graph, _ table: LoweringTable, _ groups: GroupBuilder, entry: Entry,
    options: PlanningOptions = PlanningOptions(),
    refusal: @escaping (KernelGroup) -> String? = { _ in nil },
    preferredLayouts: @escaping PreferredLayouts = { group, _ in group.inputs.map { _ in nil } },
    transformedOperands: @escaping TransformedOperands = { _, _ in nil },
    requestedSchedule: @escaping RequestedSchedule = { _, _, _ in nil }
  ) throws -> (draft: PlanDraft, hostNodes: [NodeID]) {
    var builder = DraftBuilder(
      graph, table, groups, entry: entry, refusal: refusal, preferredLayouts: preferredLayouts,
      transformedOperands: transformedOperands, requestedSchedule: requestedSchedule)
    builder.verifies = options.verify
    let ends = try builder.build(entry)
    builder.draft.dropIdleGroups()
    var draft = builder.draft
    let verifier = builder.verifier(draft.steps, ends)
    for pass in options.passes {
      pass.init().run(&draft)
      try verifier?.check(pass.name, draft, draft.steps, ends)
    }
    draft.planMemory()
    try verifier?.check("plan-memory", draft, draft.steps, ends, isPlanned: true)
    draft.placeBarriers()
    return (draft, builder.hostNodes)
  }

  /// Remembers what a block computes, where plan passes are to be checked.
  func verifier(_ block: [PlanDraft.Step], _ ends: [DraftVerifier.End]) -> DraftVerifier? {
    guard verifies else { return nil }
    return DraftVerifier(draft, block, ends) { graph.origins.primaryLine($0) }
  }

  /// - Returns: what the entry ends with.
  private mutating func build(_ entry: Entry) throws -> [DraftVerifier.End] {
    for id in graph.variables.indices.map({ VariableID($0) })
    where entry.arguments.contains(.variable(id)) || entry.results.contains(.variable(id)) {
      let record = graph.variables[id.index]
      variableIDs.append(id)
      draft.variables.append(port(record.name, record.type))
      _ = addBuffer(
        PlanDraft.Buffer(record.name, record.type, .variable(draft.variables.count - 1)))
    }
    for (argument, binding) in zip(graph.arguments(entry.region), entry.arguments) {
      switch binding {
      case .port(let name):
        let type = try tensorType(argument)
        draft.inputs.append(port(name, type))
        bufferOf[argument] = addBuffer(
          PlanDraft.Buffer(name, type, .input(draft.inputs.count - 1)))
      case .variable(let id): bufferOf[argument] = variableIDs.firstIndex(of: id)!
      }
    }
    var block = try steps(of: entry.region)
    let results = graph.results(entry.region).map { bufferOf[$0]! }
    var slots: [Slot] = []
    for (binding, value) in zip(entry.results, results) {
      if case .variable(let id) = binding {
        slots.append(Slot(destination: variableIDs.firstIndex(of: id)!, value: value))
      }
    }
    let outputs = zip(entry.results, results).compactMap { binding, value -> (String, Int)? in
      if case .port(let name) = binding { (name, value) } else { nil }
    }
    var ends = zip(entry.results, results).map { binding, value in
      var end = DraftVerifier.End(name: name(binding), buffer: value)
      if case .variable(let id) = binding { end.variable = variableIDs.firstIndex(of: id) }
      return end
    }
    let verifier = verifier(block, ends)
    if entry.name != "initialize" {
      separatePreparation(&block, written: slots.map(\.destination), results: results)
      try verifier?.check("separate-preparation", draft, block, ends)
    }
    var unbound = bind(slots, in: block, alsoKept: outputs.map(\.1))
    for place in unbound.indices {
      // Variables are updated one after the other; an old value of one is kept first.
      let root = draft.root(unbound[place].value).buffer
      guard case .variable = draft.buffers[root].place else { continue }
      unbound[place].value = appendCopy(of: unbound[place].value, to: &block)
    }
    bindOutputs(outputs, &block)
    order(&block)
    for (place, binding) in entry.results.enumerated() {
      ends[place].buffer =
        switch binding {
        case .port(let name): outputBuffer(name)
        case .variable(let id):
          unbound.first { variableIDs[$0.destination] == id }?.value
            ?? variableIDs.firstIndex(of: id)!
        }
    }
    try verifier?.check("order-steps", draft, block, ends)
    updateInPlace(&block, keeping: results + unbound.map(\.value))
    try verifier?.check("update-in-place", draft, block, ends)
    draft.steps = block
    noteVariables(slots, unbound)
    return ends
  }

  /// `output y`, `variable w`.
  private func name(_ binding: Binding) -> String {
    if case .port = binding { return "output \(graph.describe(binding))" }
    return "variable \(graph.describe(binding))"
  }

  private func outputBuffer(_ name: String) -> Int {
    let number = draft.outputs.firstIndex { $0.name == name }
    return draft.buffers.firstIndex { $0.place == number.map { .output($0) } }!
  }

  /// A copy of a buffer in arena memory.
  mutating func appendCopy(of buffer: Int, to block: inout [PlanDraft.Step]) -> Int {
    let source = draft.buffers[buffer]
    let copy = addBuffer(PlanDraft.Buffer(source.name, source.type, .arena))
    block.append(PlanDraft.Step(.copy(from: buffer, to: copy), label: "copy", origin: .none))
    return copy
  }

  /// Which variables steps write, which are copied at the end, which need no first value.
  private mutating func noteVariables(_ slots: [Slot], _ unbound: [Slot]) {
    let written = Set(draft.steps.flatMap(\.writes).map { draft.root($0).buffer })
    for slot in slots where !unbound.contains(slot) && written.contains(slot.destination) {
      draft.variablesWrittenInPlace.append(slot.destination)
    }
    draft.variablesWrittenInPlace.sort()
    for slot in unbound {
      draft.variableUpdates.append(
        VariableUpdate(variable: slot.destination, buffer: BufferID(slot.value)))
    }
    var isRead = Set<Int>()
    var isWritten = Set<Int>()
    for step in draft.steps {
      for buffer in step.reads where !isWritten.contains(draft.root(buffer).buffer) {
        isRead.insert(draft.root(buffer).buffer)
      }
      for buffer in step.writes { isWritten.insert(draft.root(buffer).buffer) }
    }
    draft.variablesInitialized = draft.variablesWrittenInPlace.filter { !isRead.contains($0) }
  }

  private func port(_ name: String, _ type: TensorType) -> PlanPort {
    PlanPort(name: name, elementType: type.element, shape: type.shape)
  }

  mutating func addBuffer(_ buffer: PlanDraft.Buffer) -> Int {
    depthOf.append(depth)
    return draft.addBuffer(buffer)
  }

  /// The value's type in memory: plain, of the parts of its layout.
  func tensorType(_ value: ValueID) throws -> TensorType {
    guard let type = graph.type(value).tensor, type.element != .string else {
      throw TenonError.unsupportedValue(graph.type(value), graph.originLine(of: value))
    }
    return type.stored
  }

  /// The value's name, or that of the op that gives it.
  func name(_ value: ValueID) -> String {
    if let name = graph.name(value) { return name }
    guard let producer = graph.producer(value) else { return "argument" }
    return label(producer)
  }

  /// `dot_general+add`: what an op or a fused group computes, views left out.
  func label(_ node: NodeID) -> String {
    guard graph.op(node) is Fusion, let body = graph.regions(node).first else {
      return graph.opName(node)
    }
    var names: [String] = []
    for inner in graph.nodes(body) {
      let lowered = table.lowered(inner)
      if lowered.facts?.isFree != true { names.append(graph.opName(inner)) }
    }
    if names.isEmpty { names = graph.nodes(body).map { graph.opName($0) } }
    return names.count <= 6
      ? names.joined(separator: "+")
      : names.prefix(5).joined(separator: "+") + "+\(names.count - 5)"
  }

  // MARK: Steps

  /// The steps of a region whose arguments have buffers.
  mutating func steps(of region: RegionID) throws -> [PlanDraft.Step] {
    var steps: [PlanDraft.Step] = []
    for node in graph.nodes(region) { try append(node, to: &steps) }
    return steps
  }

  private mutating func append(_ node: NodeID, to steps: inout [PlanDraft.Step]) throws {
    let operands = graph.operands(node).compactMap { bufferOf[$0] }
    if graph.op(node) is any ForwardingOp {
      for (result, operand) in zip(graph.results(node), operands) { bufferOf[result] = operand }
      if let reading = graph.op(node) as? any SizeReadingOp {
        steps.append(
          PlanDraft.Step(
            .readSize(reading.symbol, from: operands[0]), label: label(node),
            origin: graph.origin(node), node: node))
      } else {
        noteWithoutStep(node)
      }
      return
    }
    if let alias = try alias(node) {
      bufferOf[graph.result(node)] = alias
      noteWithoutStep(node)
      return
    }
    if operands.isEmpty, try isData(node) { return }
    switch table.lowered(node).lowering {
    case .loop(let loop): try appendLoop(node, loop, operands, to: &steps)
    case .branch: try appendBranch(node, operands, to: &steps)
    case .host: try appendHost(node, operands, because: "it has no loops", to: &steps)
    default:
      guard let made = try groups.group(node) else {
        try appendHost(node, operands, because: "it has no lowering", to: &steps)
        return
      }
      if let refusal = refusal(made.group) {
        try appendHost(node, operands, because: refusal, to: &steps)
        return
      }
      let results = try addResults(of: node)
      var outputs = [Int](repeating: -1, count: made.group.outputs.count)
      for (result, output) in made.outputs.enumerated() where outputs[output] < 0 {
        outputs[output] = results[result]
      }
      for (result, output) in made.outputs.enumerated() where outputs[output] != results[result] {
        draft.buffers[results[result]].place = .alias(of: outputs[output], byteOffset: 0)
      }
      steps.append(
        PlanDraft.Step(
          .kernel(
            group: draft.number(of: made.group), inputs: made.inputs.map { operands[$0] },
            outputs: outputs), label: label(node), origin: graph.origin(node), node: node))
    }
  }

  /// Arena buffers for the results of a node.
  mutating func addResults(of node: NodeID) throws -> [Int] {
    try graph.results(node).map { value in
      let buffer = addBuffer(PlanDraft.Buffer(name(value), try tensorType(value), .arena))
      bufferOf[value] = buffer
      return buffer
    }
  }

  /// The buffer of a view that is dense in its operand's memory.
  private mutating func alias(_ node: NodeID) throws -> Int? {
    guard let facts = table.lowered(node).facts, let offset = facts.aliasOffset?.constant,
      type(of: graph.op(node)).effects == .pure
    else { return nil }
    let type = try tensorType(graph.result(node))
    let byteOffset = offset * type.element.byteWidth
    guard byteOffset % 64 == 0 else { return nil }
    let operand = bufferOf[graph.operand(node, 0)]!
    return addBuffer(
      PlanDraft.Buffer(
        name(graph.result(node)), type, .alias(of: operand, byteOffset: byteOffset)))
  }

  /// A pure node without operands that no kernel computes, or that is small, is data of the plan.
  private mutating func isData(_ node: NodeID) throws -> Bool {
    guard type(of: graph.op(node)).effects == .pure, graph.op(node) is any PrimitiveOp,
      graph.regions(node).isEmpty,
      graph.results(node).allSatisfy({ graph.type($0).tensor?.layout == nil })
    else { return false }
    let types = try graph.results(node).map { try tensorType($0) }
    guard types.allSatisfy({ $0.shape.isConstant }) else { return false }
    let bytes = types.reduce(0) { total, type in
      total + RowMajor.count(type.shape.constants!) * type.element.byteWidth
    }
    let lowering = table.lowered(node).lowering
    guard lowering == nil || bytes <= 4096 else { return false }
    var isKnown = true
    lowering?.forEachSize { if !$0.isConstant { isKnown = false } }
    if !isKnown { return false }
    let results = try Interpreter(graph).evaluate(node, [])
    for (value, tensor) in zip(graph.results(node), results) {
      draft.constants.append(PlanConstant(name: name(value), tensor: tensor))
      bufferOf[value] = addBuffer(
        PlanDraft.Buffer(
          name(value), graph.tensorType(value), .constant(draft.constants.count - 1)))
    }
    noteWithoutStep(node)
    return true
  }

  private mutating func appendHost(
    _ node: NodeID, _ operands: [Int], because reason: String, to steps: inout [PlanDraft.Step]
  ) throws {
    let results = try addResults(of: node)
    for operand in graph.operands(node) { _ = try tensorType(operand) }
    draft.hostFunctions.append("\(draft.name)/\(label(node))#\(hostNodes.count)")
    draft.hostReasons.append(reason)
    hostNodes.append(node)
    steps.append(
      PlanDraft.Step(
        .host(function: hostNodes.count - 1, inputs: operands, outputs: results),
        label: label(node), origin: graph.origin(node), node: node))
  }

  /// Remembers where the first result of a node is that needs no step.
  mutating func noteWithoutStep(_ node: NodeID) {
    guard let result = graph.results(node).first, let buffer = bufferOf[result] else { return }
    draft.nodesWithoutSteps.append((node, buffer))
  }
}

extension Graph {
  /// The first line of where a value comes from.
  func originLine(of value: ValueID) -> String? {
    producer(value).flatMap { origins.primaryLine(origin($0)) }
  }
}

extension TenonError {
  static func unsupportedValue(_ type: ValueType, _ location: String?) -> TenonError {
    TenonError(
      "unsupported-value",
      "plan: a value of type \(type) cannot be compiled; run it on the reference backend",
      location: location)
  }
}
