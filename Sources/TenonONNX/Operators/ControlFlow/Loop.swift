import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `Loop`: with a known number of trips that no condition ends early a scan; a `while` where the
  /// condition decides; recorded trip by trip where what is carried changes its type, or is no
  /// tensor.
  static let loop = ONNXOperator(
    values: "Loop", since: [1, 11, 13, 16, 19, 21, 23, 24, 25]
  ) { node in try ONNXLoop(node).record() }
}

/// One `Loop` node.
private struct ONNXLoop {
  let node: ONNXNode
  let body: ONNXGraphProto
  let initial: [ONNXValue]
  let stackedCount: Int
  /// Trips recorded one by one at most.
  private static let unrollLimit = 4096

  init(_ node: ONNXNode) throws {
    self.node = node
    body = try node.subgraph("body")
    initial = try (0..<max(0, node.inputCount - 2)).map { try node.value($0 + 2) }
    stackedCount = body.output.count - 1 - initial.count
    try node.require(
      body.input.count == 2 + initial.count && stackedCount >= 0,
      "the body must take a number, a condition and what is carried, and give them back")
  }

  func record() throws -> [ONNXValue] {
    if let carried = tensors(initial), !alwaysUnrolls {
      do {
        if let trips = try trips(), try conditionIsTrue() { return try scan(carried, trips) }
        return try whileLoop(carried)
      } catch is CarriedTypeChanges {
      } catch let error as TenonError where error.code == "value-needed" {
        // A trip asks for its number or for what is carried: recorded trip by trip both are known.
      }
    }
    return try unrolled()
  }

  private var alwaysUnrolls: Bool {
    // Results that are sequences come from operators that only importing knows.
    body.output.contains { output in
      if case .sequenceType? = output.type.value { return true }
      if case .optionalType? = output.type.value { return true }
      return false
    }
  }

  private func tensors(_ values: [ONNXValue]) -> [Value]? {
    let found = values.compactMap { value -> Value? in
      if case .tensor(let tensor) = value { tensor } else { nil }
    }
    return found.count == values.count ? found : nil
  }

  /// The number of trips where it is a number or an expression of sizes.
  private func trips() throws -> Dimension? {
    guard let value = try node.optionalInput(0) else { return nil }
    if let known = value.knownElements, known.count == 1 { return .maximum(known[0], 0) }
    guard let tensor = try node.knownTensor(0), tensor.elementCount == 1 else { return nil }
    return Dimension(max(0, Int(try tensor.integers()[0])))
  }

  /// Whether the condition is true at first and the body gives it back as it is, or as true.
  private func conditionIsTrue() throws -> Bool {
    guard try firstCondition() == true, let output = body.output.first else { return false }
    var name = output.name
    let producers = body.node
    for _ in 0...producers.count {
      if name == body.input[1].name { return true }
      if let tensor = body.initializer.first(where: { $0.name == name }) {
        return try node.importer.tensor(tensor).integers() == [1]
      }
      guard let producer = producers.first(where: { $0.output.first == name }) else {
        guard case .tensor(let value)? = node.scope.value(name) else { return false }
        return try node.importer.constants.tensor(value)?.integers() == [1]
      }
      if producer.opType == "Constant", let value = producer.attribute.first, value.hasT {
        return try node.importer.tensor(value.t).integers() == [1]
      }
      guard producer.opType == "Identity" || producer.opType == "Cast",
        let source = producer.input.first
      else { return false }
      name = source
    }
    return false
  }

  /// The condition before the first trip; nil where it is not known.
  private func firstCondition() throws -> Bool? {
    guard node.has(1) else { return true }
    return try node.knownTensor(1).map { try $0.integers().first == 1 }
  }

  private func step(_ number: Value, _ condition: Value, _ carried: [Value]) throws -> (
    condition: Value, carried: [Value], stacked: [Value]
  ) {
    let shape = number.type.tensor?.shape ?? .scalar
    let scalar = shape.rank == 0 ? number : try TenonOps.reshape(number, [])
    let arguments = [scalar, condition] + carried
    let values = try node.record(body, arguments.map(ONNXValue.tensor))
    guard let results = tensors(values) else { throw CarriedTypeChanges() }
    let next = Array(results[1...].prefix(carried.count))
    guard zip(next, carried).allSatisfy({ $0.type == $1.type }) else { throw CarriedTypeChanges() }
    return (
      try TenonOps.reshape(results[0], []), next, Array(results.dropFirst(1 + carried.count))
    )
  }

