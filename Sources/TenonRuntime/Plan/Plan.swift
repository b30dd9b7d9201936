import TenonTensor

/// What the CPU runtime executes: steps over buffers whose places are decided, with the object
/// code of their kernels. Pure data: immutable, Sendable, equal for equal inputs.
///
/// A plan serves every size of its running symbols up to their maxima, and gives the same bits at
/// every number of threads.
public struct Plan: Sendable {
  /// The entry point's name.
  public var name: String
  /// What the kernels were compiled for: `x86_64 avx512f avx512vl`.
  public var target: String
  /// The symbols whose sizes are read at run time, each with its maximum.
  public var runningSymbols: [Symbol]
  public var objects: [ObjectCode]
  public var kernels: [KernelReference]
  public var constants: [PlanConstant]
  public var buffers: [PlanBuffer]
  public var inputs: [PlanPort]
  public var outputs: [PlanPort]
  public var variables: [PlanPort]
  /// Values copied into variables after the last step, in this order.
  public var variableUpdates: [VariableUpdate]
  /// The variables that steps write where they lie, ascending; a run that fails after such a
  /// step has begun leaves the session broken.
  public var variablesWrittenInPlace: [Int]
  /// The variables that the plan writes wholly before it reads them, so that they need no value
  /// before the run, ascending.
  public var variablesInitialized: [Int]
  /// Names of the host functions that `.host` steps call, looked up when the plan is loaded.
  public var hostFunctions: [String]
  /// The steps of one run.
  public var steps: [Step]
  /// The steps that fill the prepared store; run once, before the first run.
  public var prepare: [Step]
  /// Bytes of the arena in which `.arena` buffers lie.
  public var arenaBytes: Int
  /// Bytes of the store in which `.prepared` buffers lie.
  public var preparedBytes: Int
  /// The store itself, as `i64`, where the prepare steps have been run already and are gone.
  public var preparedStore: Tensor?
  /// Bytes of scratch that each thread hands to its kernels.
  public var scratchBytesPerThread: Int

  public init(
    name: String, target: String = "", runningSymbols: [Symbol] = [], objects: [ObjectCode] = [],
    kernels: [KernelReference] = [], constants: [PlanConstant] = [], buffers: [PlanBuffer] = [],
    inputs: [PlanPort] = [], outputs: [PlanPort] = [], variables: [PlanPort] = [],
    variableUpdates: [VariableUpdate] = [], variablesWrittenInPlace: [Int] = [],
    variablesInitialized: [Int] = [], hostFunctions: [String] = [], steps: [Step] = [],
    prepare: [Step] = [], arenaBytes: Int = 0,
    preparedBytes: Int = 0, preparedStore: Tensor? = nil, scratchBytesPerThread: Int = 0
  ) {
    self.name = name
    self.target = target
    self.runningSymbols = runningSymbols
    self.objects = objects
    self.kernels = kernels
    self.constants = constants
    self.buffers = buffers
    self.inputs = inputs
    self.outputs = outputs
    self.variables = variables
    self.variableUpdates = variableUpdates
    self.variablesWrittenInPlace = variablesWrittenInPlace
    self.variablesInitialized = variablesInitialized
    self.hostFunctions = hostFunctions
    self.steps = steps
    self.prepare = prepare
    self.arenaBytes = arenaBytes
    self.preparedBytes = preparedBytes
    self.preparedStore = preparedStore
    self.scratchBytesPerThread = scratchBytesPerThread
  }
}
