import TenonTensor

/// Names a variable of an executable.
public struct VariableHandle: Hashable, Sendable {
  /// The index into `variables`.
  public let index: Int
  public init(index: Int) { self.index = index }
}

/// Something compiled that runs: inputs in, outputs out, variables kept between runs. The seam
/// between what trains or serves models and the backends that run them.
public protocol Executable: Sendable {
  var name: String { get }
  var inputs: [PlanPort] { get }
  var outputs: [PlanPort] { get }
  var variables: [PlanPort] { get }

  /// Runs once with inputs in the order of `inputs`; the results are in the order of `outputs`.
  /// It blocks, so it is not for Swift's cooperative threads; use the asynchronous form there.
  func run(_ inputs: [Tensor], options: RunOptions) throws -> [Tensor]

  /// Runs once and writes the results to memory of the caller's, in the order of `outputs`. An
  /// executable that cannot write there itself copies its results.
  func run(_ inputs: [Tensor], into buffers: [OutputBuffer], options: RunOptions) throws

  /// The present value of a variable.
  func value(of variable: VariableHandle) throws -> Tensor
  func setValue(_ value: Tensor, of variable: VariableHandle) throws

  /// Memory, and the times of profiled runs.
  var report: ExecutionReport { get }
}

extension Executable {
  /// Runs once with inputs by name; the results are by name too.
  ///
  /// - Throws: `feed` where a name is unknown or missing, and what the run throws.
  public func run(_ inputs: [String: Tensor], options: RunOptions = RunOptions()) throws
    -> [String: Tensor]
  {
    named(try run(try ordered(inputs), options: options))
  }

  public func run(_ inputs: [Tensor]) throws -> [Tensor] {
    try run(inputs, options: RunOptions())
  }

  /// Runs on a thread of the runtime's; cancelling the task cancels the run.
  public func run(_ inputs: [Tensor], options: RunOptions = RunOptions()) async throws -> [Tensor] {
    var options = options
    let cancellation = Cancellation()
    options.taskCancellation = cancellation
    let chosen = options
    // The results cross behind a lock: the thread sanitizer sees locks, not continuations.
    let results = Monitor<Result<[Tensor], any Error>?>(nil)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        HostThreads.shared.submit {
          let result = Result { try self.run(inputs, options: chosen) }
          results.withLock { $0 = result }
          continuation.resume()
        }
      }
    } onCancel: {
      cancellation.cancel()
    }
    return try results.withLock { $0! }.get()
  }

  /// Runs on a thread of the runtime's; cancelling the task cancels the run.
  public func run(_ inputs: [String: Tensor], options: RunOptions = RunOptions()) async throws
    -> [String: Tensor]
  {
    named(try await run(try ordered(inputs), options: options))
  }

  /// The variable called `name`.
  ///
  /// - Throws: `variable` where there is none.
  public func variable(_ name: String) throws -> VariableHandle {
    guard let index = variables.firstIndex(where: { $0.name == name }) else {
      throw TenonError.unknownVariable(name, known: variables.map(\.name))
    }
    return VariableHandle(index: index)
  }

  func ordered(_ named: [String: Tensor]) throws -> [Tensor] {
    if let unknown = named.keys.sorted().first(where: { name in
      !inputs.contains { $0.name == name }
    }) {
      throw TenonError.unknownInput(name, inputs, unknown)
    }
    return try inputs.map { port in
      guard let tensor = named[port.name] else { throw TenonError.missingInput(name, port) }
      return tensor
    }
  }

  private func named(_ results: [Tensor]) -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: zip(outputs.map(\.name), results))
  }
}
