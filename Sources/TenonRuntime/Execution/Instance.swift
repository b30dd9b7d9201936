import CTenonKernels
import Glibc
import TenonTensor

/// The memory of one run of a plan at a time: its arena, its scratch, and where its inputs,
/// outputs and variables lie.
///
/// Runs with everything bound allocate nothing. Not for several threads at once: a `Session` has
/// as many instances as it needs.
public final class Instance {
  public let loaded: LoadedPlan
  /// The most threads a run may use.
  public let threads: Int
  private let arena: MappedMemory
  private let scratch: MappedMemory
  let prepared: PreparedStore
  let main: Program
  let prepare: Program
  let times: UnsafeMutableBufferPointer<tenon_step_time>

  private(set) var inputShapes: [[Int]]
  private(set) var inputs: [UnsafeMutableRawPointer?]
  /// Storage of tensors bound as inputs, kept alive.
  private(set) var inputStorage: [TensorStorage?]
  private(set) var outputs: [UnsafeMutableRawPointer?]
  private(set) var variables: [UnsafeMutableRawPointer?]
  /// What a host function threw in the last run.
  var hostFailure: (any Error)?
  /// True where the last run began a step.
  var hasBegun = false

  /// An instance with a prepared store of its own.
  ///
  /// - Throws: `out-of-memory`.
  public convenience init(_ loaded: LoadedPlan, threads: Int) throws {
    try self.init(loaded, threads: threads, prepared: PreparedStore(loaded.plan))
  }

  init(_ loaded: LoadedPlan, threads: Int, prepared: PreparedStore) throws {
    let plan = loaded.plan
    self.loaded = loaded
    self.threads = threads > 1 ? min(threads, ThreadTeam.capacity) : 1
    self.prepared = prepared
    let stride = (plan.scratchBytesPerThread + 127) / 128 * 128
    let arena = try MappedMemory(byteCount: plan.arenaBytes, for: "arena of \(plan.name)")
    let scratch = try MappedMemory(
      byteCount: stride * self.threads, for: "scratch of \(plan.name)")
    self.arena = arena
    self.scratch = scratch
    func program(_ template: ProgramTemplate) -> Program {
      let program = Program(
        template, of: plan, kernels: loaded.image.kernels, symbolCount: plan.runningSymbols.count
      ) { base in
        switch base {
        case .arena: arena.bytes
        case .prepared: prepared.bytes
        case .constant(let index): loaded.constant(index)
        case .variable, .input, .output: nil
        }
      }
      program.state.pointee.scratch = scratch.bytes.assumingMemoryBound(to: CChar.self)
      program.state.pointee.scratchStride = Int64(stride)
      return program
    }
    main = program(loaded.main)
    prepare = program(loaded.prepare)
    times = .allocate(capacity: max(1, (self.threads + 1) * loaded.main.steps.count))
    inputShapes = plan.inputs.map { _ in [] }
    inputs = plan.inputs.map { _ in nil }
    inputStorage = plan.inputs.map { _ in nil }
    outputs = plan.outputs.map { _ in nil }
    variables = plan.variables.map { _ in nil }
  }

  deinit { times.deallocate() }

  /// Feeds a tensor; it stays bound until another is.
  ///
  /// - Throws: `feed` where type or rank are wrong; sizes are checked when the run begins.
  public func bindInput(_ index: Int, to tensor: Tensor) throws {
    try bindInput(
      index, to: UnsafeRawPointer(tensor.storage.bytes + tensor.byteOffset),
      elementType: tensor.elementType, shape: tensor.shape)
    inputStorage[index] = tensor.storage
  }

  /// Feeds the elements at `bytes`, which must outlive the runs.
  ///
  /// - Throws: `feed` where type or rank are wrong; sizes are checked when the run begins.
  public func bindInput(
    _ index: Int, to bytes: UnsafeRawPointer, elementType: ElementType, shape: [Int]
  ) throws {
    let port = loaded.plan.inputs[index]
    guard elementType == port.elementType else {
      throw TenonError.inputType(loaded.plan.name, port, given: elementType, shape: shape)
    }
    guard shape.count == port.shape.rank else {
      throw TenonError.inputRank(loaded.plan.name, port, shape: shape)
    }
    inputs[index] = UnsafeMutableRawPointer(mutating: bytes)
    inputShapes[index] = shape
    inputStorage[index] = nil
  }

  /// Lets runs write an output to `bytes`, which must outlive them.
  ///
  /// - Throws: `feed` where the output at the maxima of its running sizes does not fit.
  public func bindOutput(_ index: Int, to bytes: UnsafeMutableRawBufferPointer) throws {
    guard bytes.count >= loaded.outputBytes[index], let start = bytes.baseAddress else {
      throw TenonError.outputTooSmall(
        loaded.plan.name, loaded.plan.outputs[index], needed: loaded.outputBytes[index],
        given: bytes.count)
    }
    outputs[index] = start
  }

  /// Lets runs write an output to `start`, with as many bytes as its sizes in the run need.
  /// An output without bytes may have no memory.
  func bindOutput(_ index: Int, to start: UnsafeMutableRawPointer?) {
    outputs[index] = start ?? arena.bytes
  }

  /// Keeps a variable at `bytes`, which must hold all of it and outlive the runs.
  public func bindVariable(_ index: Int, to bytes: UnsafeMutableRawPointer) {
    variables[index] = bytes
  }

  /// Forgets the memory of a run: tensors can be released, and no later run writes there.
  func unbind() {
    for index in inputs.indices {
      inputs[index] = nil
      inputStorage[index] = nil
    }
    for index in outputs.indices { outputs[index] = nil }
  }

  /// Where a base lies now; everything is bound.
  func address(of base: ResolvedPlace.Base) -> UnsafeMutableRawPointer {
    switch base {
    case .arena: arena.bytes
    case .prepared: prepared.bytes
    case .constant(let index): loaded.constant(index)
    case .variable(let index): variables[index]!
    case .input(let index): inputs[index]!
    case .output(let index): outputs[index]!
    }
  }
}
