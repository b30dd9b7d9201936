import TenonCodegen
import TenonGraph
import TenonTensor
import TenonTestKit

/// Runs a draft in memory laid out as planned. Steps between two barriers run in a random order,
/// and memory that nothing should rely on holds rubbish, so that a wrong offset, a missing barrier
/// or a wrong overwrite gives a wrong result.
final class DraftRunner {
  let draft: PlanDraft
  let graph: Graph
  let hostNodes: [NodeID]
  private var arena: UnsafeMutableRawPointer
  private var prepared: UnsafeMutableRawPointer
  private var outputs: [UnsafeMutableRawPointer] = []
  private var variables: [UnsafeMutableRawPointer] = []
  private var inputs: [Tensor] = []
  private var random: SplitMix
  private(set) var stepsRun = 0

  init(_ draft: PlanDraft, _ graph: Graph, _ hostNodes: [NodeID], seed: UInt64) {
    self.draft = draft
    self.graph = graph
    self.hostNodes = hostNodes
    random = SplitMix(seed: seed)
    func rubbish(_ bytes: Int) -> UnsafeMutableRawPointer {
      let memory = UnsafeMutableRawPointer.allocate(byteCount: max(bytes, 1), alignment: 64)
      memory.initializeMemory(as: UInt8.self, repeating: 0xC5, count: max(bytes, 1))
      return memory
    }
    arena = rubbish(draft.arenaBytes)
    prepared = rubbish(draft.preparedBytes)
    outputs = draft.outputs.map { port in
      rubbish(port.shape.elementCount.constant! * port.elementType.byteWidth)
    }
    variables = draft.variables.map { port in
      rubbish(port.shape.elementCount.constant! * port.elementType.byteWidth)
    }
  }

  deinit {
    for memory in outputs + variables + [arena, prepared] { memory.deallocate() }
  }

  /// Outputs and then the variables' values after the run.
  func run(_ inputs: [Tensor], variables values: [Tensor]) throws -> [Tensor] {
    self.inputs = inputs
    for (memory, value) in zip(variables, values) {
      value.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    }
    try run(draft.prepare)
    // What the prepare steps left in the arena is gone.
    arena.initializeMemory(as: UInt8.self, repeating: 0xA7, count: max(draft.arenaBytes, 1))
    try run(draft.steps)
    for update in draft.variableUpdates {
      let from = buffer(update.buffer.index)
      variables[update.variable].copyMemory(
        from: from.start, byteCount: draft.buffers[update.buffer.index].byteCount)
    }
    var results: [Tensor] = []
    for (port, memory) in zip(draft.outputs + draft.variables, outputs + variables) {
      results.append(
        try Tensor(port.elementType, shape: port.shape.constants!) { bytes in
          bytes.copyMemory(from: UnsafeRawBufferPointer(start: memory, count: bytes.count))
        })
    }
    return results
  }

  private func run(_ block: [PlanDraft.Step]) throws {
    var segment: [PlanDraft.Step] = []
    func flush() throws {
      segment.shuffle(using: &random)
      for step in segment { try run(step) }
      segment = []
    }
    for step in block {
      if step.barrierBefore || !step.blocks.isEmpty { try flush() }
      segment.append(step)
      if !step.blocks.isEmpty { try flush() }
    }
    try flush()
  }

  private func run(_ step: PlanDraft.Step) throws {
    stepsRun += 1
    switch step.kind {
    case .kernel(let group, let inputs, let outputs):
      GroupEvaluator(group: draft.groups[group], sizes: { _ in nil })
        .run(inputs.map(buffer), outputs.map(buffer), &random)
    case .copy(let from, let to):
      let bytes = draft.buffers[from].byteCount
      buffer(to).start.copyMemory(from: buffer(from).start, byteCount: bytes)
    case .readSize: preconditionFailure("the drafts that are run have no running sizes")
    case .host(let function, let inputs, let outputs):
      let operands = try inputs.map { try tensor($0) }
      let results = try Interpreter(graph).evaluate(hostNodes[function], operands)
      for (result, place) in zip(results, outputs) {
        result.withUnsafeBytes {
          buffer(place).start.copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
      }
    case .loop(let condition, let predicate, let body, _):
      try run(condition)
      while buffer(predicate)[0].integer != 0 {
        try run(body)
        try run(condition)
      }
    case .branch(let selector, let branches):
      let number = Int(buffer(selector)[0].integer)
      try run(branches[branches.indices.contains(number) ? number : branches.count - 1])
    }
  }

  private func tensor(_ number: Int) throws -> Tensor {
    let buffer = buffer(number)
    return try Tensor(buffer.element, shape: buffer.shape) { bytes in
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: buffer.start, count: bytes.count))
    }
  }

  private func buffer(_ number: Int) -> GroupEvaluator.Buffer {
    let (root, offset) = draft.root(number)
    let held = draft.buffers[root]
    let base: UnsafeMutableRawPointer =
      switch held.place {
      case .arena: arena + held.offset
      case .prepared: prepared + held.offset
      case .constant(let index): address(draft.constants[index].tensor)
      case .input(let index): address(inputs[index])
      case .output(let index): outputs[index]
      case .variable(let index): variables[index]
      case .alias: preconditionFailure("a root is no alias")
      }
    let type = draft.buffers[number].type
    return GroupEvaluator.Buffer(
      element: type.element, shape: type.shape.constants!, start: base + offset)
  }

  private func address(_ tensor: Tensor) -> UnsafeMutableRawPointer {
    tensor.storage.bytes + tensor.byteOffset
  }
}
