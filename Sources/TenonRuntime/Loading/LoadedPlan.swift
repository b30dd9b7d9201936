import CTenonKernels
import TenonTensor

/// A plan whose kernels are loaded and whose steps are flattened; what instances share.
public final class LoadedPlan: Sendable {
  public let plan: Plan
  let image: KernelImage
  let hostFunctions: [HostFunction]
  let main: ProgramTemplate
  let prepare: ProgramTemplate
  let feeds: FeedRules
  /// True where a run changes variables.
  let writesVariables: Bool
  /// True where what `prepare` keeps depends on variables.
  let preparesVariables: Bool
  /// Bytes of each output with every running size at its maximum.
  let outputBytes: [Int]
  let variableBytes: [Int]
  /// The variables that must have a value before a run, ascending.
  let variablesRead: [Int]

  /// Verifies the plan and loads its kernels.
  ///
  /// - Parameter hostFunctions: the functions that the plan's host steps name.
  /// - Throws: `plan-invalid`, `kernel-load`, or `host-function` where one is missing.
  public init(_ plan: Plan, hostFunctions: [String: HostFunction] = [:]) throws {
    try plan.verify()
    self.plan = plan
    image = try KernelImage(plan)
    self.hostFunctions = try plan.hostFunctions.map { name in
      guard let function = hostFunctions[name] else {
        throw TenonError.missingHostFunction(plan, name)
      }
      return function
    }
    main = ProgramTemplate(plan.steps, of: plan)
    prepare = ProgramTemplate(plan.prepare, of: plan)
    feeds = FeedRules(plan.inputs, symbols: plan.runningSymbols)
    writesVariables = !plan.variableUpdates.isEmpty || !plan.variablesWrittenInPlace.isEmpty
    let prepared = plan.variables(touchedBy: plan.prepare)
    preparesVariables = !prepared.isEmpty
    variablesRead = Set(prepared + plan.variables(touchedBy: plan.steps))
      .subtracting(plan.variablesInitialized).sorted()
    outputBytes = plan.outputs.map(\.maximumByteCount)
    variableBytes = plan.variables.map(\.maximumByteCount)
  }

  /// The first byte of a constant; nothing writes there.
  func constant(_ index: Int) -> UnsafeMutableRawPointer {
    let tensor = plan.constants[index].tensor
    return tensor.storage.bytes + tensor.byteOffset
  }

  /// Whether files still have the bytes of constants that were lent from them.
  ///
  /// - Throws: `file-read` where one was truncated meanwhile.
  func checkConstants() throws {
    guard tenon_file_mapping_missing_pages() != 0 else { return }
    for constant in plan.constants { try constant.tensor.storage.check() }
    try plan.preparedStore?.storage.check()
  }

  /// The memory that one instance needs on `threads` threads, with what its session holds.
  public func memory(threads: Int) -> MemoryReport {
    MemoryReport(
      arena: plan.arenaBytes,
      scratch: Dimension.saturatingProduct(plan.scratchBytesPerThread, threads),
      outputs: outputBytes.reduce(0) { Dimension.clamp($0 + $1) }, prepared: plan.preparedBytes,
      variables: variableBytes.reduce(0) { Dimension.clamp($0 + $1) })
  }
}

extension PlanPort {
  /// Bytes of its elements with every running size at its maximum.
  var maximumByteCount: Int {
    Dimension.saturatingProduct(shape.elementCount.upperBound ?? 0, elementType.byteWidth)
  }
}

extension Plan {
  fileprivate func variables(touchedBy steps: [Step]) -> [Int] {
    Plan.buffers(of: steps).compactMap { buffer in
      if case .variable(let index) = resolvedPlace(of: buffer).base { index } else { nil }
    }
  }
}
