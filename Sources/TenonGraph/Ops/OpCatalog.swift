import TenonTensor

/// The ops that text, files, passes and tests know: a value, so that a user's catalogue is
/// `OpCatalog.standard + [MyOp.self]`.
public struct OpCatalog: Sendable {
  /// The ops, in the order listed.
  public private(set) var ops: [any Op.Type]
  private var lookup: [String: Int]

  public init(_ ops: [any Op.Type]) {
    self.ops = []
    lookup = [:]
    for op in ops { add(op) }
  }

  /// The op called `name`.
  public subscript(name: String) -> (any Op.Type)? { lookup[name].map { ops[$0] } }

  /// The catalogue with more ops; one of an existing name takes its place.
  public static func + (catalog: OpCatalog, more: [any Op.Type]) -> OpCatalog {
    var result = catalog
    for op in more { result.add(op) }
    return result
  }

  private mutating func add(_ op: any Op.Type) {
    if let place = lookup[op.name] {
      ops[place] = op
    } else {
      lookup[op.name] = ops.count
      ops.append(op)
    }
  }

  /// An op from its saved name and attributes, older versions brought up to date.
  ///
  /// - Throws: `unknown-op`, `unknown-version`, or `attribute` for attributes that do not fit.
  public func make(_ versionedName: String, _ attributes: Attributes) throws -> any Op {
    let parts = versionedName.split(separator: "@", omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let type = self[name] else { throw TenonError.unknownOp(name) }
    var version = type.version
    if parts.count > 1 {
      guard parts.count == 2, let number = Int(parts[1]), number >= 1 else {
        throw TenonError.unknownOp(versionedName)
      }
      version = number
    }
    guard version <= type.version else {
      throw TenonError.unknownVersion(name, version, newest: type.version)
    }
    var upgraded = attributes
    while version < type.version {
      try type.upgrade(&upgraded, from: version)
      version += 1
    }
    return try AttributeDecoder.decode(type, from: upgraded)
  }
}