  // MARK: A known number of trips

  private func scan(_ carried: [Value], _ trips: Dimension) throws -> [ONNXValue] {
    let graph = node.graph
    let numbers = try graph.iota(.i64, [trips])
    let always = try graph.constant(Tensor(true))
    // A scan carries at least nothing, but has to run over something: the trips' numbers.
    let results = try TenonOps.scan(carried, over: [numbers]) { carried, slices in
      let step = try step(slices[0], always, carried)
      return (step.carried, step.stacked)
    }
    return (results.carried + results.stacked).map(ONNXValue.tensor)
  }

  // MARK: A condition

  private func whileLoop(_ carried: [Value]) throws -> [ONNXValue] {
    let graph = node.graph
    guard stackedCount == 0 else { return try unrolled() }
    let limit = try node.optionalInput(0).map {
      try TenonOps.reshape(convert($0, to: .i64), [])
    }
    let maximum = try node.knownTensor(0).map { max(0, Int(try $0.integers()[0])) }
    let first = try node.optionalInput(1).map { try TenonOps.reshape($0, []) }
    let always = try first ?? graph.constant(Tensor(true))
    let start = try graph.constant(Tensor(Int64(0)))
    let results = try TenonOps.whileLoop([start, always] + carried, maximumTrips: maximum) {
      values in
      guard let limit else { return values[1] }
      return try and(values[1], less(values[0], limit))
    } body: { values in
      let step = try step(values[0], values[1], Array(values[2...]))
      return [try values[0] + 1, step.condition] + step.carried
    }
    return results.dropFirst(2).map(ONNXValue.tensor)
  }

  // MARK: Trip by trip

  private func unrolled() throws -> [ONNXValue] {
    let graph = node.graph
    var carried = initial
    var stacked = [[Value]](repeating: [], count: stackedCount)
    let limit = node.has(0) ? try node.integers(0).first ?? 0 : Int.max
    var goesOn = node.has(1) ? try node.constant(1).integers().first == 1 : true
    var trip = 0
    while goesOn, trip < limit {
      try node.require(
        trip < ONNXLoop.unrollLimit,
        "runs more than \(ONNXLoop.unrollLimit) times and carries what no tensor of one type holds")
      let number = try graph.constant(Tensor(Int64(trip)))
      let condition = try graph.constant(Tensor(true))
      let values = try node.record(body, [.tensor(number), .tensor(condition)] + carried)
      carried = Array(values[1...].prefix(initial.count))
      for (position, value) in values.dropFirst(1 + initial.count).enumerated() {
        guard case .tensor(let tensor) = value else {
          throw node.fail("results of every trip must be tensors, not \(value.kind)")
        }
        stacked[position].append(tensor)
      }
      guard case .tensor(let next) = values[0] else {
        throw node.fail("the condition must be a tensor, not \(values[0].kind)")
      }
      goesOn = try node.known(next, "the body's condition").integers().first == 1
      trip += 1
    }
    return try carried
      + stacked.enumerated().map { position, values in
        .tensor(try values.isEmpty ? nothing(position) : stack(values))
      }
  }

  /// What every trip of none gave: a tensor of size 0 of the declared type.
  private func nothing(_ position: Int) throws -> Value {
    let declared = body.output[1 + initial.count + position].type.tensorType
    guard let element = ElementType(onnx: Int(declared.elemType)) else {
      throw node.fail("never runs, and the type of its results is not declared")
    }
    let sizes = declared.shape.dim.map { Int($0.dimValue) }
    return try node.graph.constant(Tensor(element, shape: [0] + sizes, integers: []))
  }
}

/// What a loop carries changes its type from trip to trip.
private struct CarriedTypeChanges: Error {}

extension ONNXNode {
  /// A value inside a loop that must be known.
  fileprivate func known(_ value: Value, _ what: String) throws -> Tensor {
    if let tensor = try importer.constants.tensor(value) { return tensor }
    throw importer.needed(value, fail("\(what) must be known", code: "value-needed"))
  }
}
