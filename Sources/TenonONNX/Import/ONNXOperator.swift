import TenonGraph
import TenonTensor

/// An operator of model files: its name, the versions that are read, and how it is recorded.
///
///     ONNXOperator("Abs", since: [1, 6, 13]) { node in try abs(node.input(0)) }
///
/// The rules of all versions stand in the one closure, which asks `node.version`.
public struct ONNXOperator: Sendable {
  /// `""` for `ai.onnx`.
  public let domain: String
  /// As in model files: `ReduceMean`.
  public let name: String
  /// The versions of the operator set that define or change it, oldest first, up to the newest one
  /// that is understood. A model of an older operator set than the first is refused.
  public let since: [Int]
  let record: @Sendable (ONNXNode) throws -> [ONNXValue]

  /// An operator with one result.
  public init(
    _ name: String, domain: String = "", since: [Int],
    _ record: @escaping @Sendable (ONNXNode) throws -> Value
  ) {
    self.init(values: name, domain: domain, since: since) { [.tensor(try record($0))] }
  }

  /// An operator with several results, the optional ones last.
  public init(
    many name: String, domain: String = "", since: [Int],
    _ record: @escaping @Sendable (ONNXNode) throws -> [Value]
  ) {
    self.init(values: name, domain: domain, since: since) {
      try record($0).map(ONNXValue.tensor)
    }
  }

  /// An operator whose results may be sequences or optionals.
  public init(
    values name: String, domain: String = "", since: [Int],
    _ record: @escaping @Sendable (ONNXNode) throws -> [ONNXValue]
  ) {
    self.domain = domain == "ai.onnx" ? "" : domain
    self.name = name
    self.since = since
    self.record = record
  }
}

/// The operators that an import understands: a value, to which users add their own.
///
///     ONNXOperatorTable.standard + [ONNXOperator("Swirl", domain: "my.ops", since: [1]) { … }]
public struct ONNXOperatorTable: Sendable {
  struct Key: Hashable {
    let domain: String
    let name: String
  }

  /// Sorted by domain and name.
  public let operators: [ONNXOperator]
  private let byName: [Key: ONNXOperator]

  /// A later operator replaces an earlier one of the same domain and name.
  public init(_ operators: [ONNXOperator]) {
    var byName: [Key: ONNXOperator] = [:]
    for one in operators { byName[Key(domain: one.domain, name: one.name)] = one }
    self.byName = byName
    self.operators = byName.values.sorted { ($0.domain, $0.name) < ($1.domain, $1.name) }
  }

  public static func + (table: ONNXOperatorTable, more: [ONNXOperator]) -> ONNXOperatorTable {
    ONNXOperatorTable(table.operators + more)
  }

  /// A table of the operators: name, operator set, the versions that are told apart.
  public var rows: [[String]] {
    [["operator", "operator set", "versions"]]
      + operators.map { one in
        [
          one.name, one.domain.isEmpty ? "ai.onnx" : one.domain,
          one.since.map(String.init).joined(separator: ", "),
        ]
      }
  }

  /// The operator of that name, or nil.
  public func find(_ name: String, domain: String) -> ONNXOperator? {
    byName[Key(domain: domain == "ai.onnx" ? "" : domain, name: name)]
  }
}
