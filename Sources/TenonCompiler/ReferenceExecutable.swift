import Synchronization
import TenonGraph
import TenonRuntime
import TenonTensor

/// An entry run by the reference interpreter.
final class ReferenceExecutable: Executable, @unchecked Sendable {
  let name: String
  let inputs: [PlanPort]
  let outputs: [PlanPort]
  let variables: [PlanPort]
  private let graph: Graph
  private let entry: Entry
  private let ids: [VariableID]
  private let store: ReferenceVariables

  /// The graph must not be edited any more.
  init(_ graph: Graph, _ entry: Entry, _ store: ReferenceVariables) {
    self.graph = graph
    self.entry = entry
    self.store = store
    name = entry.name
    func port(_ name: String, _ type: TensorType) -> PlanPort {
      PlanPort(name: name, elementType: type.element, shape: type.shape)
    }
    var (inputs, outputs): ([PlanPort], [PlanPort]) = ([], [])
    for (value, binding) in zip(graph.arguments(entry.region), entry.arguments) {
      if case .port(let name) = binding { inputs.append(port(name, graph.tensorType(value))) }
    }
    for (value, binding) in zip(graph.results(entry.region), entry.results) {
      if case .port(let name) = binding { outputs.append(port(name, graph.tensorType(value))) }
    }
    let ids = graph.variables.indices.map { VariableID($0) }.filter { id in
      entry.arguments.contains(.variable(id)) || entry.results.contains(.variable(id))
    }
    self.ids = ids
    self.inputs = inputs
    self.outputs = outputs
    variables = ids.map { port(graph.variables[$0.index].name, graph.variables[$0.index].type) }
  }

  func run(_ inputs: [Tensor], options: RunOptions) throws -> [Tensor] {
    let began = ContinuousClock.now
    let named = Dictionary(uniqueKeysWithValues: zip(self.inputs.map(\.name), inputs))
    return try store.values.withLock { values in
      let interpreter = Interpreter(graph)
      interpreter.interruption = { [name] in try options.check(name, began) }
      let result = try interpreter.run(entry, inputs: named, variables: values)
      try graph.checkConstants()
      values = result.variables
      return result.outputs.map(\.value)
    }
  }

  func value(of variable: VariableHandle) throws -> Tensor {
    store.values.withLock { $0[ids[variable.index].index] }
  }

  func setValue(_ value: Tensor, of variable: VariableHandle) throws {
    let port = variables[variable.index]
    guard value.elementType == port.elementType, Shape(value.shape) == port.shape else {
      throw TenonError.frozenType(graph.variables[ids[variable.index].index], value)
    }
    store.values.withLock { $0[ids[variable.index].index] = value }
  }

  var report: ExecutionReport { ExecutionReport(name: name, threads: 1) }
}

/// The variables that reference entries share.
final class ReferenceVariables: Sendable {
  let values: Mutex<[Tensor]>

  init(_ variables: [VariableRecord]) {
    values = Mutex(
      variables.map { variable in
        // Zeros until `initialize` has run.
        let sizes = variable.type.shape.constants ?? []
        return try! Tensor(variable.type.element, shape: sizes) { _ in }
      })
  }
}

extension RunOptions {
  /// - Throws: `cancelled` or `time-limit` where a run that began so long ago must end.
  fileprivate func check(_ entry: String, _ began: ContinuousClock.Instant) throws {
    if cancellation?.isCancelled == true || taskCancellation?.isCancelled == true {
      throw TenonError.cancelled(entry)
    }
    if let timeLimit, began.duration(to: .now) > timeLimit {
      throw TenonError.timeLimit(entry, timeLimit)
    }
  }
}
