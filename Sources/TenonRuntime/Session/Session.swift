import CTenonKernels
import TenonTensor

/// Runs one plan for any number of threads of the program: it keeps the variables and a pool of
/// instances. Runs that write variables are alone, others go together.
public final class Session: Executable {
  public let loaded: LoadedPlan
  /// The variables, which sessions of other entry points may share.
  public let store: VariableStore
  /// The threads a run uses unless it asks for fewer.
  public let threads: Int
  /// Bytes that the session may take.
  public let maximumMemory: Int

  private struct Pool {
    var idle: [Instance] = []
    var count = 0
    var report: ExecutionReport
    /// The version of the variables at which `prepared` was filled.
    var preparedVersion = -1
  }

  private let entries: [VariableStore.Entry]
  private let prepared: PreparedStore
  private let pool: Monitor<Pool>
  private let results: OutputMemory
  private let instanceLimit: Int

  /// - Parameters:
  ///   - store: variables of other sessions to share; new ones otherwise.
  ///   - threads: nil for as many as can run at once.
  ///   - maximumMemory: bytes; nil for the control group's or the machine's limit.
  /// - Throws: `memory-limit` where the plan needs more than `maximumMemory`, `variable` where
  ///   the store has a variable of the same name and another shape, `out-of-memory`.
  public init(
    _ loaded: LoadedPlan, store: VariableStore = VariableStore(), threads: Int? = nil,
    maximumMemory: Int? = nil
  ) throws {
    let plan = loaded.plan
    let limits = ProcessLimits.current
    self.loaded = loaded
    self.store = store
    self.threads = max(1, threads ?? limits.concurrency)
    self.maximumMemory = maximumMemory ?? limits.memory
    let report = ExecutionReport(loaded, threads: self.threads)
    guard report.memory.peak <= self.maximumMemory else {
      throw TenonError.overMemoryLimit(plan.name, report.memory, limit: self.maximumMemory)
    }
    let perInstance = max(1, report.memory.arena + report.memory.scratch + report.memory.outputs)
    let room = (self.maximumMemory - report.memory.peak) / perInstance
    instanceLimit = 1 + min(room, max(1, limits.concurrency) * 2)
    entries = try plan.variables.map { try store.entry(for: $0, of: plan) }
    prepared = try PreparedStore(plan)
    results = OutputMemory(keeping: 2 * plan.outputs.count)
    pool = Monitor(Pool(report: report))
    pool.withLock { $0.idle.reserveCapacity(instanceLimit) }
  }

  public var name: String { loaded.plan.name }
  public var inputs: [PlanPort] { loaded.plan.inputs }
  public var outputs: [PlanPort] { loaded.plan.outputs }
  public var variables: [PlanPort] { loaded.plan.variables }
  public var report: ExecutionReport { pool.withLock(\.report) }

  /// - Throws: `feed` for inputs that do not fit, `variable` where one has no value,
  ///   `session-broken`, `cancelled`, `time-limit`, `size-range`, `loop-limit`, and what host
  ///   functions throw. After a failed run variables are as before, or the session is broken and
  ///   says so until they are set again.
  public func run(_ inputs: [Tensor], options: RunOptions) throws -> [Tensor] {
    var made: [TensorStorage] = []
    var results: [Tensor] = []
    try run(inputs, options) { instance in
      made = bindOutputs(of: instance)
    } end: { instance in
      results = try zip(outputs, made).enumerated().map { index, output in
        try Tensor(output.0.elementType, shape: instance.outputShape(index), storage: output.1)
      }
    }
    return results
  }

  /// Runs once and writes the results to memory of the caller's, making none for them. After a run
  /// that failed, what that memory holds is not defined.
  ///
  /// - Throws: `feed` for inputs or buffers that do not fit, for buffers that share bytes with
  ///   each other or with inputs, and for outputs whose sizes only the run can tell; and what
  ///   `run(_:options:)` throws.
  public func run(
    _ inputs: [Tensor], into buffers: [OutputBuffer], options: RunOptions
  ) throws {
    try OutputBuffer.check(buffers, name, outputs, self.inputs, given: inputs)
    try run(inputs, options) { instance in
      for (index, buffer) in buffers.enumerated() {
        guard let shape = instance.evaluated(outputs[index].shape) else {
          throw TenonError.outputSizeOfTheRun(name, outputs[index])
        }
        guard shape == buffer.shape else {
          throw TenonError.outputShape(name, outputs[index], needed: shape, given: buffer)
        }
        instance.bindOutput(index, to: buffer.bytes.baseAddress)
      }
    } end: { _ in
    }
  }

  public func value(of variable: VariableHandle) throws -> Tensor {
    let entry = entries[variable.index]
    return try store.gate.read { try entry.value() }
  }

