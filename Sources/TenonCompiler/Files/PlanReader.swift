import TenonFormats
import TenonRuntime
import TenonTensor

/// Reads a plan from the JSON that `PlanWriter` writes: every member there, none unknown, all
/// numbers in a range that the runtime can compute with. What indices point to is checked by
/// `Plan.verify()` afterwards.
struct PlanReader {
  /// How deeply loops and branches may be nested in each other.
  static let nestingLimit = 24
  /// The most bytes, elements or operations that any one number may say.
  static let numberLimit = 1 << 46

  private let root: Members
  private let symbols: [Symbol]

  init(_ text: String, name: String) throws {
    root = try Members(JSON(parsing: text, name: name), "the plan")
    symbols = try root.list("symbols").map { item in
      let parts = try item.parts(2)
      return Symbol.running(try parts[0].string(), maximum: try parts[1].count())
    }
  }

  /// Name, type and sizes of the constants.
  func constants() throws -> [(name: String, elementType: ElementType, shape: [Int])] {
    try root.list("constants").map { item in
      let parts = try item.parts(3)
      let sizes = try parts[2].list().map { try $0.count() }
      let type = try elementType(parts[1])
      try checkRoom(type, Shape(sizes), item)
      return (try parts[0].string(), type, sizes)
    }
  }

  /// The plan, with constants and objects from elsewhere.
  func plan(constants tensors: [Tensor]) throws -> Plan {
    let plan = Plan(
      name: try root["name"].string(), target: try root["target"].string(),
      runningSymbols: symbols,
      kernels: try root.list("kernels").map { item in
        let parts = try item.parts(3)
        return KernelReference(
          object: try parts[0].count(), symbol: try parts[1].string(), info: try parts[2].string())
      },
      constants: zip(try constants(), tensors).map { PlanConstant(name: $0.name, tensor: $1) },
      buffers: try root.list("buffers").map(buffer), inputs: try root.list("inputs").map(port),
      outputs: try root.list("outputs").map(port),
      variables: try root.list("variables").map(port),
      variableUpdates: try root.list("updates").map { item in
        let parts = try item.parts(2)
        return VariableUpdate(variable: try parts[0].count(), buffer: try parts[1].buffer())
      },
      variablesWrittenInPlace: try root.list("written").map { try $0.count() },
      variablesInitialized: try root.list("initialized").map { try $0.count() },
      hostFunctions: try root.list("host_functions").map { try $0.string() },
      steps: try steps(root["steps"], depth: 0), prepare: try steps(root["prepare"], depth: 0),
      arenaBytes: try root["arena"].count(), preparedBytes: try root["prepared"].count(),
      scratchBytesPerThread: try root["scratch"].count())
    try root.checkCount(18)
    return plan
  }

  private func elementType(_ item: Item) throws -> ElementType {
    guard let type = ElementType(name: try item.string()) else {
      throw item.error("should be an element type")
    }
    return type
  }

  private func shape(_ item: Item) throws -> Shape {
    let sizes = try item.list()
    guard sizes.count <= 64 else { throw item.error("has more than 64 sizes") }
    return Shape(
      try sizes.map { item in
        let size = try self.size(item)
        guard size.constant ?? 0 >= 0 else { throw item.error("should not be negative") }
        return size
      })
  }

  private func size(_ item: Item) throws -> Dimension {
    if let number = item.json.integer {
      guard abs(number) <= PlanReader.numberLimit else { throw item.error("is too large") }
      return Dimension(number)
    }
    let text = try item.string()
    do {
      return try Dimension(parsing: text) { name in symbols.first { $0.name == name } }
    } catch let error as TenonError {
      throw error.inContext("in \(item.path) of the plan file")
    }
  }

  /// Refuses what no machine could hold.
  private func checkRoom(_ type: ElementType, _ shape: Shape, _ item: Item) throws {
    guard let elements = shape.elementCount.upperBound,
      (0...PlanReader.numberLimit).contains(
        Dimension.saturatingProduct(elements, type.byteWidth))
    else { throw item.error("has sizes that no memory holds") }
  }

  private func port(_ item: Item) throws -> PlanPort {
    let parts = try item.parts(3)
    let port = PlanPort(
      name: try parts[0].string(), elementType: try elementType(parts[1]),
      shape: try shape(parts[2]))
    try checkRoom(port.elementType, port.shape, item)
    return port
  }

  private func buffer(_ item: Item) throws -> PlanBuffer {
    let parts = try item.parts(7)
    let place = try parts[3].list()
    guard let kind = try place.first?.string(), place.count == (kind == "alias" ? 3 : 2) else {
      throw parts[3].error("should be a place")
    }
    let number = try place[1].count()
    let at: PlanBuffer.Place
    switch kind {
    case "arena": at = .arena(number)
    case "constant": at = .constant(number)
    case "variable": at = .variable(number)
    case "input": at = .input(number)
    case "output": at = .output(number)
    case "prepared": at = .prepared(number)
    case "alias": at = .alias(of: BufferID(number), byteOffset: try place[2].count())
    default: throw parts[3].error("should be a place")
    }
    let buffer = PlanBuffer(
      name: try parts[0].string(), place: at, byteCount: try parts[4].count(),
      elementType: try elementType(parts[1]), shape: try shape(parts[2]),
      firstStep: try parts[5].count(), lastStep: try parts[6].count())
    try checkRoom(buffer.elementType, buffer.shape, item)
    return buffer
  }

