import TenonTensor

// Plans and kernels.
extension TenonError {
  static func invalidPlan(_ plan: Plan, _ message: String) -> TenonError {
    TenonError("plan-invalid", "plan \(plan.name) is damaged: \(message)")
  }

  static func kernelLoad(_ plan: Plan, object: String, reason: String) -> TenonError {
    TenonError(
      "kernel-load", "plan \(plan.name): cannot load \(object); compile the model again",
      details: [reason])
  }

  static func missingKernel(_ plan: Plan, _ kernel: KernelReference) -> TenonError {
    TenonError(
      "kernel-load",
      "plan \(plan.name): its objects have no kernel `\(kernel.symbol)`; compile the model again")
  }

  static func missingHostFunction(_ plan: Plan, _ name: String) -> TenonError {
    TenonError(
      "host-function",
      "plan \(plan.name): no host function is called `\(name)`; pass it when loading")
  }
}

// Memory.
extension TenonError {
  static func outOfMemory(_ bytes: Int, purpose: String) -> TenonError {
    TenonError("out-of-memory", "the system has no \(ByteCount(bytes)) for the \(purpose)")
  }

  static func overMemoryLimit(_ name: String, _ memory: MemoryReport, limit: Int) -> TenonError {
    TenonError(
      "memory-limit",
      "\(name): needs \(ByteCount(memory.peak)) but may take \(ByteCount(limit)); "
        + "raise `maximumMemory` or compile for smaller sizes",
      details: memory.lines)
  }
}

// Runs.
extension TenonError {
  package static func cancelled(_ entry: String) -> TenonError {
    TenonError("cancelled", "\(entry): the run was cancelled")
  }

  package static func timeLimit(_ entry: String, _ limit: Duration) -> TenonError {
    TenonError("time-limit", "\(entry): the run took longer than its limit of \(limit)")
  }

  static func timeLimit(_ plan: Plan, _ limit: Duration, _ step: Step) -> TenonError {
    var error = timeLimit(plan.name, limit)
    error.details = ["stopped before step \(step.label)"]
    error.location = place(step)
    return error
  }

  static func sizeOutOfRange(_ plan: Plan, _ symbol: Symbol, _ value: Int, _ step: Step)
    -> TenonError
  {
    TenonError(
      "size-range",
      "\(plan.name): step \(step.label) read \(value) as the size \(symbol), "
        + "which must lie between 0 and \(symbol.maximum!)", location: place(step))
  }

  static func tooManyTrips(_ plan: Plan, _ maximum: Int, _ step: Step) -> TenonError {
    TenonError(
      "loop-limit",
      "\(plan.name): loop \(step.label) did not end within its maximum of \(maximum) trips",
      location: place(step))
  }

  static func noSize(_ plan: Plan, _ size: Dimension, _ sizes: [String], _ step: Step)
    -> TenonError
  {
    TenonError(
      "size-range", "\(plan.name): size \(size) of step \(step.label) has no value",
      details: sizes.isEmpty ? [] : ["with \(sizes.joined(separator: ", "))"],
      location: place(step))
  }

  static func hostFunctionFailed(_ plan: Plan, _ function: String, _ error: any Error, _ step: Step)
    -> TenonError
  {
    if let error = error as? TenonError {
      return error.inContext("in step \(step.label) of \(plan.name)")
    }
    return TenonError(
      "host-function", "\(plan.name): host function `\(function)` failed: \(error)",
      location: place(step))
  }

  static func hostOperandHasNoSize(_ plan: Plan, _ buffer: PlanBuffer) -> TenonError {
    TenonError(
      "size-range", "\(plan.name): buffer \(buffer.name) has no size: \(buffer.shape)")
  }

  private static func place(_ step: Step) -> String? { step.origins.isEmpty ? nil : step.origins }
}

// Variables.
extension TenonError {
  static func unknownVariable(_ name: String, known: [String]) -> TenonError {
    TenonError(
      "variable", "no variable is called `\(name)`",
      details: ["variables: " + (known.isEmpty ? "none" : known.joined(separator: ", "))])
  }

  static func variableMismatch(_ variable: PlanPort, given: ElementType, shape: [Int])
    -> TenonError
  {
    TenonError("variable", "variable \(variable) cannot hold \(given)\(Shape(shape))")
  }

  static func variableConflict(_ plan: Plan, _ variable: PlanPort, held: PlanPort) -> TenonError {
    TenonError(
      "variable", "\(plan.name): variable \(variable) is already \(held.elementType)\(held.shape)")
  }

  static func uninitializedVariable(_ plan: Plan, _ variable: PlanPort) -> TenonError {
    TenonError(
      "variable",
      "\(plan.name): variable \(variable) has no value yet; run the initialize entry or set it")
  }

  static func variableHasNoValue(_ variable: PlanPort) -> TenonError {
    TenonError(
      "variable", "variable \(variable) has no value yet; run the initialize entry or set it")
  }

  static func brokenVariable(_ variable: PlanPort) -> TenonError {
    TenonError(
      "session-broken",
      "variable \(variable) is broken: a run failed while it was writing it; set it again")
  }

  static func brokenVariables(_ plan: Plan, _ names: [String]) -> TenonError {
    TenonError(
      "session-broken",
      "\(plan.name): the session is broken: a run failed while it was writing variables; "
        + "set them again",
      details: ["variables: " + names.joined(separator: ", ")])
  }
}

/// A number of bytes in text: `512 bytes`, `1.5 MiB`.
struct ByteCount: CustomStringConvertible {
  let value: Int
  init(_ value: Int) { self.value = value }

  var description: String {
    if value < 1024 { return "\(value) bytes" }
    let units = ["KiB", "MiB", "GiB", "TiB"]
    var unit = 0
    var scale = 1024
    while unit < units.count - 1, value >= scale * 1024 {
      scale *= 1024
      unit += 1
    }
    let tenths = (Double(value) / Double(scale) * 10).rounded()
    return "\(Int(tenths) / 10).\(Int(tenths) % 10) \(units[unit])"
  }
}