  public func setValue(_ value: Tensor, of variable: VariableHandle) throws {
    try store.set(value, to: entries[variable.index])
  }

  // MARK: Runs

  /// Runs once: `begin` binds the outputs when the sizes have been read from the inputs, `end`
  /// takes what was written.
  private func run(
    _ inputs: [Tensor], _ options: RunOptions, begin: (Instance) throws -> Void,
    end: (Instance) throws -> Void
  ) throws {
    guard inputs.count == self.inputs.count else {
      throw TenonError.inputCount(name, self.inputs, given: inputs.count)
    }
    let began = tenon_monotonic_nanoseconds()
    let instance = try takeInstance()
    defer { putBack(instance) }
    for (index, tensor) in inputs.enumerated() { try instance.bindInput(index, to: tensor) }
    try instance.solveSizes()
    try begin(instance)
    if loaded.writesVariables {
      try store.gate.write { try runWriting(instance, options, began) }
    } else {
      try runReading(instance, options, began)
    }
    try loaded.checkConstants()
    for tensor in inputs { try tensor.storage.check() }
    if options.profile {
      let elapsed = Int(tenon_monotonic_nanoseconds() - began)
      pool.withLock { instance.addTimes(to: &$0.report, elapsedNanoseconds: elapsed) }
    }
    try end(instance)
  }

  private func runWriting(_ instance: Instance, _ options: RunOptions, _ began: Int64) throws {
    try checkVariables()
    if !isPrepared { try prepare(instance, options, began) }
    do {
      try instance.runSteps(options, began: began)
    } catch {
      if instance.hasBegun {
        for index in loaded.plan.variablesWrittenInPlace { entries[index].isBroken = true }
        store.changed()
      }
      throw error
    }
    for index in loaded.plan.variablesWrittenInPlace + loaded.plan.variableUpdates.map(\.variable) {
      entries[index].hasValue = true
      entries[index].isBroken = false
    }
    store.changed()
  }

  private func runReading(_ instance: Instance, _ options: RunOptions, _ began: Int64) throws {
    while true {
      let isDone = try store.gate.read {
        try checkVariables()
        guard isPrepared else { return false }
        try instance.runSteps(options, began: began)
        return true
      }
      if isDone { return }
      try store.gate.write {
        try checkVariables()
        if !isPrepared { try prepare(instance, options, began) }
      }
    }
  }

  /// True where the prepared store holds what the present variables give.
  private var isPrepared: Bool {
    prepared.isFilled
      && (!loaded.preparesVariables || pool.withLock(\.preparedVersion) == store.version)
  }

  private func prepare(_ instance: Instance, _ options: RunOptions, _ began: Int64) throws {
    prepared.isFilled = false
    try instance.fillPrepared(options, began: began)
    let version = store.version
    pool.withLock { $0.preparedVersion = version }
  }

  private func checkVariables() throws {
    let broken = loaded.variablesRead.filter { entries[$0].isBroken }
    if !broken.isEmpty {
      throw TenonError.brokenVariables(loaded.plan, broken.map { variables[$0].name })
    }
    if let empty = loaded.variablesRead.first(where: { !entries[$0].hasValue }) {
      throw TenonError.uninitializedVariable(loaded.plan, variables[empty])
    }
  }

  /// Binds memory for the results: just as much as they need where their sizes are known before
  /// the run, else as much as they may need.
  private func bindOutputs(of instance: Instance) -> [TensorStorage] {
    outputs.enumerated().map { index, port in
      let known = instance.evaluated(port.shape).map {
        RowMajor.count($0) * port.elementType.byteWidth
      }
      let storage = results.storage(byteCount: known ?? loaded.outputBytes[index])
      instance.bindOutput(index, to: storage.bytes)
      return storage
    }
  }

  // MARK: Instances

  private func takeInstance() throws -> Instance {
    enum Taken {
      case idle(Instance)
      case mayBeMade
    }
    let taken = pool.wait { pool -> Taken? in
      if let instance = pool.idle.popLast() { return .idle(instance) }
      guard pool.count < instanceLimit else { return nil }
      pool.count += 1
      return .mayBeMade
    }
    if case .idle(let instance) = taken { return instance }
    do {
      let instance = try Instance(loaded, threads: threads, prepared: prepared)
      for (index, entry) in entries.enumerated() {
        instance.bindVariable(index, to: entry.storage.bytes)
      }
      return instance
    } catch {
      pool.update { $0.count -= 1 }
      throw error
    }
  }

  private func putBack(_ instance: Instance) {
    instance.unbind()
    pool.update { $0.idle.append(instance) }
  }
}
