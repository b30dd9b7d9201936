import TenonTensor

extension Graph {
  /// Records an entry: a function of the graph that users run.
  ///
  /// - Throws: `duplicate-name` for a second entry of that name, and what `body` throws.
  public func entry(
    _ name: String, fileID: StaticString = #fileID, line: UInt = #line,
    _ body: () throws -> Void
  ) throws {
    let site = CallSite(fileID: fileID, line: line)
    guard entry(name) == nil else {
      throw TenonError.duplicate("entry", name).at(site, in: self)
    }
    // The default entry stays open between statements; nested entries are a mistake.
    guard recording.count <= (defaultEntryIsOpen ? 1 : 0) else {
      throw TenonError.nestedEntry(name).at(site, in: self)
    }
    let (outer, outerDefault) = (recording, defaultEntryIsOpen)
    recording = []
    defaultEntryIsOpen = false
    defer { (recording, defaultEntryIsOpen) = (outer, outerDefault) }
    openEntry(name)
    do { try body() } catch {
      entries.removeAll { $0.name == name }
      throw error
    }
    closeRecording()
  }

  /// An input of the entry being recorded (`main` outside `entry`).
  ///
  /// - Parameter shape: sizes may be symbols: `[Dimension(.bound("batch")), 64]`.
  /// - Throws: `duplicate-name`, `symbol-conflict`, `symbol-name`, or `absurd-size`.
  public func input(
    _ name: String, _ element: ElementType, _ shape: Shape, fileID: StaticString = #fileID,
    line: UInt = #line
  ) throws -> Value {
    let site = CallSite(fileID: fileID, line: line)
    if recording.isEmpty { try openDefaultEntry() }
    let entry = try currentEntry(site)
    let known = argumentPlaces.place(of: .port(name), in: entries[entry].arguments, entry)
    guard known == nil else {
      throw TenonError.duplicate("input", name).at(site, in: self)
    }
    let type = TensorType(element, shape)
    guard type.hasSoundSizes, type.isSmallExpression else {
      throw TenonError.badInputSize(name, type).at(site, in: self)
    }
    do { for symbol in shape.symbols { try register(symbol) } } catch let error as TenonError {
      throw error.at(site, in: self)
    }
    let value = addArgument(entries[entry].region, .tensor(element, shape))
    entries[entry].arguments.append(.port(name))
    setName(value, name)
    argumentOrigins[value] = origins.leaf(site)
    return Value(self, value)
  }

  /// Makes `value` an output of the entry being recorded.
  ///
  /// - Throws: `duplicate-name`, or `foreign-value` for a value of another graph or entry.
  public func output(
    _ name: String, _ value: Value, fileID: StaticString = #fileID, line: UInt = #line
  ) throws {
    try bindResult(.port(name), value, CallSite(fileID: fileID, line: line))
  }

  /// A variable, whose first value `initial` records into the entry `initialize`.
  ///
  /// - Throws: `duplicate-name`, and what `initial` throws.
  public func variable(
    _ name: String, fileID: StaticString = #fileID, line: UInt = #line,
    initial: (Graph) throws -> Value
  ) throws -> Variable {
    let site = CallSite(fileID: fileID, line: line)
    guard !variables.contains(where: { $0.name == name }) else {
      throw TenonError.duplicate("variable", name).at(site, in: self)
    }
    let outer = (recording, currentScope, defaultEntryIsOpen)
    recording = []
    defaultEntryIsOpen = false
    defer { (recording, currentScope, defaultEntryIsOpen) = outer }
    let known = entry("initialize")
    if let known {
      openAgain(known.region)
    } else {
      openEntry("initialize")
    }
    let before = recording[0].nodes.count
    do {
      let value = try initial(self)
      guard let type = value.type.tensor else { throw TenonError.variableKind(name) }
      guard value.graph === self, recording.count == 1, region(of: value.id) == recording[0].region
      else { throw TenonError.foreignOutput(name) }
      let id = addVariable(VariableRecord(name: name, type: type, origin: origins.leaf(site)))
      try bindResult(.variable(id), value, site)
      closeRecording()
      return Variable(graph: self, id: id)
    } catch let error {
      // The entry stays as it was.
      if known == nil {
        entries.removeAll { $0.name == "initialize" }
      } else {
        recording[0].nodes.removeSubrange(before...)
        closeRecording()
      }
      guard let error = error as? TenonError, error.location == nil else { throw error }
      throw error.at(site, in: self)
    }
  }

