import TenonTensor

/// A static graph: entries, variables and nodes in dense arrays.
///
/// Swift code records into it through `input`, the operators and functions of `Value`, and `output`;
/// passes edit it. Node and value numbers never change; what passes drop only leaves its region.
/// A graph is not Sendable: one thread records and compiles it.
public final class Graph {
  /// A name for messages and files.
  public let name: String
  /// Where values come from.
  public let origins: OriginTable

  var nodeRecords: [NodeRecord] = []
  var valueRecords: [ValueRecord] = []
  var regionRecords: [RegionRecord] = []
  var operandPool: [ValueID] = []
  var regionPool: [RegionID] = []

  package internal(set) var ops: [any Op] = []
  var opLookup: [OpKey: OpID] = [:]
  var types: [ValueType] = []
  var typeLookup: [ValueType: TypeID] = [:]
  /// By type: whether its values may carry known elements, on which inference may depend.
  var mayBeKnown: [Bool] = []
  /// Result types that inference gave before.
  var inferred = InternTable<InferenceKey>()
  /// The one op of each type without attributes.
  var opOfPlainType: [ObjectIdentifier: OpID] = [:]
  var scopes: [(parent: ScopeID, name: String)] = [(.root, "")]
  var scopeLookup: [ScopeKey: ScopeID] = [:]
  var knownElementsByValue: [ValueID: [Dimension]] = [:]
  var namesByValue: [ValueID: String] = [:]
  var argumentOrigins: [ValueID: OriginID] = [:]
  var argumentPlaces = BindingPlaces()
  var resultPlaces = BindingPlaces()

  /// The functions users can run, in the order recorded.
  public internal(set) var entries: [Entry] = []
  public internal(set) var variables: [VariableRecord] = []
  /// What recording assumed of symbolic sizes, in the order assumed, each once.
  public internal(set) var constraints: [Constraint] = []
  var constraintLookup: Set<Constraint> = []
  /// The symbols of the graph's sizes, in the order of first use.
  public internal(set) var symbols: [Symbol] = []
  var symbolsByName: [String: Symbol] = [:]
  /// How many of `types` and `ops` have had their symbols registered.
  var registeredTypes = 0
  var registeredOps = 0

  var recording: [OpenRegion] = []
  var currentScope = ScopeID.root
  var originOverride: OriginID?
  var defaultEntryIsOpen = false
  /// True while types are inferred again: nothing is assumed then.
  var isVerifying = false

  public convenience init(_ name: String = "graph") { self.init(name, origins: OriginTable()) }

  /// A graph whose origins are those of `origins`, shared.
  init(_ name: String, origins: OriginTable) {
    self.name = name
    self.origins = origins
  }
}

struct OpKey: Hashable {
  let op: any Op

  static func == (a: OpKey, b: OpKey) -> Bool { a.op.isEqual(to: b.op) }

  func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(type(of: op)))
    op.hash(into: &hasher)
  }
}

struct ScopeKey: Hashable {
  let parent: ScopeID
  let name: String
}

// Reading nodes.
extension Graph {
  /// How many nodes were ever made, dropped ones included.
  public var nodeCapacity: Int { nodeRecords.count }
  /// How many values were ever made, dropped ones included.
  public var valueCapacity: Int { valueRecords.count }
  public var regionCapacity: Int { regionRecords.count }
  public var opCapacity: Int { ops.count }

  public func op(_ node: NodeID) -> any Op { ops[nodeRecords[node.index].op.index] }
  public func opID(_ node: NodeID) -> OpID { nodeRecords[node.index].op }
  public func op(_ id: OpID) -> any Op { ops[id.index] }
  /// The distinct ops of the graph by their index, below `opCapacity`.
  public func op(at index: Int) -> any Op { ops[index] }

  public func operandCount(_ node: NodeID) -> Int { Int(nodeRecords[node.index].operandCount) }

  public func operand(_ node: NodeID, _ position: Int) -> ValueID {
    operandPool[Int(nodeRecords[node.index].operandStart) + position]
  }

  public func operands(_ node: NodeID) -> ArraySlice<ValueID> {
    let record = nodeRecords[node.index]
    let start = Int(record.operandStart)
    return operandPool[start..<start + Int(record.operandCount)]
  }

  public func resultCount(_ node: NodeID) -> Int { Int(nodeRecords[node.index].resultCount) }

