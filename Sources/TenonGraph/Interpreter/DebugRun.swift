import TenonTensor

/// A run of one entry by the reference interpreter, node by node: stop at a node or a line of user
/// code, read any value, find the first NaN or infinity.
///
/// Every value computed so far is kept, so a debug run takes memory for all of them.
public final class DebugRun {
  /// A node that has just been evaluated.
  public struct Stop {
    public let node: NodeID
    /// The op's text name.
    public let op: String
    /// The user's lines or model nodes it comes from.
    public let origins: [String]
    public let results: [Tensor]
    /// The names that the user gave to the results.
    public let names: [String]
  }

  public let graph: Graph
  public let entry: Entry
  private let interpreter: Interpreter
  private let nodes: [NodeID]
  private var position = 0
  private var values: [ValueID: Tensor] = [:]
  private var breakpoints: [String] = []
  private var watches: [(name: String, call: (String, Tensor) -> Void)] = []

  /// Prepares a run of an entry; nothing is evaluated yet.
  ///
  /// - Throws: `feed` for missing or unfitting inputs.
  public init(
    _ graph: Graph, entry: Entry, inputs: [String: Tensor], variables: [String: Tensor] = [:],
    sizes: [String: Int] = [:]
  ) throws {
    graph.finishRecording()
    self.graph = graph
    self.entry = entry
    interpreter = Interpreter(graph, sizes: sizes)
    nodes = graph.nodes(entry.region)
    let arguments = try interpreter.arguments(entry, inputs: inputs) { id in
      let name = graph.variables[id.index].name
      guard let value = variables[name] else { throw TenonError.missingVariable(name, entry.name) }
      return value
    }
    for (value, tensor) in zip(graph.arguments(entry.region), arguments) { values[value] = tensor }
  }

  /// Stops `run` after nodes whose value has this name, whose op has it, or that come from a line
  /// of user code that ends with it: `logits`, `softmax`, `main.swift:12`.
  public func breakAt(_ place: String) { breakpoints.append(place) }

  /// Calls `body` with each value of this name when it is computed.
  public func watch(_ name: String, _ body: @escaping (String, Tensor) -> Void) {
    watches.append((name, body))
  }

  /// Whether every node has been evaluated.
  public var isFinished: Bool { position == nodes.count }

  /// Evaluates the next node; nil at the end.
  ///
  /// - Throws: what its evaluation throws.
  @discardableResult
  public func step() throws -> Stop? {
    guard !isFinished else { return nil }
    let node = nodes[position]
    let results = try interpreter.evaluate(node, graph.operands(node).map { values[$0]! })
    position += 1
    var names: [String] = []
    for (place, tensor) in results.enumerated() {
      let value = graph.result(node, place)
      values[value] = tensor
      guard let name = graph.name(value) else { continue }
      names.append(name)
      for watch in watches where watch.name == name { watch.call(name, tensor) }
    }
    return Stop(
      node: node, op: type(of: graph.op(node)).name,
      origins: graph.origins.lines(graph.origin(node)), results: results, names: names)
  }

  /// Runs to the next breakpoint; nil where the end comes first.
  ///
  /// - Throws: what evaluation throws.
  public func run() throws -> Stop? {
    while let stop = try step() { if isBreakpoint(stop) { return stop } }
    return nil
  }

  private func isBreakpoint(_ stop: Stop) -> Bool {
    breakpoints.contains { place in
      stop.names.contains(place) || stop.op == place
        || stop.origins.contains { $0 == place || $0.hasSuffix("/" + place) }
    }
  }

  /// Runs on to the first node with a NaN or an infinity among its results; nil where there is
  /// none.
  ///
  /// - Throws: what evaluation throws.
  public func firstNonFinite() throws -> Stop? {
    while let stop = try step() {
      for tensor in stop.results where tensor.elementType.isFloat {
        if try tensor.doubles().contains(where: { !$0.isFinite }) { return stop }
      }
    }
    return nil
  }

  /// A value computed so far, by the name that the user gave it.
  public subscript(name: String) -> Tensor? {
    for (position, binding) in entry.results.enumerated() where binding == .port(name) {
      if let tensor = values[graph.results(entry.region)[position]] { return tensor }
    }
    let named = values.keys.filter { graph.name($0) == name }.max()
    return named.flatMap { values[$0] }
  }

  /// A value computed so far.
  public subscript(value: ValueID) -> Tensor? { values[value] }
}

extension DebugRun.Stop: CustomStringConvertible {
  /// `softmax at HelloGraph/main.swift:12 gives f32[2, 3] …`.
  public var description: String {
    let place = origins.isEmpty ? "" : " at " + origins.joined(separator: ", ")
    return "\(op)\(place) gives " + results.map(\.description).joined(separator: ", ")
  }
}

extension TenonError {
  static func missingVariable(_ name: String, _ entry: String) -> TenonError {
    TenonError("feed", "entry \(entry): variable \(name) has no value")
  }
}