  /// Reads a variable in the entry being recorded.
  func read(_ variable: VariableID, _ site: CallSite) throws -> Value {
    if recording.isEmpty { try openDefaultEntry() }
    let entry = try currentEntry(site)
    // After an assignment in this entry the variable reads as what was assigned.
    let binding = Binding.variable(variable)
    if let place = resultPlaces.place(of: binding, in: entries[entry].results, entry) {
      return Value(self, results(entries[entry].region)[place])
    }
    if let place = argumentPlaces.place(of: binding, in: entries[entry].arguments, entry) {
      return Value(self, arguments(entries[entry].region)[place])
    }
    let record = variables[variable.index]
    let value = addArgument(entries[entry].region, .tensor(record.type))
    entries[entry].arguments.append(.variable(variable))
    setName(value, record.name)
    argumentOrigins[value] = record.origin
    return Value(self, value)
  }

  /// Makes `value` what the variable holds after the entry has run.
  func assign(_ variable: VariableID, _ value: Value, _ site: CallSite) throws {
    let record = variables[variable.index]
    guard value.type == .tensor(record.type) else {
      throw TenonError.assignedType(record, value.type).at(site, in: self)
    }
    try bindResult(.variable(variable), value, site)
  }

  private func bindResult(_ binding: Binding, _ value: Value, _ site: CallSite) throws {
    if recording.isEmpty { try openDefaultEntry() }
    let entry = try currentEntry(site)
    guard value.graph === self, region(of: value.id) == entries[entry].region else {
      throw TenonError.foreignOutput(describe(binding)).at(site, in: self)
    }
    if let place = resultPlaces.place(of: binding, in: entries[entry].results, entry) {
      guard case .variable = binding else {
        throw TenonError.duplicate("output", describe(binding)).at(site, in: self)
      }
      regionRecords[entries[entry].region.index].results[place] = value.id
      return
    }
    entries[entry].results.append(binding)
    regionRecords[entries[entry].region.index].results.append(value.id)
    if case .port(let name) = binding, namesByValue[value.id] == nil { setName(value.id, name) }
  }

  /// The port's or variable's name.
  public func describe(_ binding: Binding) -> String {
    switch binding {
    case .port(let name): name
    case .variable(let id): variables[id.index].name
    }
  }

  private func currentEntry(_ site: CallSite) throws -> Int {
    guard recording.count == 1,
      let entry = entries.firstIndex(where: { $0.region == recording[0].region })
    else { throw TenonError.portInRegion.at(site, in: self) }
    return entry
  }

  func openDefaultEntry() throws {
    if let main = entry("main") {
      openAgain(main.region)
    } else {
      openEntry("main")
    }
    defaultEntryIsOpen = true
  }

  private func openEntry(_ name: String) {
    let region = makeRegion(arguments: [])
    entries.append(Entry(name: name, region: region, arguments: [], results: []))
    recording = [OpenRegion(region: region)]
  }

  private func openAgain(_ region: RegionID) {
    recording = [OpenRegion(region: region, nodes: nodes(region))]
    // One owner of the list: the first node recorded must not copy it.
    setNodes(region, [])
  }

  /// Makes the nodes recorded so far readable, while recording goes on.
  func flushRecording() {
    for open in recording where open.capturesOuterValues { setNodes(open.region, open.nodes) }
  }

  private func closeRecording() {
    for open in recording { setNodes(open.region, open.nodes) }
    recording = []
  }

  /// Ends the recording of the entry `main`, where it is open; compiling and printing call it.
  public func finishRecording() {
    closeRecording()
    defaultEntryIsOpen = false
  }
}

/// A tensor that lives between runs and that the graph's entries share.
public struct Variable {
  public let graph: Graph
  public let id: VariableID

  public var name: String { graph.variables[id.index].name }
  public var type: TensorType { graph.variables[id.index].type }

  /// The variable's value in the entry being recorded.
  ///
  /// - Throws: `port-in-region` inside a nested region; read it before.
  public func read(fileID: StaticString = #fileID, line: UInt = #line) throws -> Value {
    try graph.read(id, CallSite(fileID: fileID, line: line))
  }

  /// Makes `value` what the variable holds after the entry has run.
  ///
  /// - Throws: `assigned-type` where the types differ, `foreign-value` for a value of another
  ///   entry.
  public func assign(_ value: Value, fileID: StaticString = #fileID, line: UInt = #line) throws {
    try graph.assign(id, value, CallSite(fileID: fileID, line: line))
  }
}
