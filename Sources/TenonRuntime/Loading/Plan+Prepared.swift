import CTenonKernels
import TenonTensor

extension Plan {
  /// The plan with its prepare steps behind it: what they keep is the plan's `preparedStore`, and
  /// constants, buffers and arena that only they used are gone. The plan itself where it prepares
  /// nothing, or what it prepares depends on variables. The same plan gives the same store.
  ///
  /// - Throws: `plan-invalid`, `kernel-load` where its kernels do not run here, `out-of-memory`, and
  ///   what its host functions say.
  public func prepared(hostFunctions: [String: HostFunction] = [:]) throws -> Plan {
    if prepare.isEmpty { return self }
    let loaded = try LoadedPlan(self, hostFunctions: hostFunctions)
    if loaded.preparesVariables { return self }
    let store = try PreparedStore(self)
    let threads = ProcessLimits.current.concurrency
    try Instance(loaded, threads: threads, prepared: store)
      .fillPrepared(RunOptions(), began: tenon_monotonic_nanoseconds())
    var plan = self
    plan.preparedStore = try Tensor(
      .i64, shape: [preparedBytes / 8],
      storage: TensorStorage(borrowing: store.bytes, byteCount: preparedBytes, alignment: 8) {
        withExtendedLifetime(store) {}
      })
    plan.prepare = []
    plan.keepBuffersOfSteps()
    return plan
  }

  /// Drops buffers and constants that no step touches, and numbers the others anew.
  private mutating func keepBuffersOfSteps() {
    var kept = Set(Plan.buffers(of: steps) + variableUpdates.map(\.buffer))
    for index in buffers.indices.reversed() where kept.contains(BufferID(index)) {
      // An alias is of a buffer before it.
      if case .alias(let other, _) = buffers[index].place { kept.insert(other) }
    }
    var numbers: [BufferID: BufferID] = [:]
    var constantNumbers: [Int: Int] = [:]
    let (oldBuffers, oldConstants) = (buffers, constants)
    (buffers, constants, arenaBytes) = ([], [], 0)
    for index in oldBuffers.indices where kept.contains(BufferID(index)) {
      var buffer = oldBuffers[index]
      switch buffer.place {
      case .constant(let constant):
        if constantNumbers[constant] == nil {
          constantNumbers[constant] = constants.count
          constants.append(oldConstants[constant])
        }
        buffer.place = .constant(constantNumbers[constant]!)
      case .alias(let other, let offset):
        buffer.place = .alias(of: numbers[other]!, byteOffset: offset)
      case .arena(let start): arenaBytes = max(arenaBytes, (start + buffer.byteCount + 63) & ~63)
      case .prepared, .variable, .input, .output: break
      }
      numbers[BufferID(index)] = BufferID(buffers.count)
      buffers.append(buffer)
    }
    for index in variableUpdates.indices {
      variableUpdates[index].buffer = numbers[variableUpdates[index].buffer]!
    }
    steps = steps.map { $0.renumbered { numbers[$0]! } }
  }
}

extension Step {
  /// The step with other numbers for its buffers, and those of the steps inside it.
  fileprivate func renumbered(_ number: (BufferID) -> BufferID) -> Step {
    var step = self
    func all(_ steps: [Step]) -> [Step] { steps.map { $0.renumbered(number) } }
    switch kind {
    case .kernel(let kernel, let buffers, let sizes, let tiles):
      step.kind = .kernel(kernel, buffers: buffers.map(number), sizes: sizes, tiles: tiles)
    case .copy(let from, let to): step.kind = .copy(from: number(from), to: number(to))
    case .readSize(let symbol, let from): step.kind = .readSize(symbol, from: number(from))
    case .loop(let condition, let predicate, let body, let trips):
      step.kind = .loop(
        condition: all(condition), predicate: number(predicate), body: all(body),
        maximumTrips: trips)
    case .branch(let selector, let branches):
      step.kind = .branch(selector: number(selector), branches: branches.map(all))
    case .host(let function, let buffers):
      step.kind = .host(function, buffers: buffers.map(number))
    }
    return step
  }
}