  // MARK: Steps

  private func steps(_ item: Item, depth: Int) throws -> [Step] {
    guard depth <= PlanReader.nestingLimit else { throw item.error("is nested too deeply") }
    return try item.list().map { try step($0, depth: depth) }
  }

  private func step(_ item: Item, depth: Int) throws -> Step {
    let members = try Members(item.json, item.path)
    let (kind, count) = try kind(members, item, depth: depth)
    try members.checkCount(5 + count)
    return Step(
      kind, label: try members["label"].string(), origins: try members["origins"].string(),
      cost: Step.Cost(flops: try size(members["flops"]), bytes: try size(members["bytes"])),
      barrierBefore: try members["barrier"].boolean())
  }

  /// What a step does, and how many members say so.
  private func kind(_ members: Members, _ item: Item, depth: Int) throws -> (Step.Kind, Int) {
    func buffers() throws -> [BufferID] { try members.list("buffers").map { try $0.buffer() } }
    if let kernel = members.optional("kernel") {
      let sizes = try members.list("sizes").map(size)
      let kind = Step.Kind.kernel(
        try kernel.count(), buffers: try buffers(), sizes: sizes, tiles: try size(members["tiles"]))
      return (kind, 4)
    }
    if let copy = members.optional("copy") {
      let parts = try copy.parts(2)
      return (.copy(from: try parts[0].buffer(), to: try parts[1].buffer()), 1)
    }
    if let name = members.optional("size") {
      let text = try name.string()
      guard let symbol = symbols.first(where: { $0.name == text }) else {
        throw name.error("should be a running symbol")
      }
      return (.readSize(symbol, from: try members["from"].buffer()), 2)
    }
    if let condition = members.optional("while") {
      let trips = try members["trips"]
      let kind = Step.Kind.loop(
        condition: try steps(condition, depth: depth + 1),
        predicate: try members["predicate"].buffer(),
        body: try steps(members["body"], depth: depth + 1),
        maximumTrips: trips.json == .null ? nil : try trips.count())
      return (kind, 4)
    }
    if let selector = members.optional("case") {
      let branches = try members.list("branches").map { try steps($0, depth: depth + 1) }
      return (.branch(selector: try selector.buffer(), branches: branches), 2)
    }
    if let function = members.optional("host") {
      return (.host(try function.count(), buffers: try buffers()), 2)
    }
    throw item.error("should be a step")
  }
}

/// A value of the plan's JSON, and where it stands.
private struct Item {
  let json: JSON
  let path: String

  func error(_ what: String) -> TenonError { TenonError.damagedPlan("\(path) \(what)") }

  func string() throws -> String {
    guard let text = json.string, !text.utf8.contains(0) else {
      throw error("should be a string")
    }
    return text
  }

  func boolean() throws -> Bool {
    guard let value = json.boolean else { throw error("should be true or false") }
    return value
  }

  /// A number of things, or the index of one.
  func count() throws -> Int {
    guard let number = json.integer, (0...PlanReader.numberLimit).contains(number) else {
      throw error("should be a number from 0 to \(PlanReader.numberLimit)")
    }
    return number
  }

  func buffer() throws -> BufferID { BufferID(try count()) }

  func list() throws -> [Item] {
    guard let elements = json.array else { throw error("should be a list") }
    return elements.enumerated().map { Item(json: $1, path: "\(path)[\($0)]") }
  }

  func parts(_ count: Int) throws -> [Item] {
    let items = try list()
    guard items.count == count else { throw error("should be a list of \(count)") }
    return items
  }
}

/// The members of an object of the plan's JSON.
private struct Members {
  private let object: JSON.Object
  private let path: String

  init(_ json: JSON, _ path: String) throws {
    guard let object = json.object else {
      throw TenonError.damagedPlan("\(path) should be an object")
    }
    self.object = object
    self.path = path
  }

  func optional(_ key: String) -> Item? {
    object[key].map { Item(json: $0, path: "\(path).\(key)") }
  }

  subscript(key: String) -> Item {
    get throws {
      guard let item = optional(key) else {
        throw TenonError.damagedPlan("\(path) lacks `\(key)`")
      }
      return item
    }
  }

  func list(_ key: String) throws -> [Item] { try self[key].list() }

  /// Refuses members that nothing has read.
  func checkCount(_ count: Int) throws {
    guard object.members.count == count else {
      throw TenonError.damagedPlan("\(path) has unknown members")
    }
  }
}
