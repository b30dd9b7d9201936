import CTenonKernels
import TenonTensor

extension Instance {
  /// Runs the plan; blocks until it has ended.
  ///
  /// - Throws: `feed` for sizes that contradict the plan or each other, `cancelled`,
  ///   `time-limit`, `size-range`, `loop-limit`, and what host functions throw.
  public func run(_ options: RunOptions = RunOptions()) throws {
    let began = tenon_monotonic_nanoseconds()
    hasBegun = false
    try solveSizes()
    if !prepared.isFilled { try fillPrepared(options, began: began) }
    try runSteps(options, began: began)
  }

  /// Reads the running sizes from the shapes of the inputs.
  func solveSizes() throws {
    for index in inputs.indices where inputs[index] == nil {
      throw TenonError.unboundPort(loaded.plan.name, "input", loaded.plan.inputs[index])
    }
    try loaded.feeds.solve(loaded.plan.name, inputShapes, into: main.state.pointee.symbols)
  }

  /// Runs the prepare steps. Time limits count from `began`, of the monotonic clock.
  func fillPrepared(_ options: RunOptions, began: Int64) throws {
    if !loaded.plan.prepare.isEmpty { try execute(prepare, options, began: began) }
    prepared.isFilled = true
  }

  /// Runs the steps, whose running sizes have been read, and updates the variables.
  func runSteps(_ options: RunOptions, began: Int64) throws {
    for index in outputs.indices where outputs[index] == nil {
      throw TenonError.unboundPort(loaded.plan.name, "output", loaded.plan.outputs[index])
    }
    try execute(main, options, began: began)
    for update in loaded.plan.variableUpdates {
      let place = loaded.plan.resolvedPlace(of: update.buffer)
      let bytes = loaded.variableBytes[update.variable]
      variables[update.variable]!.copyMemory(
        from: address(of: place.base) + place.offset, byteCount: bytes)
    }
  }

  /// The sizes of an output in the last run.
  public func outputShape(_ index: Int) -> [Int] {
    guard let shape = evaluated(loaded.plan.outputs[index].shape) else {
      preconditionFailure("internal: output \(index) has no size after its run")
    }
    return shape
  }

  /// `shape` at the running sizes known so far; nil where one is missing.
  func evaluated(_ shape: Shape) -> [Int]? {
    shape.evaluated { size(of: $0, in: main.state) }
  }

  /// Adds the times of the last run, which was profiled, to `report`.
  func addTimes(to report: inout ExecutionReport, elapsedNanoseconds: Int) {
    report.add(
      UnsafePointer(times.baseAddress!), threads: Int(main.state.pointee.threads),
      elapsedNanoseconds: elapsedNanoseconds)
  }

  private func size(of symbol: Symbol, in state: UnsafePointer<tenon_program>) -> Int? {
    guard let place = loaded.plan.runningSymbols.firstIndex(of: symbol) else { return nil }
    let value = state.pointee.symbols[place]
    return value == .min ? nil : Int(value)
  }

  private func execute(_ program: Program, _ options: RunOptions, began: Int64) throws {
    for index in variables.indices where variables[index] == nil {
      throw TenonError.unboundPort(loaded.plan.name, "variable", loaded.plan.variables[index])
    }
    program.move(address(of:))
    let state = program.state
    state.pointee.cancelled = (options.cancellation?.flag, options.taskCancellation?.flag)
    state.pointee.deadline = options.timeLimit.map { began + $0.nanoseconds } ?? 0
    state.pointee.host = callHostFunction
    state.pointee.hostContext = Unmanaged.passUnretained(self).toOpaque()
    state.pointee.profile = nil
    if options.profile, program === main {
      times.initialize(repeating: tenon_step_time())
      state.pointee.profile = times.baseAddress
    }
    let status = tenon_program_run(
      state, Int32(max(1, min(options.threads ?? threads, threads))))
    let isDone = status == Int32(tenon_run_ok)
    hasBegun = program === main && (isDone || state.pointee.failedAt > 0)
    if !isDone { throw failure(program, Int(status), options) }
  }

  private func failure(_ program: Program, _ status: Int, _ options: RunOptions) -> TenonError {
    let plan = loaded.plan
    let step = program.failedStep
    let value = Int(program.state.pointee.failedValue)
    let operand = program.failedInstruction.operand
    switch status {
    case tenon_run_cancelled: return .cancelled(plan.name)
    case tenon_run_time_limit: return .timeLimit(plan, options.timeLimit!, step)
    case tenon_run_size_out_of_range:
      return .sizeOutOfRange(plan, plan.runningSymbols[operand], value, step)
    case tenon_run_too_many_trips: return .tooManyTrips(plan, value, step)
    case tenon_run_host_failed:
      let error = hostFailure!
      hostFailure = nil
      return .hostFunctionFailed(plan, plan.hostFunctions[operand], error, step)
    case tenon_run_no_size:
      let dimension = program.template.sizeTexts[value]
      let known = dimension.symbols.compactMap { symbol in
        size(of: symbol, in: program.state).map { "\(symbol) = \($0)" }
      }
      return .noSize(plan, dimension, known, step)
    default: preconditionFailure("internal: run status \(status)")
    }
  }

  /// Calls the host function of an instruction; false where it threw.
  fileprivate func callHost(
    _ state: UnsafePointer<tenon_program>, _ instruction: tenon_instruction
  ) -> Bool {
    let program = state == UnsafePointer(main.state) ? main : prepare
    guard case .host(let function, let buffers) = program.template.steps[Int(instruction.step)].kind
    else { preconditionFailure("internal: a host instruction of no host step") }
    do {
      var operands: [HostOperand] = []
      for (index, id) in buffers.enumerated() {
        let buffer = loaded.plan.buffers[id.index]
        guard let shape = buffer.shape.evaluated({ size(of: $0, in: state) }) else {
          throw TenonError.hostOperandHasNoSize(loaded.plan, buffer)
        }
        operands.append(
          HostOperand(
            elementType: buffer.elementType, shape: shape,
            bytes: UnsafeMutableRawBufferPointer(
              start: state.pointee.pointers[Int(instruction.buffers) + index],
              count: RowMajor.count(shape) * buffer.elementType.byteWidth)))
      }
      try loaded.hostFunctions[function](operands)
      return true
    } catch {
      hostFailure = error
      return false
    }
  }
}

private func callHostFunction(
  _ context: UnsafeMutableRawPointer?, _ state: UnsafePointer<tenon_program>?,
  _ instruction: UnsafePointer<tenon_instruction>?
) -> Int32 {
  let instance = Unmanaged<Instance>.fromOpaque(context!).takeUnretainedValue()
  return instance.callHost(state!, instruction!.pointee) ? 0 : 1
}

extension Duration {
  /// Whole nanoseconds, at most about 146 years.
  fileprivate var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    if seconds >= Int64.max / 2_000_000_000 { return .max / 2 }
    if seconds < 0 { return 0 }
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}