  public func result(_ node: NodeID, _ position: Int = 0) -> ValueID {
    ValueID(Int(nodeRecords[node.index].resultStart) + position)
  }

  public func results(_ node: NodeID) -> [ValueID] {
    let record = nodeRecords[node.index]
    return (0..<Int(record.resultCount)).map { ValueID(Int(record.resultStart) + $0) }
  }

  public func regions(_ node: NodeID) -> ArraySlice<RegionID> {
    let record = nodeRecords[node.index]
    let start = Int(record.regionStart)
    return regionPool[start..<start + Int(record.regionCount)]
  }

  public func origin(_ node: NodeID) -> OriginID { nodeRecords[node.index].origin }
  public func setOrigin(_ node: NodeID, _ origin: OriginID) {
    nodeRecords[node.index].origin = origin
  }

  /// The region that the node is in.
  public func region(of node: NodeID) -> RegionID { nodeRecords[node.index].region }
  public func scope(_ node: NodeID) -> ScopeID { nodeRecords[node.index].scope }

  /// The scope's path: `encoder/layer_0`; empty for the root.
  public func path(_ scope: ScopeID) -> String {
    var names: [String] = []
    var at = scope
    while at != .root {
      names.append(scopes[at.index].name)
      at = scopes[at.index].parent
    }
    return names.reversed().joined(separator: "/")
  }
}

// Reading values and regions.
extension Graph {
  public func type(_ value: ValueID) -> ValueType {
    types[valueRecords[value.index].type.index]
  }

  public func typeID(_ value: ValueID) -> TypeID { valueRecords[value.index].type }

  /// The value's tensor type; a sequence or optional is an internal error here.
  public func tensorType(_ value: ValueID) -> TensorType {
    guard let type = type(value).tensor else {
      preconditionFailure("internal: value \(value.rawValue) is no tensor")
    }
    return type
  }

  public func definition(_ value: ValueID) -> Definition {
    let record = valueRecords[value.index]
    return record.definition >= 0
      ? .result(NodeID(Int(record.definition)), Int(record.position))
      : .argument(RegionID(-1 - Int(record.definition)), Int(record.position))
  }

  /// The node whose result the value is; nil for a region's argument.
  public func producer(_ value: ValueID) -> NodeID? {
    let definition = valueRecords[value.index].definition
    return definition >= 0 ? NodeID(Int(definition)) : nil
  }

  /// The region that the value belongs to.
  public func region(of value: ValueID) -> RegionID { valueRecords[value.index].region }

  public func arguments(_ region: RegionID) -> [ValueID] { regionRecords[region.index].arguments }
  public func nodes(_ region: RegionID) -> [NodeID] { regionRecords[region.index].nodes }
  public func results(_ region: RegionID) -> [ValueID] { regionRecords[region.index].results }

  /// The elements of a small integer value as size expressions, where they are known.
  public func knownElements(_ value: ValueID) -> [Dimension]? { knownElementsByValue[value] }

  /// The name that `Value.named` gave, or that an entry's port has.
  public func name(_ value: ValueID) -> String? { namesByValue[value] }

  public func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }

  /// The symbol of that name used in the graph's types.
  public func symbol(named name: String) -> Symbol? { symbolsByName[name] }

  /// The regions reachable from an entry, outermost first, each once.
  public func regions(under root: RegionID) -> [RegionID] {
    var found: [RegionID] = []
    var pending = [root]
    while let region = pending.popLast() {
      found.append(region)
      for node in nodes(region).reversed() where nodeRecords[node.index].regionCount > 0 {
        pending.append(contentsOf: regions(node).reversed())
      }
    }
    return found
  }

  /// How many nodes the entries reach, nested regions included.
  public var liveNodeCount: Int {
    entries.reduce(0) { total, entry in
      regions(under: entry.region).reduce(total) { $0 + nodes($1).count }
    }
  }

  /// The nodes that the entries reach, nested regions included, ascending.
  package var liveNodes: [NodeID] {
    var isLive = [Bool](repeating: false, count: nodeCapacity)
    for entry in entries {
      for region in regions(under: entry.region) {
        for node in nodes(region) { isLive[node.index] = true }
      }
    }
    return isLive.indices.filter { isLive[$0] }.map { NodeID($0) }
  }
}
