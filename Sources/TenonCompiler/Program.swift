import Synchronization
import TenonGraph
import TenonPasses
import TenonRuntime
import TenonTensor

/// A compiled graph: its entries, ready to run, and the variables they share.
public final class Program: Sendable {
  /// The entries, in the graph's order, `initialize` included.
  public let entries: [any Executable]
  /// What the compiler did.
  public let report: CompileReport
  private let isInitialized: Mutex<Bool>

  init(entries: [any Executable], report: CompileReport) {
    self.entries = entries
    self.report = report
    isInitialized = Mutex(!entries.contains { $0.name == "initialize" })
  }

  /// The entry called `name`.
  ///
  /// - Throws: `unknown-entry`.
  public func entry(_ name: String) throws -> any Executable {
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw TenonError.unknownEntry(name, known: entries.map(\.name))
    }
    return entry
  }

  /// Runs an entry on inputs by name and returns its outputs by name. The first run of a program
  /// gives variables their first values.
  ///
  /// - Throws: `unknown-entry`, and what the run throws.
  public func run(
    _ entry: String = "main", _ inputs: [String: Tensor] = [:], options: RunOptions = RunOptions()
  ) throws -> [String: Tensor] {
    let executable = try self.entry(entry)
    if !executable.variables.isEmpty && entry != "initialize" { try initialize() }
    return try executable.run(inputs, options: options)
  }

  /// Runs the entry `main`.
  ///
  /// - Throws: as `run(_:_:options:)`.
  public func run(_ inputs: [String: Tensor], options: RunOptions = RunOptions()) throws
    -> [String: Tensor]
  { try run("main", inputs, options: options) }

  /// Gives variables their first values, once.
  ///
  /// - Throws: what the entry `initialize` throws.
  public func initialize() throws {
    try isInitialized.withLock { done in
      if done { return }
      _ = try entry("initialize").run([], options: RunOptions())
      done = true
    }
  }

  /// The names of all variables, in the graph's order.
  public var variableNames: [String] {
    entries.flatMap { $0.variables.map(\.name) }.reduce(into: []) {
      if !$0.contains($1) { $0.append($1) }
    }
  }

  /// The present value of a variable; the first value where nothing ran yet.
  ///
  /// - Throws: `unknown-variable`.
  public func value(of variable: String) throws -> Tensor {
    try initialize()
    let (executable, handle) = try find(variable)
    return try executable.value(of: handle)
  }

  /// The present values of all variables, in the graph's order.
  ///
  /// - Throws: what `initialize` throws.
  public func values() throws -> [(name: String, value: Tensor)] {
    try variableNames.map { ($0, try value(of: $0)) }
  }

  /// Sets a variable; with all of them set, first values are not computed.
  ///
  /// - Throws: `unknown-variable`, or what does not fit.
  public func setValues(_ values: [String: Tensor]) throws {
    let names = variableNames
    if !names.allSatisfy({ values[$0] != nil }) { try initialize() }
    for name in values.keys.sorted() {
      let (executable, handle) = try find(name)
      try executable.setValue(values[name]!, of: handle)
    }
    isInitialized.withLock { $0 = true }
  }

  private func find(_ variable: String) throws -> (any Executable, VariableHandle) {
    for executable in entries {
      if let handle = try? executable.variable(variable) { return (executable, handle) }
    }
    throw TenonError.unknownVariable(variable, known: variableNames)
  }
}
