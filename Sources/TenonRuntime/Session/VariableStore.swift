import TenonTensor

/// The variables that the entry points of one model share, by name.
public final class VariableStore: Sendable {
  /// One variable; its fields change only by who has the gate for writing.
  final class Entry: @unchecked Sendable {
    let port: PlanPort
    let storage: TensorStorage
    var hasValue = false
    /// True after a run failed while it was writing the variable.
    var isBroken = false

    init(_ port: PlanPort) {
      self.port = port
      storage = TensorStorage(byteCount: port.maximumByteCount)
    }
  }

  private struct State {
    var entries: [Entry] = []
    var version = 0
  }

  /// Held for reading by runs that read variables, for writing by those that write them.
  let gate = AccessGate()
  private let state = Monitor(State())

  public init() {}

  /// Every variable, in the order in which plans brought them.
  public var variables: [PlanPort] { state.withLock { $0.entries.map(\.port) } }

  /// The present value of the variable called `name`.
  ///
  /// - Throws: `variable` where there is none or it has no value, `session-broken`.
  public func value(of name: String) throws -> Tensor {
    let entry = try entry(name)
    return try gate.read { try entry.value() }
  }

  /// Waits for runs to end, then sets the variable called `name`.
  ///
  /// - Throws: `variable` where there is none or the value does not fit it.
  public func setValue(_ value: Tensor, of name: String) throws {
    try set(value, to: try entry(name))
  }

  func set(_ value: Tensor, to entry: Entry) throws {
    guard value.elementType == entry.port.elementType, Shape(value.shape) == entry.port.shape else {
      throw TenonError.variableMismatch(
        entry.port, given: value.elementType, shape: value.shape)
    }
    gate.write {
      value.withUnsafeBytes { bytes in
        guard let start = bytes.baseAddress else { return }
        entry.storage.bytes.copyMemory(from: start, byteCount: bytes.count)
      }
      entry.hasValue = true
      entry.isBroken = false
      changed()
    }
  }

  /// Counts up whenever a variable changes.
  var version: Int { state.withLock(\.version) }

  func changed() { state.withLock { $0.version += 1 } }

  /// The variable of a plan, made where it is new.
  ///
  /// - Throws: `variable` where it is there with another type or shape.
  func entry(for port: PlanPort, of plan: Plan) throws -> Entry {
    try state.withLock { state in
      if let entry = state.entries.first(where: { $0.port.name == port.name }) {
        guard entry.port == port else {
          throw TenonError.variableConflict(plan, port, held: entry.port)
        }
        return entry
      }
      let entry = Entry(port)
      state.entries.append(entry)
      return entry
    }
  }

  private func entry(_ name: String) throws -> Entry {
    try state.withLock { state in
      guard let entry = state.entries.first(where: { $0.port.name == name }) else {
        throw TenonError.unknownVariable(name, known: state.entries.map(\.port.name))
      }
      return entry
    }
  }
}

extension VariableStore.Entry {
  /// A copy of the value; the caller has the gate.
  func value() throws -> Tensor {
    guard hasValue else { throw TenonError.variableHasNoValue(port) }
    guard !isBroken else { throw TenonError.brokenVariable(port) }
    return try Tensor(port.elementType, shape: port.shape.constants!) { bytes in
      bytes.copyMemory(
        from: UnsafeRawBufferPointer(start: storage.bytes, count: bytes.count))
    }
  }
}
